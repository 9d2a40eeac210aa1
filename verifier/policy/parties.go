// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/elliptic"
	"net/url"
	"regexp"
	"strings"
)

func (p *Policy) checkPublishers() error {
	if len(p.Publishers) < 1 || len(p.Publishers) > maxList {
		return refuse("publishers", "expected 1 to 64")
	}
	for i, publisher := range p.Publishers {
		field := at("publishers", i)
		if !isName(publisher.Name) {
			return refuse(field+".name", "expected 1 to 40 of a-z 0-9 -")
		}
		if !isURI(publisher.Builder) {
			return refuse(field+".builder", "expected the builder.id that this signer may speak for, a URI")
		}
		if err := publisher.Identity.check(field + ".identity"); err != nil {
			return err
		}
		if key := parseKey(publisher.Identity.Key); key != nil && key.Curve != elliptic.P256() {
			return refuse(field+".identity.key", "expected a P-256 key: logs take no signature over a file by another")
		}
		for _, other := range p.Publishers[:i] {
			if other.Name == publisher.Name || other.Identity == publisher.Identity {
				return refuse(field, "another publisher has the same name or identity")
			}
		}
	}
	return nil
}

func (p *Policy) checkRebuilders() error {
	r := p.Rebuilders
	if len(r.Members) == 0 && r.Threshold == 0 {
		return nil
	}
	if len(r.Members) > maxList {
		return refuse("rebuilders.members", "expected at most 64")
	}
	for i, member := range r.Members {
		field := at("rebuilders.members", i)
		switch {
		case !isName(member.Name):
			return refuse(field+".name", "expected 1 to 40 of a-z 0-9 -")
		case !isURI(member.Verifier):
			return refuse(field+".verifier", "expected the verifier.id that this signer may speak for, a URI")
		case member.Identity.SubjectPattern != "":
			return refuse(field+".identity", "expected one subject: a pattern can match two who are then counted as one, or one who is counted as two")
		}
		if err := member.Identity.check(field + ".identity"); err != nil {
			return err
		}
	}
	return checkThreshold("rebuilders.threshold", r.Threshold, len(r.Members))
}

// checkParties refuses parties that are counted twice: k of n means something
// only if n are different, and none of them is the one who is checked.
func (p *Policy) checkParties() error {
	for i, member := range p.Rebuilders.Members {
		field := at("rebuilders.members", i)
		for _, other := range p.Rebuilders.Members[:i] {
			switch {
			case other.Name == member.Name || other.Verifier == member.Verifier:
				return refuse(field, "another member has the same name or verifier")
			case sameParty(other.Identity, member.Identity):
				return refuse(field+".identity", "another member has the same identity, key or account: both are one rebuilder")
			}
		}
		for _, publisher := range p.Publishers {
			if sameParty(publisher.Identity, member.Identity) {
				return refuse(field+".identity", "a publisher has the same identity, key or account: nobody confirms their own release")
			}
		}
	}
	return nil
}

// sameParty says whether two identities may belong to one party: equal keys,
// equal subjects whoever issued them, subjects under one account, or a pattern
// that matches the other.
func sameParty(a, b Identity) bool {
	if a.Key != "" || b.Key != "" {
		return a.Key == b.Key
	}
	if account(a) == account(b) {
		return true
	}
	return a.Matches(b.Subject) || b.Matches(a.Subject)
}

// Matches says whether a certificate's subject is the identity's. A pattern
// matches the whole subject.
func (i Identity) Matches(subject string) bool {
	if subject == "" || i.Key != "" {
		return false
	}
	if i.SubjectPattern == "" {
		return subject == i.Subject
	}
	pattern, err := regexp.Compile(i.SubjectPattern)
	return err == nil && pattern.MatchString(subject)
}

// account returns who decides about a subject: of an http URI the host and
// first segment ("https://forge.example/acme"), of another URI the host, of
// anything else all of it. A pattern begins with its account literally.
func account(i Identity) string {
	subject := i.Subject
	if i.SubjectPattern != "" {
		subject = literalPrefix(i.SubjectPattern)
	}
	u, err := url.Parse(subject)
	if err != nil || u.Host == "" {
		return strings.ToLower(subject)
	}
	host := strings.ToLower(u.Host)
	if u.Scheme != "https" && u.Scheme != "http" {
		return u.Scheme + "://" + host
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return "https://" + host + "/" + strings.ToLower(first)
}
