// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"

	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/verdict"
)

// matcher is one identity made ready.
type matcher struct {
	identity policy.Identity
	pattern  *regexp.Regexp   // of subjects, or nil
	key      *ecdsa.PublicKey // or nil
}

func newMatcher(i policy.Identity) (matcher, error) {
	m := matcher{identity: i}
	if i.Key != "" {
		if i.Issuer != "" || i.Subject != "" || i.SubjectPattern != "" {
			return m, errors.New("either a key or an issuer with a subject")
		}
		der, err := base64.StdEncoding.Strict().DecodeString(i.Key)
		if err != nil {
			return m, errKey
		}
		key, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			return m, errKey
		}
		public, ok := key.(*ecdsa.PublicKey)
		if !ok || algorithmOf(public) == nil {
			return m, errKey
		}
		m.key = public
		return m, nil
	}
	if i.Issuer == "" || (i.Subject == "") == (i.SubjectPattern == "") {
		return m, errors.New("an issuer, and either a subject or a pattern of subjects")
	}
	if i.SubjectPattern == "" {
		return m, nil
	}
	if !strings.HasPrefix(i.SubjectPattern, "^") || !strings.HasSuffix(i.SubjectPattern, "$") {
		return m, errPattern
	}
	// Around the whole, so that "^a|b$" is no way past the anchors.
	pattern, err := regexp.Compile(`\A(?:` + i.SubjectPattern + `)\z`)
	if err != nil {
		return m, errPattern
	}
	m.pattern = pattern
	return m, nil
}

var (
	errKey     = errors.New("the base64 of an ECDSA key on P-256 or P-384")
	errPattern = errors.New("a pattern of subjects that begins with ^ and ends with $")
)

// certified says whether a certificate with this issuer and subject is the
// identity's.
func (m matcher) certified(issuer, subject string) bool {
	if m.key != nil || issuer != m.identity.Issuer {
		return false
	}
	if m.pattern != nil {
		return m.pattern.MatchString(subject)
	}
	return subject == m.identity.Subject
}

// checkIdentity compares who signed, as proven, with who may.
func (v *Verifier) checkIdentity(s *subject) *Fault {
	if s.certificate == nil {
		return nil // the key came from an identity, see checkSignature
	}
	for _, m := range v.identities {
		if m.certified(s.proof.Issuer, s.proof.Subject) {
			s.proof.Identity = m.identity
			return nil
		}
	}
	return fault(verdict.Signature, v.signers(),
		verdict.Quote(s.proof.Subject)+" of "+verdict.Quote(s.proof.Issuer), adviceIdentity)
}

// signers names who may sign, for people.
func (v *Verifier) signers() string {
	if len(v.identities) == 1 {
		return "a signature by " + v.identities[0].identity.String()
	}
	var names []string
	for _, m := range v.identities {
		names = append(names, m.identity.String())
	}
	return "a signature by one of: " + strings.Join(names, ", ")
}
