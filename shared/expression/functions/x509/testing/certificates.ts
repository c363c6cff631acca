/**
 * Made once by OpenSSL 3, of an RSA key of 1024 bits, with what Kyverno 1.19.1 answers for them: `Raw…` left out, and a request's
 * `Attributes`.
 */

/** With every field and extension that is read. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIEjTCCA/agAwIBAgIUJPi5eWfEzROQhMCbOpgNJAnfZhcwDQYJKoZIhvcNAQEL
BQAwgcQxCzAJBgNVBAYTAkRFMQ8wDQYDVQQIDAZCZXJsaW4xDzANBgNVBAcMBkJl
cmxpbjEMMAoGA1UECQwDQSAxMQ4wDAYDVQQRDAUxMDExNTESMBAGA1UECgwJQWNt
ZSBHbWJIMREwDwYDVQQLDAhQbGF0Zm9ybTERMA8GA1UECwwIU2VjdXJpdHkxCzAJ
BgNVBAUTAjQyMRIwEAYDVQQDDAlhY21lLnRlc3QxGjAYBgkqhkiG9w0BCQEWC2FA
YWNtZS50ZXN0MB4XDTI2MTEyODIwMDkxOVoXDTM2MTEyNTIwMDkxOVowgcQxCzAJ
BgNVBAYTAkRFMQ8wDQYDVQQIDAZCZXJsaW4xDzANBgNVBAcMBkJlcmxpbjEMMAoG
A1UECQwDQSAxMQ4wDAYDVQQRDAUxMDExNTESMBAGA1UECgwJQWNtZSBHbWJIMREw
DwYDVQQLDAhQbGF0Zm9ybTERMA8GA1UECwwIU2VjdXJpdHkxCzAJBgNVBAUTAjQy
MRIwEAYDVQQDDAlhY21lLnRlc3QxGjAYBgkqhkiG9w0BCQEWC2FAYWNtZS50ZXN0
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCvlmRa3KDuXPeff6ZlCrt0uU4f
jfTpZ/7ow2VCSkvbpmdJmjfvfA0SmYzkobQuhrWkYdBXXxrJ0bamFTMsVthtyBRe
5WdSjyiJSmPlk9qgF27ji/0D5jI9Iletfz0oSKL6qT+Iar7YW1JhZf35jSR1pSVe
2DhrLb2uhhPSnnSA6wIDAQABo4IBeDCCAXQwSwYDVR0RBEQwQoIJYWNtZS50ZXN0
gQthQGFjbWUudGVzdIcECgAAAYcQIAENuAAAAAAAAAAAAAAAAYcQAAAAAAAAAAAA
AP//AQIDBDAPBgNVHQ8BAf8EBQMDB4CAMCoGA1UdJQQjMCEGCCsGAQUFBwMDBgRV
HSUABgorBgEEAYI3CgMDBgMqAwQwEgYDVR0TAQH/BAgwBgEB/wIBADA/BgNVHR8E
ODA2MBqgGKAWhhRodHRwOi8vYWNtZS50ZXN0L2NybDAYoBagFIYSaHR0cDovL2Fj
bWUudGVzdC8yMEsGCCsGAQUFBwEBBD8wPTAcBggrBgEFBQcwAYYQaHR0cDovL29j
c3AudGVzdDAdBggrBgEFBQcwAoYRaHR0cDovL2NhLnRlc3QvY2EwGAYDVR0gBBEw
DzAFBgMqAwQwBgYEVR0gADAdBgNVHQ4EFgQUVOh8/726h30no+zvzEJ/C/Pq5/Iw
DQYEKgMEBQEB/wQCBQAwDQYJKoZIhvcNAQELBQADgYEARnMABy5FE36/L46Q8jAr
aUB7b1eiSGtKSvfUY/S+Cw03Qw/cgDjIyNrdRb1XPU0YC+up5R/0h7LofbvSXB3W
NL9Sb7EHfMFvrtJQiRT3wn/kBL2atoJk2WMMQKZD3MhkIMs2I0ypWTNfieAVXWPP
1D+PpdnJSTO39KmPJl2DmI4=
-----END CERTIFICATE-----`;

/** The same as a request. */
export const request = `-----BEGIN CERTIFICATE REQUEST-----
MIIDkjCCAvsCAQAwgcQxCzAJBgNVBAYTAkRFMQ8wDQYDVQQIDAZCZXJsaW4xDzAN
BgNVBAcMBkJlcmxpbjEMMAoGA1UECQwDQSAxMQ4wDAYDVQQRDAUxMDExNTESMBAG
A1UECgwJQWNtZSBHbWJIMREwDwYDVQQLDAhQbGF0Zm9ybTERMA8GA1UECwwIU2Vj
dXJpdHkxCzAJBgNVBAUTAjQyMRIwEAYDVQQDDAlhY21lLnRlc3QxGjAYBgkqhkiG
9w0BCQEWC2FAYWNtZS50ZXN0MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCv
lmRa3KDuXPeff6ZlCrt0uU4fjfTpZ/7ow2VCSkvbpmdJmjfvfA0SmYzkobQuhrWk
YdBXXxrJ0bamFTMsVthtyBRe5WdSjyiJSmPlk9qgF27ji/0D5jI9Iletfz0oSKL6
qT+Iar7YW1JhZf35jSR1pSVe2DhrLb2uhhPSnnSA6wIDAQABoIIBizCCAYcGCSqG
SIb3DQEJDjGCAXgwggF0MEsGA1UdEQREMEKCCWFjbWUudGVzdIELYUBhY21lLnRl
c3SHBAoAAAGHECABDbgAAAAAAAAAAAAAAAGHEAAAAAAAAAAAAAD//wECAwQwDwYD
VR0PAQH/BAUDAweAgDAqBgNVHSUEIzAhBggrBgEFBQcDAwYEVR0lAAYKKwYBBAGC
NwoDAwYDKgMEMBIGA1UdEwEB/wQIMAYBAf8CAQAwPwYDVR0fBDgwNjAaoBigFoYU
aHR0cDovL2FjbWUudGVzdC9jcmwwGKAWoBSGEmh0dHA6Ly9hY21lLnRlc3QvMjBL
BggrBgEFBQcBAQQ/MD0wHAYIKwYBBQUHMAGGEGh0dHA6Ly9vY3NwLnRlc3QwHQYI
KwYBBQUHMAKGEWh0dHA6Ly9jYS50ZXN0L2NhMBgGA1UdIAQRMA8wBQYDKgMEMAYG
BFUdIAAwHQYDVR0OBBYEFFTofP+9uod9J6Ps78xCfwvz6ufyMA0GBCoDBAUBAf8E
AgUAMA0GCSqGSIb3DQEBCwUAA4GBAAAdlAu4phxVALSLGT0hSiiMqDtP8JXHKJ2w
QHJAqvOJzyfr0JCJxmwKrSKceq/uYj1N49qxOL4wzHzUnhP6oWmibMcKS7XED0kj
7srbFBvFMgI4WT3Sl9jSWaFRyEMf4cbyOP7Ci4CxnJmCIDaBWHLO4zkLr6kHtvHc
RIFXSSem
-----END CERTIFICATE REQUEST-----`;

/** With name constraints, policy constraints and mappings. */
export const constrained = `-----BEGIN CERTIFICATE-----
MIICFzCCAYCgAwIBAgIUNdNHclU4rX/pq8+ua2RLBCmQtDUwDQYJKoZIhvcNAQEL
BQAwDDEKMAgGA1UECgwBeDAeFw0yNjExMjgyMDA5MDNaFw0zNjExMjUyMDA5MDNa
MAwxCjAIBgNVBAoMAXgwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAK+WZFrc
oO5c959/pmUKu3S5Th+N9Oln/ujDZUJKS9umZ0maN+98DRKZjOShtC6GtaRh0Fdf
GsnRtqYVMyxW2G3IFF7lZ1KPKIlKY+WT2qAXbuOL/QPmMj0iV61/PShIovqpP4hq
vthbUmFl/fmNJHWlJV7YOGstva6GE9KedIDrAgMBAAGjdjB0MBAGA1UdHgQJMAeg
BTADggFhMAwGA1UdJAQFMAOAAQMwCgYDVR02BAMCAQIwFQYDVR0hBA4wDDAKBgMq
AwQGAyoDBTAQBgNVHSAECTAHMAUGAyoDBDAdBgNVHQ4EFgQUVOh8/726h30no+zv
zEJ/C/Pq5/IwDQYJKoZIhvcNAQELBQADgYEAJ1fIu7DjdpFFpAURstNo5wV5UJkb
dD7/wazc1wfWTzyvD3BzxCzd+z4Nfmpt2WhNsFNZAADAwytYybMTmHxZd2BhkFuL
PWttWIOBQp+r6R7InT8nSejUVjzPsQcD2q/6FSoDfPxQ1y1TOFoPErfbVFuApq7J
1qChzqZPtDKRZb8=
-----END CERTIFICATE-----`;

/** With a URI for a name. */
export const workload = `-----BEGIN CERTIFICATE-----
MIIB2zCCAUSgAwIBAgIUbIBXyjwjOEMvt+kpYOXUIcOQm4MwDQYJKoZIhvcNAQEL
BQAwDDEKMAgGA1UECgwBeDAeFw0yNjExMjgyMDA5MDNaFw0zNjExMjUyMDA5MDNa
MAwxCjAIBgNVBAoMAXgwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAK+WZFrc
oO5c959/pmUKu3S5Th+N9Oln/ujDZUJKS9umZ0maN+98DRKZjOShtC6GtaRh0Fdf
GsnRtqYVMyxW2G3IFF7lZ1KPKIlKY+WT2qAXbuOL/QPmMj0iV61/PShIovqpP4hq
vthbUmFl/fmNJHWlJV7YOGstva6GE9KedIDrAgMBAAGjOjA4MBcGA1UdEQQQMA6G
DHNwaWZmZTovL2EvYjAdBgNVHQ4EFgQUVOh8/726h30no+zvzEJ/C/Pq5/IwDQYJ
KoZIhvcNAQELBQADgYEAckFrYV5GoeBRL8PZzJlUQMTT5imG+3wRTtpaI+GxBqiF
cVgq4yYEECnnJ9sjozhxuPlMICmccyPwyOTLF45h5FH9Tzl1RQR+DLzzUccCY6+O
Ca2VD56SAuPv4JTS0YTZ5Diw/HB0U92RiTf2a2A2+44g4aTDRSNXoxS9qnlr8Xk=
-----END CERTIFICATE-----`;

/** Of a key on P-256. */
export const elliptic = `-----BEGIN CERTIFICATE-----
MIIBRTCB7KADAgECAhRyNbq8myNyGHk8GyrjUoMuBqIyXzAKBggqhkjOPQQDAjAM
MQowCAYDVQQDDAFwMB4XDTI2MTEyODIwMDkwM1oXDTI2MTIyODIwMDkwM1owDDEK
MAgGA1UEAwwBcDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGYaLHAYzWXFwzxS
fSfrTktIoFbAACGiL8LXo6ZTdKMLSd1u9eV7KP/nDR7k1fKyB0U9QD6YK2pzP0Er
Rds9+cSjLDAqMAkGA1UdEwQCMAAwHQYDVR0OBBYEFE1XyfTJPYytsDA8EXUA86Nu
1YnOMAoGCCqGSM49BAMCA0gAMEUCIQCIQU406xoRtIy8WqYiE2M6U2Dtr5hGU6J5
UJeec7PawQIgFm/Jes3wcWbXC5x1W9/LJIFzzxAgjG4H4LEuYZKcONM=
-----END CERTIFICATE-----`;

/** Signed by RSASSA-PSS with SHA-384. */
export const signedWithPss = `-----BEGIN CERTIFICATE-----
MIIDOjCCAe6gAwIBAgIUBcQ/n/OWvs/gdCqxbjsxi0H2sGQwQQYJKoZIhvcNAQEK
MDSgDzANBglghkgBZQMEAgIFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgIF
AKIDAgEwMAwxCjAIBgNVBAMMAXAwHhcNMjYxMTI4MjAwOTAzWhcNMjYxMjI4MjAw
OTAzWjAMMQowCAYDVQQDDAFwMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC
AQEArQbVFkx/Msuc+tOMgyfqqFM0S/VRM4LCdu8OsYTkyTdLFxf3v99a+QPo0j1o
cnN4iNHke2p14yFd50S7AR99a/nZIh9Dco3rcvXLLv5aQkOeJj4bXUsX8zYC82A3
ppNgJltIAatpoM+gHwmO/RsGg745bRGOf283cw127eyR+I+qI9KFJGkxObepTsDL
FGH+6lEB0vUizyPSDf1LiD5bbEC3oEJF3abp6y/4rKTVVPFFE/GHvPhchfog1gez
/Z2H5mHxArdTM5O5SnQp3SfvvdtqQaoZ4v40eykxQedp3ZWpi1yT6DcRqIjBDvtp
ozlZrUoHM7j6kkeDyGZx7X5C9wIDAQABoywwKjAJBgNVHRMEAjAAMB0GA1UdDgQW
BBRkaXlHdxXSM0oa3ehcVvhl+QrEqDBBBgkqhkiG9w0BAQowNKAPMA0GCWCGSAFl
AwQCAgUAoRwwGgYJKoZIhvcNAQEIMA0GCWCGSAFlAwQCAgUAogMCATADggEBAClN
p2crO7IorkuJIrROtsmEOCyY47tr25ngB7nJUYE37bG4+/RDYGFE73bp32ln0dHD
p39vYkIgl3kK8IMekDxG7aQFzMTSwCGrnVyf+cm1wkd/U+6ind/B9ChJWKR9XTYh
oKuYKVb8m5qfZ/OEF8o0x8GeBYJa/6YRIIXZ5w1eevPNY4FZhxadSzOjkaNFbJ45
6wX9w9O2yxkQp+AChpracR1fn30EXeq3w78aN4ZQhBgqWN9kD//uLzyUoeZfuxU+
iUgu9V+kW3+lDrQ0e6ntRbZ/HB4Vm25YE5YYT1GABtTD0Jl/fja3E1jm8/8KGX3S
w48lBf1WV3oo9mVObYs=
-----END CERTIFICATE-----`;

/** What Kyverno makes of the certificate. */
export const decodedCertificate = {
  AuthorityKeyId: null,
  BasicConstraintsValid: true,
  CRLDistributionPoints: ['http://acme.test/crl', 'http://acme.test/2'],
  DNSNames: ['acme.test'],
  EmailAddresses: ['a@acme.test'],
  ExcludedDNSDomains: null,
  ExcludedEmailAddresses: null,
  ExcludedIPRanges: null,
  ExcludedURIDomains: null,
  ExtKeyUsage: [3, 0, 10],
  Extensions: [
    {
      Critical: false,
      Id: [2, 5, 29, 17],
      Value: 'MEKCCWFjbWUudGVzdIELYUBhY21lLnRlc3SHBAoAAAGHECABDbgAAAAAAAAAAAAAAAGHEAAAAAAAAAAAAAD//wECAwQ=',
    },
    { Critical: true, Id: [2, 5, 29, 15], Value: 'AwMHgIA=' },
    { Critical: false, Id: [2, 5, 29, 37], Value: 'MCEGCCsGAQUFBwMDBgRVHSUABgorBgEEAYI3CgMDBgMqAwQ=' },
    { Critical: true, Id: [2, 5, 29, 19], Value: 'MAYBAf8CAQA=' },
    {
      Critical: false,
      Id: [2, 5, 29, 31],
      Value: 'MDYwGqAYoBaGFGh0dHA6Ly9hY21lLnRlc3QvY3JsMBigFqAUhhJodHRwOi8vYWNtZS50ZXN0LzI=',
    },
    {
      Critical: false,
      Id: [1, 3, 6, 1, 5, 5, 7, 1, 1],
      Value: 'MD0wHAYIKwYBBQUHMAGGEGh0dHA6Ly9vY3NwLnRlc3QwHQYIKwYBBQUHMAKGEWh0dHA6Ly9jYS50ZXN0L2Nh',
    },
    { Critical: false, Id: [2, 5, 29, 32], Value: 'MA8wBQYDKgMEMAYGBFUdIAA=' },
    { Critical: false, Id: [2, 5, 29, 14], Value: 'BBRU6Hz/vbqHfSej7O/MQn8L8+rn8g==' },
    { Critical: true, Id: [1, 2, 3, 4, 5], Value: 'BQA=' },
  ],
  ExtraExtensions: null,
  IPAddresses: ['10.0.0.1', '2001:db8::1', '1.2.3.4'],
  InhibitAnyPolicy: 0,
  InhibitAnyPolicyZero: false,
  InhibitPolicyMapping: 0,
  InhibitPolicyMappingZero: false,
  IsCA: true,
  Issuer: {
    CommonName: 'acme.test',
    Country: ['DE'],
    ExtraNames: null,
    Locality: ['Berlin'],
    Names: [
      { Type: [2, 5, 4, 6], Value: 'DE' },
      { Type: [2, 5, 4, 8], Value: 'Berlin' },
      { Type: [2, 5, 4, 7], Value: 'Berlin' },
      { Type: [2, 5, 4, 9], Value: 'A 1' },
      { Type: [2, 5, 4, 17], Value: '10115' },
      { Type: [2, 5, 4, 10], Value: 'Acme GmbH' },
      { Type: [2, 5, 4, 11], Value: 'Platform' },
      { Type: [2, 5, 4, 11], Value: 'Security' },
      { Type: [2, 5, 4, 5], Value: '42' },
      { Type: [2, 5, 4, 3], Value: 'acme.test' },
      { Type: [1, 2, 840, 113549, 1, 9, 1], Value: 'a@acme.test' },
    ],
    Organization: ['Acme GmbH'],
    OrganizationalUnit: ['Platform', 'Security'],
    PostalCode: ['10115'],
    Province: ['Berlin'],
    SerialNumber: '42',
    StreetAddress: ['A 1'],
  },
  IssuingCertificateURL: ['http://ca.test/ca'],
  KeyUsage: 257,
  MaxPathLen: 0,
  MaxPathLenZero: true,
  NotAfter: '2036-11-25T20:09:19Z',
  NotBefore: '2026-11-28T20:09:19Z',
  OCSPServer: ['http://ocsp.test'],
  PermittedDNSDomains: null,
  PermittedDNSDomainsCritical: false,
  PermittedEmailAddresses: null,
  PermittedIPRanges: null,
  PermittedURIDomains: null,
  Policies: ['1.2.3.4', '2.5.29.32.0'],
  PolicyIdentifiers: [
    [1, 2, 3, 4],
    [2, 5, 29, 32, 0],
  ],
  PolicyMappings: null,
  PublicKey: {
    E: 65537,
    N: '123301713757840400649613276527746710963866365393398281234086445251449888464071085533817201520033329369175283059605831489231530926109481823259853685372263789152486628020369790949696180074667400644881704148815733654306353787311939235367843306249929812840048134730825560125450151840639846863774882423106604138731',
  },
  PublicKeyAlgorithm: 1,
  RequireExplicitPolicy: 0,
  RequireExplicitPolicyZero: false,
  SerialNumber: 2.1107040964388994e47,
  Signature:
    'RnMABy5FE36/L46Q8jAraUB7b1eiSGtKSvfUY/S+Cw03Qw/cgDjIyNrdRb1XPU0YC+up5R/0h7LofbvSXB3WNL9Sb7EHfMFvrtJQiRT3wn/kBL2atoJk2WMMQKZD3MhkIMs2I0ypWTNfieAVXWPP1D+PpdnJSTO39KmPJl2DmI4=',
  SignatureAlgorithm: 4,
  Subject: {
    CommonName: 'acme.test',
    Country: ['DE'],
    ExtraNames: null,
    Locality: ['Berlin'],
    Names: [
      { Type: [2, 5, 4, 6], Value: 'DE' },
      { Type: [2, 5, 4, 8], Value: 'Berlin' },
      { Type: [2, 5, 4, 7], Value: 'Berlin' },
      { Type: [2, 5, 4, 9], Value: 'A 1' },
      { Type: [2, 5, 4, 17], Value: '10115' },
      { Type: [2, 5, 4, 10], Value: 'Acme GmbH' },
      { Type: [2, 5, 4, 11], Value: 'Platform' },
      { Type: [2, 5, 4, 11], Value: 'Security' },
      { Type: [2, 5, 4, 5], Value: '42' },
      { Type: [2, 5, 4, 3], Value: 'acme.test' },
      { Type: [1, 2, 840, 113549, 1, 9, 1], Value: 'a@acme.test' },
    ],
    Organization: ['Acme GmbH'],
    OrganizationalUnit: ['Platform', 'Security'],
    PostalCode: ['10115'],
    Province: ['Berlin'],
    SerialNumber: '42',
    StreetAddress: ['A 1'],
  },
  SubjectKeyId: 'VOh8/726h30no+zvzEJ/C/Pq5/I=',
  UnhandledCriticalExtensions: [[1, 2, 3, 4, 5]],
  UnknownExtKeyUsage: [[1, 2, 3, 4]],
  Version: 3,
};

/** What Kyverno makes of the request. */
export const decodedRequest = {
  DNSNames: ['acme.test'],
  EmailAddresses: ['a@acme.test'],
  Extensions: [
    {
      Critical: false,
      Id: [2, 5, 29, 17],
      Value: 'MEKCCWFjbWUudGVzdIELYUBhY21lLnRlc3SHBAoAAAGHECABDbgAAAAAAAAAAAAAAAGHEAAAAAAAAAAAAAD//wECAwQ=',
    },
    { Critical: true, Id: [2, 5, 29, 15], Value: 'AwMHgIA=' },
    { Critical: false, Id: [2, 5, 29, 37], Value: 'MCEGCCsGAQUFBwMDBgRVHSUABgorBgEEAYI3CgMDBgMqAwQ=' },
    { Critical: true, Id: [2, 5, 29, 19], Value: 'MAYBAf8CAQA=' },
    {
      Critical: false,
      Id: [2, 5, 29, 31],
      Value: 'MDYwGqAYoBaGFGh0dHA6Ly9hY21lLnRlc3QvY3JsMBigFqAUhhJodHRwOi8vYWNtZS50ZXN0LzI=',
    },
    {
      Critical: false,
      Id: [1, 3, 6, 1, 5, 5, 7, 1, 1],
      Value: 'MD0wHAYIKwYBBQUHMAGGEGh0dHA6Ly9vY3NwLnRlc3QwHQYIKwYBBQUHMAKGEWh0dHA6Ly9jYS50ZXN0L2Nh',
    },
    { Critical: false, Id: [2, 5, 29, 32], Value: 'MA8wBQYDKgMEMAYGBFUdIAA=' },
    { Critical: false, Id: [2, 5, 29, 14], Value: 'BBRU6Hz/vbqHfSej7O/MQn8L8+rn8g==' },
    { Critical: true, Id: [1, 2, 3, 4, 5], Value: 'BQA=' },
  ],
  ExtraExtensions: null,
  IPAddresses: ['10.0.0.1', '2001:db8::1', '1.2.3.4'],
  PublicKey: {
    E: 65537,
    N: '123301713757840400649613276527746710963866365393398281234086445251449888464071085533817201520033329369175283059605831489231530926109481823259853685372263789152486628020369790949696180074667400644881704148815733654306353787311939235367843306249929812840048134730825560125450151840639846863774882423106604138731',
  },
  PublicKeyAlgorithm: 1,
  Signature:
    'AB2UC7imHFUAtIsZPSFKKIyoO0/wlcconbBAckCq84nPJ+vQkInGbAqtIpx6r+5iPU3j2rE4vjDMfNSeE/qhaaJsxwpLtcQPSSPuytsUG8UyAjhZPdKX2NJZoVHIQx/hxvI4/sKLgLGcmYIgNoFYcs7jOQuvqQe28dxEgVdJJ6Y=',
  SignatureAlgorithm: 4,
  Subject: {
    CommonName: 'acme.test',
    Country: ['DE'],
    ExtraNames: null,
    Locality: ['Berlin'],
    Names: [
      { Type: [2, 5, 4, 6], Value: 'DE' },
      { Type: [2, 5, 4, 8], Value: 'Berlin' },
      { Type: [2, 5, 4, 7], Value: 'Berlin' },
      { Type: [2, 5, 4, 9], Value: 'A 1' },
      { Type: [2, 5, 4, 17], Value: '10115' },
      { Type: [2, 5, 4, 10], Value: 'Acme GmbH' },
      { Type: [2, 5, 4, 11], Value: 'Platform' },
      { Type: [2, 5, 4, 11], Value: 'Security' },
      { Type: [2, 5, 4, 5], Value: '42' },
      { Type: [2, 5, 4, 3], Value: 'acme.test' },
      { Type: [1, 2, 840, 113549, 1, 9, 1], Value: 'a@acme.test' },
    ],
    Organization: ['Acme GmbH'],
    OrganizationalUnit: ['Platform', 'Security'],
    PostalCode: ['10115'],
    Province: ['Berlin'],
    SerialNumber: '42',
    StreetAddress: ['A 1'],
  },
  Version: 0,
};
