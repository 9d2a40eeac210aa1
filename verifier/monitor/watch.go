// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/trust"
)

// role is what a watched signer does.
type role int

const (
	publisher role = iota // signs releases, or the updates of apps
	rebuilder
)

// watched is one signer whose entries are selected.
type watched struct {
	role     role
	name     string
	identity policy.Identity
	pattern  *regexp.Regexp // of subjects, or nil
}

// watch is everybody whose entries are selected.
type watch struct {
	trust   *trust.Root
	signers []watched
}

// newWatch returns the publishers, update keys and rebuilders of a policy.
func newWatch(p *policy.Policy, trusted *trust.Root) watch {
	w := watch{trust: trusted}
	add := func(role role, name string, identity policy.Identity) {
		signer := watched{role: role, name: name, identity: identity}
		if identity.SubjectPattern != "" {
			// What does not compile matches everybody of that issuer: rather an alarm too many.
			signer.pattern = regexp.MustCompile("")
			if compiled, err := regexp.Compile("^(?:" + identity.SubjectPattern + ")$"); err == nil {
				signer.pattern = compiled
			}
		}
		w.signers = append(w.signers, signer)
	}
	for _, member := range p.Publishers {
		add(publisher, member.Name, member.Identity)
	}
	if p.Update != nil {
		for _, key := range p.Update.Keys {
			add(publisher, "update key", policy.Identity{Key: key})
		}
	}
	for _, member := range p.Rebuilders.Members {
		add(rebuilder, member.Name, member.Identity)
	}
	return w
}

// digest returns the SHA-256, in hexadecimal, of who is watched: of a JSON
// array of one array for each, of its identity's four members and "publisher"
// or "rebuilder". Entries that were looked at for others have to be looked at
// again.
func (w watch) digest() string {
	var all []wire.Value
	for _, s := range w.signers {
		role := "publisher"
		if s.role == rebuilder {
			role = "rebuilder"
		}
		all = append(all, wire.Array(wire.String(s.identity.Issuer), wire.String(s.identity.Subject),
			wire.String(s.identity.SubjectPattern), wire.String(s.identity.Key), wire.String(role)))
	}
	sum := sha256.Sum256(wire.Array(all...).Append(nil))
	return hex.EncodeToString(sum[:])
}

// selected returns whose entry it is, or nil if it is nobody's; claimed says
// that its certificate names a signer but does not chain to the trust root, so
// that nobody who relies on that root believes it.
func (w watch) selected(e *entry) (signer *watched, claimed bool) {
	issuer, subject := "", ""
	if e.certificate != nil {
		summary, err := certificate.SummarizeCertificate(e.certificate)
		if err != nil {
			return nil, false // no certificate of a Sigstore authority names no subject
		}
		issuer, subject = summary.Issuer, summary.SubjectAlternativeName
	}
	for i := range w.signers {
		if !w.signers[i].matches(issuer, subject, e.key) {
			continue
		}
		if e.certificate != nil && !w.isTrusted(e) {
			return nil, true
		}
		return &w.signers[i], false
	}
	return nil, false
}

func (s *watched) matches(issuer, subject, key string) bool {
	switch {
	case s.identity.Key != "":
		return key == s.identity.Key
	case key != "" || issuer != s.identity.Issuer:
		return false
	case s.pattern != nil:
		return s.pattern.MatchString(subject)
	}
	return subject == s.identity.Subject
}

// isTrusted says whether an authority of the trust root issued the
// certificate, while it might.
func (w watch) isTrusted(e *entry) bool {
	_, err := verify.VerifyLeafCertificate(e.certificate.NotBefore, e.certificate, w.trust.Material)
	return err == nil
}
