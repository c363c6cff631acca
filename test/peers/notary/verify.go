package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/notaryproject/notation-core-go/revocation"
	"github.com/notaryproject/notation-core-go/revocation/crl"
	"github.com/notaryproject/notation-core-go/revocation/purpose"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

type verifyRequest struct {
	Envelope  []byte             `json:"envelope"`
	MediaType string             `json:"mediaType"`
	Target    ocispec.Descriptor `json:"target"`
	// `host/repository@digest`, by which a statement of the policy is found.
	Reference string `json:"reference"`
	// Whether what is attached to the image is verified, in a registry on loopback, instead of the envelope.
	Attached bool            `json:"attached"`
	Policy   json.RawMessage `json:"policy"`
	// PEM, by `type:name`.
	Stores map[string]string `json:"stores"`
	// What responders answer, by the beginning of their URLs. Who is not among them does not answer.
	Responders map[string][]byte `json:"responders"`
	Metadata   map[string]string `json:"metadata"`
}

type verifyAnswer struct {
	// Empty: it is verified.
	Error string `json:"error"`
	// `policy` where the trust policy is not one, `verify` otherwise.
	At      string        `json:"at,omitempty"`
	Level   string        `json:"level,omitempty"`
	Results []checkResult `json:"results,omitempty"`
	// Median of the turns, for one verification.
	Nanoseconds float64 `json:"nanoseconds,omitempty"`
}

type checkResult struct {
	Type   string `json:"type"`
	Action string `json:"action"`
	Error  string `json:"error,omitempty"`
}

func verify(request verifyRequest, times int) verifyAnswer {
	kept, err := storesOf(request.Stores)
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(kept.folder)
	by, err := verifierOf(request, kept)
	if err != nil {
		return verifyAnswer{Error: err.Error(), At: "policy"}
	}
	outcome, err := once(by, request)
	answer := answerOf(outcome, err)
	if times > 0 {
		answer.Nanoseconds = measure(times, func() {
			if _, err := once(by, request); err != nil {
				panic(err)
			}
		})
	}
	return answer
}

func once(by notation.Verifier, request verifyRequest) (*notation.VerificationOutcome, error) {
	if !request.Attached {
		return by.Verify(context.Background(), request.Target, request.Envelope, notation.VerifierVerifyOptions{
			ArtifactReference: request.Reference, SignatureMediaType: request.MediaType, UserMetadata: request.Metadata,
		})
	}
	repository, err := repositoryOf(request.Reference)
	if err != nil {
		return nil, err
	}
	_, outcomes, err := notation.Verify(context.Background(), by, repository, notation.VerifyOptions{
		ArtifactReference: request.Reference, UserMetadata: request.Metadata, MaxSignatureAttempts: 100,
	})
	if len(outcomes) == 0 {
		return nil, err
	}
	return outcomes[0], err
}

func answerOf(outcome *notation.VerificationOutcome, err error) verifyAnswer {
	answer := verifyAnswer{At: "verify"}
	if err != nil {
		answer.Error = fmt.Sprintf("%T: %v", err, err)
	}
	if outcome == nil {
		return answer
	}
	if outcome.VerificationLevel != nil {
		answer.Level = outcome.VerificationLevel.Name
	}
	for _, each := range outcome.VerificationResults {
		result := checkResult{Type: string(each.Type), Action: string(each.Action)}
		if each.Error != nil {
			result.Error = each.Error.Error()
		}
		answer.Results = append(answer.Results, result)
	}
	return answer
}

func verifierOf(request verifyRequest, kept truststore.X509TrustStore) (notation.Verifier, error) {
	var document trustpolicy.Document
	if err := json.Unmarshal(request.Policy, &document); err != nil {
		return nil, err
	}
	code, err := validatorOf(request.Responders, purpose.CodeSigning)
	if err != nil {
		return nil, err
	}
	stamps, err := validatorOf(request.Responders, purpose.Timestamping)
	if err != nil {
		return nil, err
	}
	return verifier.NewWithOptions(&document, kept, nil, verifier.VerifierOptions{
		RevocationCodeSigningValidator: code, RevocationTimestampingValidator: stamps,
	})
}

func validatorOf(answers responders, what purpose.Purpose) (revocation.Validator, error) {
	client := &http.Client{Transport: answers}
	fetcher, err := crl.NewHTTPFetcher(client)
	if err != nil {
		return nil, err
	}
	return revocation.NewWithOptions(revocation.Options{OCSPHTTPClient: client, CRLFetcher: fetcher, CertChainPurpose: what})
}

type responders map[string][]byte

func (r responders) RoundTrip(request *http.Request) (*http.Response, error) {
	for beginning, answer := range r {
		if strings.HasPrefix(request.URL.String(), beginning) {
			return &http.Response{
				StatusCode: http.StatusOK, Request: request, ContentLength: int64(len(answer)), Header: http.Header{},
				Body: io.NopCloser(bytes.NewReader(answer)),
			}, nil
		}
	}
	return nil, errors.New("nobody answers")
}

// storesOf has notation's own reader read the certificates, from a folder of its layout, and keeps what it read.
func storesOf(pems map[string]string) (*stores, error) {
	folder, err := os.MkdirTemp("", "countersign-notary-")
	if err != nil {
		return nil, err
	}
	for name, text := range pems {
		kind, name, _ := strings.Cut(name, ":")
		store := filepath.Join(folder, "truststore", "x509", kind, name)
		if err := os.MkdirAll(store, 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(store, "certificates.pem"), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return &stores{truststore.NewX509TrustStore(dir.NewSysFS(folder)), folder, map[string][]*x509.Certificate{}}, nil
}

type stores struct {
	truststore.X509TrustStore
	folder string
	read   map[string][]*x509.Certificate
}

func (s *stores) GetCertificates(ctx context.Context, kind truststore.Type, name string) ([]*x509.Certificate, error) {
	key := string(kind) + ":" + name
	if known, ok := s.read[key]; ok {
		return known, nil
	}
	read, err := s.X509TrustStore.GetCertificates(ctx, kind, name)
	if err == nil {
		s.read[key] = read
	}
	return read, err
}

// measure takes turns, one that does not count and five that do: the median, in nanoseconds for one.
func measure(times int, once func()) float64 {
	turns := make([]float64, 0, 5)
	for turn := range 6 {
		started := time.Now()
		for range times {
			once()
		}
		if turn > 0 {
			turns = append(turns, float64(time.Since(started).Nanoseconds())/float64(times))
		}
	}
	slices.Sort(turns)
	return turns[2]
}
