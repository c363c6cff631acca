// Verifies one bundle many times with sigstore-go, its trusted material read once, and says how long one verification took.
package main

import (
	"crypto"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

var (
	trustedRoot = flag.String("trusted-root", "", "path of trusted_root.json")
	key         = flag.String("key", "", "path of a public key in PEM, instead of a trusted root; no log and no time is asked for")
	path        = flag.String("bundle", "", "path of the bundle in JSON")
	digest      = flag.String("sha256", "", "SHA-256 of the artifact, in hex")
	subject     = flag.String("subject", "", "the certificate's subject")
	issuer      = flag.String("issuer", "", "the issuer of the subject's token")
	times       = flag.Int("times", 1, "how many times it is verified, in each of five turns after one that does not count")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	verifier, who := must2(anchors())
	hash := must(hex.DecodeString(*digest))
	policy := verify.NewPolicy(verify.WithArtifactDigest("sha256", hash), who)
	text := must(os.ReadFile(*path))
	once := func() {
		var read bundle.Bundle
		if err := read.UnmarshalJSON(text); err != nil {
			log.Fatal(err)
		}
		if _, err := verifier.Verify(&read, policy); err != nil {
			log.Fatal(err)
		}
	}
	turns := make([]float64, 0, 5)
	for turn := range 6 {
		started := time.Now()
		for range *times {
			once()
		}
		if turn > 0 {
			turns = append(turns, float64(time.Since(started).Nanoseconds())/float64(*times))
		}
	}
	slices.Sort(turns)
	fmt.Println(string(must(json.Marshal(map[string]any{"times": *times, "nanoseconds": turns[2], "turns": turns}))))
}

func anchors() (*verify.Verifier, verify.PolicyOption, error) {
	if *key != "" {
		return keyed()
	}
	material, err := root.NewTrustedRootFromPath(*trustedRoot)
	if err != nil {
		return nil, nil, err
	}
	identity, err := verify.NewShortCertificateIdentity(*issuer, "", *subject, "")
	if err != nil {
		return nil, nil, err
	}
	verifier, err := verify.NewVerifier(material, verify.WithSignedCertificateTimestamps(1),
		verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	return verifier, verify.WithCertificateIdentity(identity), err
}

func keyed() (*verify.Verifier, verify.PolicyOption, error) {
	text, err := os.ReadFile(*key)
	if err != nil {
		return nil, nil, err
	}
	public, err := cryptoutils.UnmarshalPEMToPublicKey(text)
	if err != nil {
		return nil, nil, err
	}
	loaded, err := signature.LoadVerifier(public, crypto.SHA256)
	if err != nil {
		return nil, nil, err
	}
	always := root.NewExpiringKey(loaded, time.Time{}, time.Time{})
	material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return always, nil })
	verifier, err := verify.NewVerifier(material, verify.WithNoObserverTimestamps())
	return verifier, verify.WithKey(), err
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func must2[T, U any](one T, other U, err error) (T, U) {
	if err != nil {
		log.Fatal(err)
	}
	return one, other
}
