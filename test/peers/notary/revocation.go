package main

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"time"

	"golang.org/x/crypto/ocsp"
)

// revocationSpec is an OCSP answer or a CRL by the certificate at Issuer, about that at About. Times are milliseconds since 1970.
type revocationSpec struct {
	// `ocsp` or `crl`.
	Kind   string `json:"kind"`
	Issuer int    `json:"issuer"`
	About  int    `json:"about"`
	// `good`, `revoked` or `unknown`.
	Status     string `json:"status"`
	ThisUpdate int64  `json:"thisUpdate"`
	NextUpdate int64  `json:"nextUpdate"`
}

var statuses = map[string]int{"good": ocsp.Good, "revoked": ocsp.Revoked, "unknown": ocsp.Unknown}

// answer is in DER, and is revoked since thisUpdate where it is.
func (s revocationSpec) answer(chain []*x509.Certificate, key crypto.Signer) []byte {
	issuer, about := chain[s.Issuer], chain[s.About]
	thisUpdate, nextUpdate := time.UnixMilli(s.ThisUpdate), time.UnixMilli(s.NextUpdate)
	if s.Kind == "ocsp" {
		return must(ocsp.CreateResponse(issuer, issuer, ocsp.Response{
			Status: statuses[s.Status], SerialNumber: about.SerialNumber, ThisUpdate: thisUpdate, NextUpdate: nextUpdate,
			RevokedAt: thisUpdate,
		}, key))
	}
	list := x509.RevocationList{Number: big.NewInt(1), ThisUpdate: thisUpdate, NextUpdate: nextUpdate}
	if s.Status == "revoked" {
		list.RevokedCertificateEntries = []x509.RevocationListEntry{
			{SerialNumber: about.SerialNumber, RevocationTime: thisUpdate},
		}
	}
	// It asks for what a CA of these tests need not have.
	by := *issuer
	by.SubjectKeyId, by.KeyUsage = []byte{1}, x509.KeyUsageCRLSign
	return must(x509.CreateRevocationList(rand.Reader, &list, &by, key))
}
