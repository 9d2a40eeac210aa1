// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"net/netip"
	"net/url"
	"regexp/syntax"
	"strings"
)

// check refuses identities that are none, or more than one means.
func (i Identity) check(field string) error {
	if i.Key != "" {
		if i.Issuer != "" || i.Subject != "" || i.SubjectPattern != "" {
			return refuse(field, "expected either a key or an issuer with a subject, not both")
		}
		if parseKey(i.Key) == nil {
			return refuse(field+".key", "expected base64 of a DER SubjectPublicKeyInfo: ECDSA on P-256 or P-384")
		}
		return nil
	}
	switch {
	case !isIssuer(i.Issuer):
		return refuse(field+".issuer", "expected the https URL of an OpenID Connect issuer, exactly as certificates carry it (http only on loopback)")
	case (i.Subject == "") == (i.SubjectPattern == ""):
		return refuse(field, "expected one of subject, subjectPattern and key")
	case i.Subject != "" && !isText(i.Subject, maxText):
		return refuse(field+".subject", "expected the subject exactly as certificates carry it, in visible ASCII")
	case i.SubjectPattern != "":
		if reason := refusePattern(i.SubjectPattern); reason != "" {
			return refuse(field+".subjectPattern", reason)
		}
	}
	return nil
}

// isIssuer says whether s is an https URL, or http on loopback, where tests
// and trials run.
func isIssuer(s string) bool {
	if isHTTPS(s) {
		return true
	}
	u, err := url.Parse(s)
	if !isVisible(s) || err != nil || u.Scheme != "http" || u.User != nil {
		return false
	}
	address, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && address.IsLoopback()
}

// refusePattern says why a pattern of subjects does not do, or "". It must be
// anchored as a whole ("^a|b$" is not: it means "^a" or "b$"), and begin with
// an account literally, so that nobody outside it can match.
func refusePattern(pattern string) string {
	if !isVisible(pattern) {
		return "expected an RE2 pattern in visible ASCII"
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "expected an RE2 pattern: " + string(err.(*syntax.Error).Code)
	}
	parts := tree.Sub
	anchored := tree.Op == syntax.OpConcat && len(parts) >= 3 &&
		parts[0].Op == syntax.OpBeginText && parts[len(parts)-1].Op == syntax.OpEndText
	if !anchored {
		return `expected a pattern anchored as a whole, "^…$"; put alternatives into a group`
	}
	u, err := url.Parse(literalPrefix(pattern))
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Count(u.Path, "/") < 2 {
		return `expected a pattern that begins with a scheme, a host and an account literally, dots escaped, such as "^https://forge\.example/acme/…$"`
	}
	return ""
}

// literalPrefix returns the text with which all that an anchored pattern
// matches begins.
func literalPrefix(pattern string) string {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || len(tree.Sub) < 2 || tree.Sub[1].Op != syntax.OpLiteral || tree.Sub[1].Flags&syntax.FoldCase != 0 {
		return ""
	}
	return string(tree.Sub[1].Rune)
}

// parseKey returns a public key of a kind that is accepted, or nil. The text
// must be the one spelling of it.
func parseKey(text string) *ecdsa.PublicKey {
	der, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(der) != text {
		return nil
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil
	}
	// One key has one encoding: else one member could be there twice.
	if again, err := x509.MarshalPKIXPublicKey(key); err != nil || string(again) != string(der) {
		return nil
	}
	if k, ok := key.(*ecdsa.PublicKey); ok && (k.Curve == elliptic.P256() || k.Curve == elliptic.P384()) {
		return k
	}
	return nil
}
