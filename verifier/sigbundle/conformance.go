// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

// Conformance is one call of the verify-bundle command of Sigstore's
// conformance suite:
//
//	verify-bundle --bundle FILE (--certificate-identity ID
//	  --certificate-oidc-issuer URL | --key FILE) [--trusted-root FILE]
//	  FILE_OR_DIGEST
//
// It is the public protocol, for bundles 0.1 to 0.3 and both generations of
// Rekor, and so asks for less than Demands: no witnesses, and times also from
// the log.
type Conformance struct {
	Bundle           []byte
	Identity, Issuer string // of the certificate
	Key              []byte // PEM of a public key, instead
	TrustedRoot      []byte // trusted_root.json
	Target           string // path of the artifact, or "sha256:" (or 384, 512) and its digest in hexadecimal
}

// Why VerifyConformance refuses before any cryptography.
var (
	errSigner    = errors.New("give either --key, or --certificate-identity with --certificate-oidc-issuer")
	errRoot      = errors.New("the trusted root is not a trusted_root.json")
	errForm      = errors.New("the bundle is not a Sigstore bundle of version 0.1 to 0.3")
	errPEM       = errors.New("the key is not a public key in PEM")
	errDigest    = errors.New("the digest is not of the length that its name says, in hexadecimal")
	errRefused   = errors.New("the bundle does not verify")
	errStatement = errors.New("the payload is not an in-toto statement of version 0.1 or 1")
)

// VerifyConformance returns nil if the bundle verifies.
func VerifyConformance(c Conformance) error {
	_, err := guarded(func() (any, error) { return nil, verifyConformance(c) })
	return err
}

func verifyConformance(c Conformance) error {
	keyed := len(c.Key) > 0
	if keyed == (c.Identity != "" || c.Issuer != "") || !keyed && (c.Identity == "" || c.Issuer == "") {
		return errSigner
	}
	trusted, err := root.NewTrustedRootFromJSON(c.TrustedRoot)
	if err != nil {
		return errRoot
	}
	var b bundle.Bundle
	if err := b.UnmarshalJSON(c.Bundle); err != nil {
		return errForm
	}
	material := root.TrustedMaterialCollection{trusted}
	var demands []verify.VerifierOption
	// A trust root without logs says that there are none, which is an answer
	// for signers with keys of their own.
	old := keyed && len(trusted.RekorLogs()) > 0 && hasPlainOldEntry(&b)
	if (!keyed || len(trusted.RekorLogs()) > 0) && !old {
		demands = append(demands, verify.WithTransparencyLog(1))
	}
	var signer verify.PolicyOption
	if keyed {
		key, err := conformanceKey(c.Key, b.GetDsseEnvelope() != nil)
		if err != nil {
			return err
		}
		material = append(material, withKey{trusted, key})
		signer = verify.WithKey()
		// A key may be older and younger than any timestamp, so that a
		// signature of it needs none.
		if hasTime(&b) {
			demands = append(demands, verify.WithObserverTimestamps(1))
		} else {
			demands = append(demands, verify.WithNoObserverTimestamps())
		}
	} else {
		identity, err := verify.NewShortCertificateIdentity(c.Issuer, "", c.Identity, "")
		if err != nil {
			return errSigner
		}
		signer = verify.WithCertificateIdentity(identity)
		demands = append(demands, verify.WithObserverTimestamps(1), verify.WithSignedCertificateTimestamps(1))
	}
	verifier, err := verify.NewVerifier(material, demands...)
	if err != nil {
		return errRefused
	}
	artifact, done, err := conformanceTarget(c.Target)
	if err != nil {
		return err
	}
	defer done()
	if old {
		if err := checkPlainOldEntry(&b, trusted, material); err != nil {
			return err
		}
	}
	result, err := verifier.Verify(&b, verify.NewPolicy(artifact, signer))
	if err != nil {
		return refusal{err}
	}
	// sigstore-go does not look at the type of statements.
	if result.Statement != nil && !slices.Contains(statementTypes, result.Statement.GetType()) {
		return errStatement
	}
	return nil
}

// statementTypes are the values of _type in in-toto statements.
var statementTypes = []string{"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"}

// refusal is a bundle that sigstore-go refuses. Its reason is for programmers:
// those texts have raw bytes in them.
type refusal struct{ reason error }

// Error implements error.
func (refusal) Error() string { return errRefused.Error() }

// Unwrap returns what sigstore-go said.
func (r refusal) Unwrap() error { return r.reason }

// hasTime says whether a bundle has a timestamp or a log's promise with one.
func hasTime(b *bundle.Bundle) bool {
	return len(b.VerificationMaterial.GetTimestampVerificationData().GetRfc3161Timestamps()) > 0 || b.HasInclusionPromise()
}

// conformanceKey reads a key. Ed25519 signs statements as they are, and files
// by their digest, since logs take only digests.
func conformanceKey(text []byte, statement bool) (*root.ExpiringKey, error) {
	if block, _ := pem.Decode(text); block == nil {
		return nil, errPEM
	}
	public, err := cryptoutils.UnmarshalPEMToPublicKey(text)
	if err != nil {
		return nil, errPEM
	}
	var how []signature.LoadOption
	if !statement {
		how = append(how, options.WithED25519ph())
	}
	verifier, err := signature.LoadDefaultVerifier(public, how...)
	if err != nil {
		return nil, errPEM
	}
	return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
}

func conformanceTarget(target string) (verify.ArtifactPolicyOption, func(), error) {
	for name, size := range map[string]int{"sha256": 32, "sha384": 48, "sha512": 64} {
		text, ok := strings.CutPrefix(target, name+":")
		if !ok {
			continue
		}
		digest, err := hex.DecodeString(text)
		if err != nil || len(digest) != size {
			return nil, nil, errDigest
		}
		return verify.WithArtifactDigest(name, digest), func() {}, nil
	}
	file, err := os.Open(target)
	if err != nil {
		return nil, nil, err
	}
	return verify.WithArtifact(file), func() { _ = file.Close() }, nil
}
