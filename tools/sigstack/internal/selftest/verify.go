// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package selftest

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"filippo.io/torchwood"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"

	"ats.run/kms-enclave/tools/sigstack/internal/stack"
)

// Wanted is what a bundle must show.
type Wanted struct {
	Info            *stack.Info
	Artifact        []byte // of a message; for a statement the artifact that it has as a subject
	Issuer, Subject string
	Key             sign.Keypair // instead of issuer and subject
}

// Found is what it showed.
type Found struct {
	Result    *verify.VerificationResult
	Index     int64
	Witnesses []string // names of the witnesses that cosigned the checkpoint
}

// Verify checks a bundle without a network. The cosignatures, which sigstore-go leaves out, are counted.
func Verify(data []byte, w Wanted) (*Found, error) {
	trusted, err := root.NewTrustedRootFromPath(w.Info.TrustedRoot)
	if err != nil {
		return nil, err
	}
	var b bundle.Bundle
	if err := b.UnmarshalJSON(data); err != nil {
		return nil, err
	}
	material, options := root.TrustedMaterial(trusted), []verify.VerifierOption{
		verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1)}
	var who verify.PolicyOption
	if w.Key != nil {
		checker, err := signature.LoadDefaultVerifier(w.Key.GetPublicKey())
		if err != nil {
			return nil, err
		}
		key := root.NewExpiringKey(checker, time.Time{}, time.Time{})
		material = root.TrustedMaterialCollection{trusted,
			root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return key, nil })}
		who = verify.WithKey()
	} else {
		identity, err := verify.NewShortCertificateIdentity(w.Issuer, "", w.Subject, "")
		if err != nil {
			return nil, err
		}
		options = append(options, verify.WithSignedCertificateTimestamps(1))
		who = verify.WithCertificateIdentity(identity)
	}
	verifier, err := verify.NewVerifier(material, options...)
	if err != nil {
		return nil, err
	}
	result, err := verifier.Verify(&b, verify.NewPolicy(verify.WithArtifact(bytes.NewReader(w.Artifact)), who))
	if err != nil {
		return nil, err
	}
	entries := b.GetVerificationMaterial().GetTlogEntries()
	if len(entries) != 1 {
		return nil, fmt.Errorf("expected one log entry, found %d", len(entries))
	}
	witnesses, err := Cosigned(w.Info, entries[0].GetInclusionProof().GetCheckpoint().GetEnvelope())
	return &Found{Result: result, Index: entries[0].GetLogIndex(), Witnesses: witnesses}, err
}

// Cosigned returns the names of the witnesses whose cosignatures on the checkpoint are good and recent.
func Cosigned(info *stack.Info, checkpoint string) ([]string, error) {
	log, err := note.NewVerifier(info.LogKey)
	if err != nil {
		return nil, err
	}
	verifiers, names := []note.Verifier{log}, map[string]string{}
	for _, w := range info.Witnesses {
		v, err := torchwood.NewCosignatureVerifier(w.VKey)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, v)
		names[v.Name()] = w.Name
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifiers...))
	if err != nil {
		return nil, err
	}
	var cosigned []string
	signed := false
	for _, s := range opened.Sigs {
		signed = signed || s.Name == log.Name()
		if name, ok := names[s.Name]; ok {
			cosigned = append(cosigned, name)
		}
	}
	if !signed {
		return nil, errors.New("the checkpoint lacks the log's own signature")
	}
	return cosigned, nil
}
