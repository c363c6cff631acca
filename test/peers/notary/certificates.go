package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// certificateSpec is all that a certificate says: nothing is filled in that is not written, so that any rule can be broken.
type certificateSpec struct {
	// RDNs: a type and a value each, more of both where one has several.
	Subject [][]string `json:"subject"`
	// `rsa-2048`, `ec-256`, with a name after a slash where it is another of the kind.
	Key string `json:"key"`
	// Milliseconds since 1970, whole seconds.
	NotBefore        int64             `json:"notBefore"`
	NotAfter         int64             `json:"notAfter"`
	BasicConstraints *basicConstraints `json:"basicConstraints"`
	KeyUsage         *keyUsage         `json:"keyUsage"`
	ExtendedKeyUsage *extendedKeyUsage `json:"extendedKeyUsage"`
	OCSP             []string          `json:"ocsp"`
	CRL              []string          `json:"crl"`
	// What it says and who signed it, where that is not the next one (or, of the last, itself).
	Issuer   [][]string `json:"issuer"`
	SignedBy string     `json:"signedBy"`
	SHA1     bool       `json:"sha1"`
	Serial   int64      `json:"serial"`
}

type basicConstraints struct {
	CA       bool `json:"ca"`
	PathLen  *int `json:"pathLen"`
	Critical bool `json:"critical"`
}

type keyUsage struct {
	// Bits by their numbers (RFC 5280, 4.2.1.3).
	Bits     []int `json:"bits"`
	Critical bool  `json:"critical"`
}

type extendedKeyUsage struct {
	OIDs     []string `json:"oids"`
	Critical bool     `json:"critical"`
}

// maker makes each key and each certificate once: the same words get the same.
type maker struct {
	keys         map[string]crypto.Signer
	certificates map[string]*x509.Certificate
}

func newMaker() *maker {
	return &maker{map[string]crypto.Signer{}, map[string]*x509.Certificate{}}
}

func (m *maker) key(name string) crypto.Signer {
	if made, ok := m.keys[name]; ok {
		return made
	}
	var made crypto.Signer
	kind, _, _ := strings.Cut(name, "/")
	switch kind {
	case "ec-224":
		made = must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	case "ec-256":
		made = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	case "ec-384":
		made = must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	case "ec-521":
		made = must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	default:
		made = must(rsa.GenerateKey(rand.Reader, must(strconv.Atoi(strings.TrimPrefix(kind, "rsa-")))))
	}
	m.keys[name] = made
	return made
}

// chain makes certificates, the signer's first, each by the next and the last by itself.
func (m *maker) chain(specs []certificateSpec) []*x509.Certificate {
	var made []*x509.Certificate
	for i, spec := range specs {
		next := specs[min(i+1, len(specs)-1)]
		if spec.Issuer == nil {
			spec.Issuer = next.Subject
		}
		if spec.SignedBy == "" {
			spec.SignedBy = next.Key
		}
		if spec.Serial == 0 {
			spec.Serial = int64(i + 1)
		}
		name := string(must(json.Marshal(spec)))
		if m.certificates[name] == nil {
			m.certificates[name] = m.certificate(spec)
		}
		made = append(made, m.certificates[name])
	}
	return made
}

func (m *maker) certificate(spec certificateSpec) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(spec.Serial),
		RawSubject:            nameOf(spec.Subject),
		NotBefore:             time.UnixMilli(spec.NotBefore),
		NotAfter:              time.UnixMilli(spec.NotAfter),
		OCSPServer:            spec.OCSP,
		CRLDistributionPoints: spec.CRL,
		ExtraExtensions:       extensionsOf(spec),
	}
	by := m.key(spec.SignedBy)
	parent := &x509.Certificate{RawSubject: nameOf(spec.Issuer)}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, m.key(spec.Key).Public(), by))
	if spec.SHA1 {
		der = withSHA1(der, by)
	}
	return must(x509.ParseCertificate(der))
}

func extensionsOf(spec certificateSpec) []pkix.Extension {
	var made []pkix.Extension
	add := func(id int, critical bool, value any) {
		oid := asn1.ObjectIdentifier{2, 5, 29, id}
		made = append(made, pkix.Extension{Id: oid, Critical: critical, Value: must(asn1.Marshal(value))})
	}
	if basic := spec.BasicConstraints; basic != nil {
		length := -1
		if basic.PathLen != nil {
			length = *basic.PathLen
		}
		add(19, basic.Critical, struct {
			CA      bool `asn1:"optional"`
			PathLen int  `asn1:"optional,default:-1"`
		}{basic.CA, length})
	}
	if usage := spec.KeyUsage; usage != nil {
		add(15, usage.Critical, bitsOf(usage.Bits))
	}
	if extended := spec.ExtendedKeyUsage; extended != nil {
		var oids []asn1.ObjectIdentifier
		for _, each := range extended.OIDs {
			oids = append(oids, oidOf(each))
		}
		add(37, extended.Critical, oids)
	}
	return made
}

func bitsOf(numbers []int) asn1.BitString {
	bits := asn1.BitString{Bytes: make([]byte, 2)}
	for _, each := range numbers {
		bits.Bytes[each/8] |= 0x80 >> (each % 8)
		bits.BitLength = max(bits.BitLength, each+1)
	}
	bits.Bytes = bits.Bytes[:(bits.BitLength+7)/8]
	return bits
}

var attributeTypes = map[string]string{
	"CN": "2.5.4.3", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "STREET": "2.5.4.9",
	"O": "2.5.4.10", "OU": "2.5.4.11", "POSTALCODE": "2.5.4.17",
	"DC": "0.9.2342.19200300.100.1.25", "EMAIL": "1.2.840.113549.1.9.1",
}

func nameOf(rdns [][]string) []byte {
	var name pkix.RDNSequence
	for _, rdn := range rdns {
		var set pkix.RelativeDistinguishedNameSET
		for i := 0; i+1 < len(rdn); i += 2 {
			set = append(set, pkix.AttributeTypeAndValue{Type: oidOf(attributeTypes[rdn[i]]), Value: rdn[i+1]})
		}
		name = append(name, set)
	}
	return must(asn1.Marshal(name))
}

func oidOf(text string) asn1.ObjectIdentifier {
	var oid asn1.ObjectIdentifier
	for _, each := range strings.Split(text, ".") {
		oid = append(oid, must(strconv.Atoi(each)))
	}
	return oid
}

// withSHA1 signs anew by a hash that Go's CreateCertificate refuses to sign with. RSA alone.
func withSHA1(der []byte, by crypto.Signer) []byte {
	type certificate struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	var read certificate
	must(asn1.Unmarshal(der, &read))
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oidOf("1.2.840.113549.1.1.5"), Parameters: asn1.NullRawValue}
	var fields []asn1.RawValue
	for rest := read.TBS.Bytes; len(rest) > 0; {
		var field asn1.RawValue
		rest = must(asn1.Unmarshal(rest, &field))
		fields = append(fields, field)
	}
	// After version and serialNumber (RFC 5280, 4.1).
	must(asn1.Unmarshal(must(asn1.Marshal(algorithm)), &fields[2]))
	tbs := must(asn1.Marshal(fields))
	hash := sha1.Sum(tbs)
	signature := must(by.Sign(rand.Reader, hash[:], crypto.SHA1))
	bits := asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	return must(asn1.Marshal(certificate{asn1.RawValue{FullBytes: tbs}, algorithm, bits}))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Sprint(err))
	}
	return value
}
