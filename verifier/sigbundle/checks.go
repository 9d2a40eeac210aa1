// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"ats.run/kms-enclave/verifier/verdict"
)

// subject is a bundle on its way through the checks.
type subject struct {
	bundle      *Bundle
	content     verify.SignatureContent
	verifier    verify.VerificationContent
	material    root.TrustedMaterial // the trust root, and the signer's key if it has one
	artifact    []byte               // SHA-256 of the file, or nil
	signature   []byte
	certificate *x509.Certificate // or nil: then it is a key
	key         crypto.PublicKey
	keyDER      []byte
	times       []time.Time // of all timestamps that count
	proof       Proof
}

// open takes a bundle apart and sees that it is about what was asked.
func (v *Verifier) open(b *Bundle, artifact []byte) (*subject, *Fault) {
	s := &subject{bundle: b, material: v.trusted, artifact: artifact}
	var err error
	if s.content, err = b.parsed.SignatureContent(); err != nil {
		return nil, malformed("a signature over a file or a signed statement", "neither")
	}
	if s.verifier, err = b.parsed.VerificationContent(); err != nil {
		return nil, malformed("a certificate or the name of a public key", "something else")
	}
	s.signature = s.content.Signature()
	switch {
	case b.IsStatement() && artifact != nil:
		return nil, malformed("a signature over the file itself", "a signed statement")
	case !b.IsStatement() && artifact == nil:
		return nil, malformed("a signed statement", "a signature over a file")
	case b.IsStatement():
		s.proof.Statement = b.parsed.GetDsseEnvelope().GetPayload()
	case !bytes.Equal(artifact, b.parsed.GetMessageSignature().GetMessageDigest().GetDigest()):
		return nil, fault(verdict.Signature, "a signature over the file with SHA-256 "+hex.EncodeToString(artifact),
			"one over "+hex.EncodeToString(b.parsed.GetMessageSignature().GetMessageDigest().GetDigest()), adviceBundle)
	}
	if s.certificate = s.verifier.Certificate(); s.certificate != nil {
		s.key = s.certificate.PublicKey
		return s, s.readCertificate()
	}
	return s, nil
}

// readCertificate takes from the certificate what the proof says if it holds.
func (s *subject) readCertificate() *Fault {
	c := s.certificate
	summary, err := guarded(func() (certificate.Summary, error) { return certificate.SummarizeCertificate(c) })
	if err != nil {
		return malformed("a certificate with a subject and Fulcio's extensions", "another one")
	}
	// Which one would a policy mean?
	if n := len(c.URIs) + len(c.EmailAddresses) + len(c.DNSNames) + len(c.IPAddresses); n > 1 {
		return malformed("a certificate with one subject", "one with "+strconv.Itoa(n))
	}
	p := &s.proof
	p.Subject, p.Issuer = summary.SubjectAlternativeName, summary.Issuer
	p.Repository, p.Ref, p.Commit = summary.SourceRepositoryURI, summary.SourceRepositoryRef, summary.SourceRepositoryDigest
	p.Builder = summary.BuildSignerURI
	return nil
}

// checkTimestamps finds out when the signature was there.
func (v *Verifier) checkTimestamps(s *subject) *Fault {
	expected := strconv.Itoa(v.timestamps) + " timestamps of the signature by different authorities of the trust root"
	if v.timestamps == 1 {
		expected = "a timestamp of the signature by an authority of the trust root"
	}
	all, _ := s.bundle.parsed.Timestamps()
	if len(all) == 0 {
		return fault(verdict.Timestamp, expected, "none", adviceBundle)
	}
	stamps, err := guarded(func() ([]*root.Timestamp, error) {
		valid, _, err := verify.VerifySignedTimestamp(s.bundle.parsed, v.trusted)
		return valid, err
	})
	if err != nil || len(stamps) < v.timestamps {
		return fault(verdict.Timestamp, expected,
			strconv.Itoa(len(stamps))+" that hold, of "+strconv.Itoa(len(all)), adviceRoot)
	}
	for _, stamp := range stamps {
		s.times = append(s.times, stamp.Time)
	}
	s.proof.Time = nth(s.times, v.timestamps)
	return nil
}

// checkCertificate sees that the certificate was valid at the time of every
// timestamp, and public.
func (v *Verifier) checkCertificate(s *subject) *Fault {
	if s.certificate == nil {
		return nil
	}
	// crypto/x509 does not know SANs of other kinds, such as user names; the
	// summary of the certificate has read them.
	s.certificate.UnhandledCriticalExtensions = withoutSAN(s.certificate.UnhandledCriticalExtensions)
	var chains [][]*x509.Certificate
	for _, at := range s.times {
		var err error
		if chains, err = verify.VerifyLeafCertificate(at, s.certificate, v.trusted); err != nil {
			return v.notCertified(s.certificate, at)
		}
	}
	_, err := guarded(func() (any, error) {
		return nil, verify.VerifySignedCertificateTimestamp(chains, 1, v.trusted)
	})
	if err != nil {
		return fault(verdict.Signature, "a certificate that a certificate transparency log of the trust root has promised to publish",
			"one without such a promise (SCT)", adviceRefuse)
	}
	return nil
}

// notCertified says whether a certificate is by a stranger or of another time.
func (v *Verifier) notCertified(c *x509.Certificate, at time.Time) *Fault {
	for _, authority := range v.trusted.FulcioCertificateAuthorities() {
		fulcio, ok := authority.(*root.FulcioCertificateAuthority)
		if !ok {
			continue
		}
		always := *fulcio
		always.ValidityPeriodStart, always.ValidityPeriodEnd = time.Time{}, time.Time{}
		if _, err := always.Verify(c, c.NotBefore); err != nil {
			continue
		}
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return fault(verdict.Timestamp, "a signature made while the certificate was valid, "+span(c.NotBefore, c.NotAfter),
				"one of "+moment(at), adviceRefuse)
		}
		return fault(verdict.Timestamp, "a signature made while the certificate authority was trusted, "+
			span(fulcio.ValidityPeriodStart, fulcio.ValidityPeriodEnd), "one of "+moment(at), adviceRoot)
	}
	return fault(verdict.Signature, "a certificate by an authority of the trust root",
		"one by "+verdict.Quote(c.Issuer.String()), adviceRoot)
}

// checkSignature checks the signature itself. For signers with keys of their
// own it finds the identity whose key it is.
func (v *Verifier) checkSignature(s *subject) *Fault {
	if s.certificate != nil {
		if f := s.checkAlgorithm(); f != nil {
			return f
		}
		if err := s.checkBytes(); err != nil {
			return fault(verdict.Signature, "a signature by the key in the certificate", "one that does not fit", adviceRefuse)
		}
		return nil
	}
	for _, m := range v.identities {
		if m.key == nil {
			continue
		}
		known, err := signature.LoadDefaultVerifier(m.key)
		if err != nil {
			continue
		}
		s.key = m.key
		s.material = withKey{v.trusted, root.NewExpiringKey(known, time.Time{}, time.Time{})}
		if s.checkAlgorithm() != nil || s.checkBytes() != nil {
			continue
		}
		if s.keyDER, err = x509.MarshalPKIXPublicKey(m.key); err != nil {
			continue
		}
		s.proof.Identity = m.identity
		s.proof.Key = base64.StdEncoding.EncodeToString(s.keyDER)
		return nil
	}
	return fault(verdict.Signature, v.signers(), "one by another key, or that does not fit", adviceIdentity)
}

func (s *subject) checkAlgorithm() *Fault {
	a := algorithmOf(s.key)
	if a == nil || s.artifact != nil && a.hash != crypto.SHA256 {
		return fault(verdict.Signature, "ECDSA on P-256, or for statements on P-384", "a key of another kind",
			"A publisher has to sign again with such a key.")
	}
	return nil
}

func (s *subject) checkBytes() error {
	_, err := guarded(func() (any, error) {
		if s.artifact == nil {
			return nil, verify.VerifySignature(s.content, s.verifier, s.material)
		}
		digests := []verify.ArtifactDigest{{Algorithm: "sha256", Digest: s.artifact}}
		return nil, verify.VerifySignatureWithArtifactDigests(s.content, s.verifier, s.material, digests)
	})
	return err
}

// digest returns what the signature is over.
func (s *subject) digest(a *algorithm) []byte {
	if s.artifact != nil {
		return s.artifact
	}
	h := a.new()
	h.Write(preAuthEncoding(PayloadType, s.proof.Statement))
	return h.Sum(nil)
}

// withKey is a trust root and one key, whatever name a bundle gives to it.
type withKey struct {
	*root.TrustedRoot
	key *root.ExpiringKey
}

// PublicKeyVerifier implements root.TrustedMaterial.
func (m withKey) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) {
	if m.key == nil {
		return nil, errors.New("no key")
	}
	return m.key, nil
}
