// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"ats.run/kms-enclave/tools/sigstack/internal/ctlog"
	"ats.run/kms-enclave/tools/sigstack/internal/oidc"
	"ats.run/kms-enclave/tools/sigstack/internal/pki"
	"ats.run/kms-enclave/tools/sigstack/internal/rekor"
)

const (
	infoFile    = "sigstack.json"
	rekorFolder = "rekor"
)

// write puts the client's files into the folder.
func (s *Stack) write(signing, stamping *pki.Authority, ct *ctlog.Log, log *rekor.Log, quorum int) error {
	path := func(name string) string { return filepath.Join(s.Info.Dir, name) }
	s.Info.TrustedRoot, s.Info.SigningConfig = path("trusted_root.json"), path("signing_config.json")
	s.Info.WitnessFile, s.Info.Hints = path("witness.json"), path("policy-hints.json")
	trusted, err := s.trustedRoot(signing, stamping, ct, log)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.Info.TrustedRoot, trusted, 0o600); err != nil {
		return err
	}
	config, err := s.signingConfig()
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.Info.SigningConfig, config, 0o600); err != nil {
		return err
	}
	keys := []string{}
	for _, w := range s.Info.Witnesses {
		keys = append(keys, w.VKey)
	}
	digest := sha256.Sum256(trusted)
	repository := "acme/kms-enclave"
	for name, value := range map[string]any{
		s.Info.WitnessFile: map[string]any{
			"log":       map[string]any{"origin": log.Origin, "vkey": log.VKey, "url": s.Info.Read},
			"threshold": quorum,
			"keys":      keys,
			"witnesses": s.Info.Witnesses,
		},
		s.Info.Hints: map[string]any{
			"trustRoot": hex.EncodeToString(digest[:]),
			"log":       map[string]any{"threshold": 1, "origins": []string{log.Origin}},
			"witnesses": map[string]any{"threshold": quorum, "keys": keys},
			"publisher": map[string]any{
				"issuer":  s.Info.Issuers.CI,
				"subject": oidc.Subject(repository, oidc.DefaultWorkflow, "refs/tags/v1.0.0"),
				"token":   s.Info.OIDC + "/token?repository=" + repository + "&ref=refs/tags/v1.0.0",
			},
			"rebuilder": map[string]any{
				"issuer":  s.Info.Issuers.URI,
				"subject": "https://rebuilder.example/one",
				"token":   s.Info.OIDC + "/token?subject=https://rebuilder.example/one",
			},
		},
		path(infoFile): s.Info,
	} {
		data, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, append(data, '\n'), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) trustedRoot(signing, stamping *pki.Authority, ct *ctlog.Log, log *rekor.Log) ([]byte, error) {
	from := time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	chain := func(a *pki.Authority) (*x509.Certificate, []*x509.Certificate) {
		last := len(a.Chain) - 1
		return a.Chain[last], a.Chain[:last]
	}
	caRoot, between := chain(signing)
	stampRoot, rest := chain(stamping)
	der, err := x509.MarshalPKIXPublicKey(ct.Key)
	if err != nil {
		return nil, err
	}
	ctID := sha256.Sum256(der)
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{
			Root: caRoot, Intermediates: between, ValidityPeriodStart: from, URI: s.Info.Fulcio,
		}},
		map[string]*root.TransparencyLog{hex.EncodeToString(ctID[:]): {
			BaseURL: s.Info.CT, ID: ctID[:], ValidityPeriodStart: from,
			HashFunc: crypto.SHA256, PublicKey: ct.Key, SignatureHashFunc: crypto.SHA256,
		}},
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{
			Root: stampRoot, Intermediates: rest[1:], Leaf: rest[0], ValidityPeriodStart: from, URI: s.Info.TSA,
		}},
		map[string]*root.TransparencyLog{hex.EncodeToString(log.ID): {
			// A verifier takes the origin from the host of this URL, whatever its port and path.
			BaseURL: "http://" + log.Origin, ID: log.ID, ValidityPeriodStart: from,
			HashFunc: crypto.SHA256, PublicKey: log.Key, SignatureHashFunc: crypto.SHA256,
		}})
	if err != nil {
		return nil, err
	}
	return trusted.MarshalJSON()
}

func (s *Stack) signingConfig() ([]byte, error) {
	from := time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	service := func(url string, version uint32) []root.Service {
		return []root.Service{{URL: url, MajorAPIVersion: version, ValidityPeriodStart: from, Operator: "sigstack"}}
	}
	one := root.ServiceConfiguration{Selector: prototrustroot.ServiceSelector_EXACT, Count: 1}
	config, err := root.NewSigningConfig(root.SigningConfigMediaType02,
		service(s.Info.Fulcio, 1), service(s.Info.Issuers.CI, 1), service(s.Info.Rekor, 2), one, service(s.Info.TSA, 1), one)
	if err != nil {
		return nil, err
	}
	return config.MarshalJSON()
}
