package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
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
	// Of an OCSP answer: who signs it for the issuer; itself, without. `good`, `expired`, or without the `purpose`.
	Delegate string `json:"delegate"`
}

var statuses = map[string]int{"good": ocsp.Good, "revoked": ocsp.Revoked, "unknown": ocsp.Unknown}

// answer is in DER, and is revoked since thisUpdate where it is.
func (s revocationSpec) answer(chain []*x509.Certificate, key crypto.Signer) []byte {
	issuer, about := chain[s.Issuer], chain[s.About]
	thisUpdate, nextUpdate := time.UnixMilli(s.ThisUpdate), time.UnixMilli(s.NextUpdate)
	if s.Kind == "ocsp" {
		answer := ocsp.Response{
			Status: statuses[s.Status], SerialNumber: about.SerialNumber, ThisUpdate: thisUpdate, NextUpdate: nextUpdate,
			RevokedAt: thisUpdate,
		}
		responder, by := issuer, key
		if s.Delegate != "" {
			responder, by = s.responder(issuer, key)
			answer.Certificate = responder
		}
		return must(ocsp.CreateResponse(issuer, responder, answer, by))
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

func (s revocationSpec) responder(issuer *x509.Certificate, key crypto.Signer) (*x509.Certificate, crypto.Signer) {
	own := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := x509.Certificate{
		SerialNumber: big.NewInt(99), Subject: pkix.Name{CommonName: "responder"}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.UnixMilli(s.ThisUpdate), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
	}
	switch s.Delegate {
	case "expired":
		template.NotAfter = time.Now().Add(-time.Hour)
	case "purpose":
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	}
	der := must(x509.CreateCertificate(rand.Reader, &template, issuer, own.Public(), key))
	return must(x509.ParseCertificate(der)), own
}
