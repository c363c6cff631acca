package main

import (
	"context"
	"crypto"
	"crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/tspclient-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	gocose "github.com/veraison/go-cose"
	"oras.land/oras-go/v2/registry/remote"
)

type signRequest struct {
	// `jws` or `cose`.
	Format       string            `json:"format"`
	Certificates []certificateSpec `json:"certificates"`
	// In place of certificates: a chain in PEM, and the signer's key in PKCS #8.
	Chain []string `json:"chain"`
	Key   string   `json:"key"`

	Target *ocispec.Descriptor `json:"target"`
	// Instead of the target: an image in a registry on loopback, to which the signature is attached.
	Image  string `json:"image"`
	Scheme string `json:"scheme"`
	// Milliseconds since 1970.
	SigningTime int64                 `json:"signingTime"`
	Expiry      int64                 `json:"expiry"`
	Extended    []signature.Attribute `json:"extended"`
	Metadata    map[string]string     `json:"metadata"`
	// A time-stamp authority, and its roots in PEM.
	TSA      string `json:"tsa"`
	TSARoots string `json:"tsaRoots"`
	// What responders are to say, by the beginning of their URLs.
	Responders map[string]revocationSpec `json:"responders"`
}

type signAnswer struct {
	Envelope []byte `json:"envelope,omitempty"`
	// PEM each, the signer's first.
	Chain []string `json:"chain"`
	// PKCS #8 in PEM.
	Key        string            `json:"key"`
	Responders map[string][]byte `json:"responders,omitempty"`
	// SHA-384 of each certificate's TBSCertificate, in hex.
	Hashes []string `json:"hashes"`
	Error  string   `json:"error,omitempty"`
}

var mediaTypes = map[string]string{"jws": jws.MediaTypeEnvelope, "cose": cose.MediaTypeEnvelope}

func (m *maker) sign(request signRequest) signAnswer {
	key, chain := m.signer(&request)
	der := must(x509.MarshalPKCS8PrivateKey(key))
	answer := signAnswer{Key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
	for _, each := range chain {
		answer.Hashes = append(answer.Hashes, fmt.Sprintf("%x", sha512.Sum384(each.RawTBSCertificate)))
		answer.Chain = append(answer.Chain, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: each.Raw})))
	}
	answer.Responders = map[string][]byte{}
	for url, spec := range request.Responders {
		answer.Responders[url] = spec.answer(chain, m.key(request.Certificates[spec.Issuer].Key))
	}
	var err error
	if request.Image != "" {
		err = signImage(request, key, chain)
	} else {
		answer.Envelope, err = m.envelope(request, *request.Target, key, chain)
	}
	if err != nil {
		answer.Error = err.Error()
	}
	return answer
}

// signer is whom the request has, or makes.
func (m *maker) signer(request *signRequest) (crypto.Signer, []*x509.Certificate) {
	if request.Key == "" {
		return m.key(request.Certificates[0].Key), m.chain(request.Certificates)
	}
	block, _ := pem.Decode([]byte(request.Key))
	key := must(x509.ParsePKCS8PrivateKey(block.Bytes)).(crypto.Signer)
	var chain []*x509.Certificate
	for _, each := range request.Chain {
		block, _ := pem.Decode([]byte(each))
		chain = append(chain, must(x509.ParseCertificate(block.Bytes)))
	}
	name := fmt.Sprintf("given/%x", chain[0].Raw)
	m.keys[name] = key
	request.Certificates = []certificateSpec{{Key: name}}
	return key, chain
}

// envelope signs by notation-core-go, which refuses certificates that no verifier would take. They are not signed: so it is given a
// chain that it likes, for the same key, and the wanted one takes its place.
func (m *maker) envelope(request signRequest, target ocispec.Descriptor, key crypto.Signer, chain []*x509.Certificate) ([]byte, error) {
	local, err := signature.NewLocalSigner(m.chain(twin(request.Certificates[0].Key)), key)
	if err != nil {
		return nil, err
	}
	target.Annotations = request.Metadata
	payload, err := json.Marshal(map[string]any{"targetArtifact": target})
	if err != nil {
		return nil, err
	}
	signing := signature.SignRequest{
		Payload:                  signature.Payload{ContentType: "application/vnd.cncf.notary.payload.v1+json", Content: payload},
		Signer:                   local,
		SigningTime:              time.UnixMilli(request.SigningTime),
		ExtendedSignedAttributes: request.Extended,
		SigningScheme:            signature.SigningScheme(request.Scheme),
		SigningAgent:             "countersign-peers/1.0.0",
	}
	if request.Expiry != 0 {
		signing.Expiry = time.UnixMilli(request.Expiry)
	}
	if signing.Timestamper, signing.TSARootCAs, err = stamping(request); err != nil {
		return nil, err
	}
	made, err := signature.NewEnvelope(mediaTypes[request.Format])
	if err != nil {
		return nil, err
	}
	bytes, err := made.Sign(&signing)
	if err != nil {
		return nil, err
	}
	return withChain(request.Format, bytes, chain)
}

func twin(key string) []certificateSpec {
	day := int64(24 * time.Hour / time.Millisecond)
	now := time.Now().Truncate(24 * time.Hour).UnixMilli()
	validity := func(spec certificateSpec) certificateSpec {
		spec.NotBefore, spec.NotAfter = now-7000*day, now+7000*day
		return spec
	}
	name := func(name string) [][]string {
		return [][]string{{"C", "US"}, {"ST", "WA"}, {"O", "Twins"}, {"CN", name}}
	}
	leaf := certificateSpec{Subject: name("leaf"), Key: key, KeyUsage: &keyUsage{[]int{0}, true}}
	root := certificateSpec{
		Subject: name("root"), Key: "ec-256/twins", KeyUsage: &keyUsage{[]int{5}, true},
		BasicConstraints: &basicConstraints{CA: true, Critical: true},
	}
	return []certificateSpec{validity(leaf), validity(root)}
}

func withChain(format string, envelope []byte, chain []*x509.Certificate) ([]byte, error) {
	var ders [][]byte
	for _, each := range chain {
		ders = append(ders, each.Raw)
	}
	if format == "cose" {
		var message gocose.Sign1Message
		if err := message.UnmarshalCBOR(envelope); err != nil {
			return nil, err
		}
		message.Headers.RawUnprotected = nil
		message.Headers.Unprotected[gocose.HeaderLabelX5Chain] = ders
		return message.MarshalCBOR()
	}
	var members, header map[string]json.RawMessage
	if err := json.Unmarshal(envelope, &members); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(members["header"], &header); err != nil {
		return nil, err
	}
	header["x5c"] = must(json.Marshal(ders))
	members["header"] = must(json.Marshal(header))
	return json.Marshal(members)
}

// stamping is by a server that says 201 where notation's client expects 200: timestamp-authority does.
func stamping(request signRequest) (tspclient.Timestamper, *x509.CertPool, error) {
	if request.TSA == "" {
		return nil, nil, nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(request.TSARoots)) {
		return nil, nil, fmt.Errorf("no root of a time-stamp authority")
	}
	stamper, err := tspclient.NewHTTPTimestamper(&http.Client{Transport: created{}}, request.TSA)
	return stamper, roots, err
}

type created struct{}

func (created) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusCreated {
		response.StatusCode = http.StatusOK
	}
	return response, err
}

// attached signs as the maker does, whatever notation's own signers can.
type attached struct {
	request signRequest
	key     crypto.Signer
	chain   []*x509.Certificate
}

func (a attached) Sign(_ context.Context, target ocispec.Descriptor, _ notation.SignerSignOptions) ([]byte, *signature.SignerInfo, error) {
	bytes, err := newMaker().with(a.key, a.request.Certificates[0].Key).envelope(a.request, target, a.key, a.chain)
	attributes := signature.SignedAttributes{SigningTime: time.UnixMilli(a.request.SigningTime)}
	return bytes, &signature.SignerInfo{CertificateChain: a.chain, SignedAttributes: attributes}, err
}

func (m *maker) with(key crypto.Signer, name string) *maker {
	m.keys[name] = key
	return m
}

// signImage signs as notation does: by its own signer, or by ours where there is more to sign than that one knows.
func signImage(request signRequest, key crypto.Signer, chain []*x509.Certificate) error {
	repository, err := repositoryOf(request.Image)
	if err != nil {
		return err
	}
	options := notation.SignOptions{ArtifactReference: request.Image, UserMetadata: request.Metadata}
	options.SignatureMediaType = mediaTypes[request.Format]
	var by notation.Signer = attached{request, key, chain}
	if request.Scheme == "" {
		if by, err = signer.NewGenericSigner(key, chain); err != nil {
			return err
		}
		if options.Timestamper, options.TSARootCAs, err = stamping(request); err != nil {
			return err
		}
	}
	_, err = notation.Sign(context.Background(), by, repository, options)
	return err
}

func repositoryOf(image string) (registry.Repository, error) {
	made, err := remote.NewRepository(image)
	if err != nil {
		return nil, err
	}
	made.PlainHTTP = true
	return registry.NewRepository(made), nil
}
