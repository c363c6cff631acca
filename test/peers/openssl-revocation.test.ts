import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkScope, entriesOf, readCrl } from '../../shared/revocation/crl.ts';
import { readOcspAnswer } from '../../shared/revocation/ocsp-answer.ts';
import { certificateId, ocspRequest } from '../../shared/revocation/ocsp-request.ts';
import { placesOf } from '../../shared/revocation/places.ts';
import { serialOf } from '../../shared/revocation/signed.ts';
import { atOnce } from '../../shared/slices.ts';
import { Certificate } from '../../shared/trust/x509/certificate.ts';

// OpenSSL as a CA: it reads our requests, and what it answers and lists is read.

const configuration = `
[ca]
default_ca = d
[d]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha384
default_days = 30
default_crl_days = 7
policy = p
crl_extensions = list
[p]
commonName = supplied
[list]
issuingDistributionPoint = critical,@point
[point]
fullname = URI:http://crl.test/ca.crl
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
keyUsage = critical,digitalSignature
authorityInfoAccess = OCSP;URI:http://ocsp.test/
crlDistributionPoints = URI:http://crl.test/ca.crl
[responder]
extendedKeyUsage = OCSPSigning
[req]
distinguished_name = dn
[dn]
`;

const dir = mkdtempSync(join(tmpdir(), 'countersign-openssl-'));
const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
const bytes = (name: string) => readFileSync(join(dir, name));
const certificate = (name: string) => new Certificate(new X509Certificate(bytes(`${name}.pem`)).raw);

beforeAll(() => {
  const files = { 'ca.cnf': configuration, 'index.txt': '', serial: '1000\n', crlnumber: '05\n' };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const config = ['-config', 'ca.cnf'];
  const key = (name: string) => ['-nodes', '-keyout', `${name}.key`, '-subj', `/CN=${name}`, ...config];
  openssl('req', '-x509', '-newkey', 'rsa:3072', ...key('ca'), '-out', 'ca.pem', '-days', '90', '-extensions', 'root');
  for (const name of ['good', 'revoked', 'responder']) {
    const extensions = name === 'responder' ? name : 'leaf';
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...key(name), '-out', `${name}.csr`);
    openssl(
      'ca',
      '-batch',
      '-notext',
      ...config,
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.pem`,
      '-extensions',
      extensions,
    );
  }
  openssl('ca', ...config, '-revoke', 'revoked.pem', '-crl_reason', 'keyCompromise');
  openssl('ca', ...config, '-gencrl', '-out', 'crl.pem');
  openssl('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const names = ['good', 'revoked'] as const;
const pss = ['-rsigopt', 'rsa_padding_mode:pss', '-rsigopt', 'rsa_pss_saltlen:-1'];
const ways: readonly (readonly [string, 'ca' | 'responder', readonly string[]])[] = [
  ['the CA', 'ca', []],
  ['the CA, with RSASSA-PSS', 'ca', pss],
  ['whom it appointed', 'responder', []],
  ['whom it appointed, named by the key', 'responder', ['-resp_key_id']],
  ['whom it appointed, with SHA-512', 'responder', ['-rmd', 'sha512']],
];

test.each(ways.flatMap(([who, signer, options]) => names.map((name) => [name, who, signer, options] as const)))(
  'OCSP: %s, says %s',
  (name, _, signer, options) => {
    const issuer = certificate('ca');
    const id = certificateId(certificate(name), issuer);
    writeFileSync(join(dir, 'request.der'), ocspRequest(id));
    const by = ['-rsigner', `${signer}.pem`, '-rkey', `${signer}.key`, ...options];
    const asked = ['-index', 'index.txt', '-CA', 'ca.pem', '-reqin', 'request.der', '-ndays', '1'];
    openssl('ocsp', ...asked, ...by, '-respout', 'answer.der');
    const { status, entries } = readOcspAnswer(bytes('answer.der'), { id, issuer, now: Date.now() });
    expect(status).toBe(name);
    expect(entries.map(({ reason }) => reason)).toEqual(name === 'good' ? [] : [1]);
  },
);

test.each(names)('a list of the CA, and what it says of one that is %s', (name) => {
  const one = certificate(name);
  const { responders, crls } = placesOf(one);
  expect([responders, crls]).toEqual([['http://ocsp.test/'], ['http://crl.test/ca.crl']]);
  const crl = readCrl(bytes('crl.der'), certificate('ca'), Date.now());
  checkScope(crl, one, crls);
  expect(crl.number).toBe(5n);
  const entries = atOnce(entriesOf(crl, serialOf(one)));
  expect(entries.map(({ reason }) => reason)).toEqual(name === 'good' ? [] : [1]);
});
