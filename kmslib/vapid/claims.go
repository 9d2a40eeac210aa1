// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vapid

import (
	"strings"

	"ats.run/kms-enclave/kmslib/origin"
)

// MaxLifetime is how far exp may be from now, in seconds (RFC 8292, section 2).
const MaxLifetime = 24 * 60 * 60

const (
	maxSubject = 256 // bytes
	maxID      = 64  // bytes of jti
	maxSkew    = 60  // seconds by which clocks may differ
)

// Claims is what a token says.
type Claims struct {
	Audience string // aud
	Expires  int64  // exp, Unix seconds
	Subject  string // sub
	IssuedAt int64  // iat, Unix seconds; 0 if absent
	ID       string // jti; "" if absent
}

// ClaimError says which claim was refused and why, in fixed words.
type ClaimError struct {
	Claim  string // "aud", "exp", "sub", "iat" or "jti"
	Reason string
}

// Error describes the refusal.
func (e *ClaimError) Error() string { return "claim " + e.Claim + ": " + e.Reason }

// Check returns nil if the claims are allowed in a token at the time now, in
// Unix seconds, else a *ClaimError.
func (c Claims) Check(now int64) error {
	if err := c.checkForm(); err != nil {
		return err
	}
	switch {
	case c.Expires <= now:
		return &ClaimError{"exp", "expected a time after now"}
	case c.Expires-now > MaxLifetime:
		return &ClaimError{"exp", "expected a time at most 24 hours from now"}
	case c.IssuedAt-now > maxSkew:
		return &ClaimError{"iat", "expected a time not after now"}
	}
	return nil
}

// checkForm checks what does not depend on the time.
func (c Claims) checkForm() error {
	audience, err := origin.Parse(c.Audience)
	switch {
	case err != nil:
		return &ClaimError{"aud", err.Error()}
	case !audience.IsHTTPS():
		return &ClaimError{"aud", "expected an https origin"}
	case c.Expires <= 0 || c.Expires > maxTime:
		return &ClaimError{"exp", "expected Unix seconds"}
	case c.IssuedAt < 0 || c.IssuedAt > maxTime:
		return &ClaimError{"iat", "expected Unix seconds"}
	case len(c.ID) > maxID || !containsOnly(c.ID, base64urlCharacters):
		return &ClaimError{"jti", "expected at most 64 characters of A-Z a-z 0-9 - _"}
	}
	return checkSubject(c.Subject)
}

// maxTime is the last second of the year 9999: times beyond are milliseconds
// by mistake, and sums with them could overflow.
const maxTime = 253402300799

const (
	base64urlCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	uriCharacters       = base64urlCharacters + ".~:/?#[]@!$&'()*+,;=%" // RFC 3986, section 2
)

// checkSubject checks a contact URI (RFC 8292, section 2.1).
func checkSubject(subject string) error {
	if len(subject) > maxSubject {
		return &ClaimError{"sub", "longer than 256 bytes"}
	}
	if !containsOnly(subject, uriCharacters) {
		return &ClaimError{"sub", "has a character that a URI cannot have"}
	}
	if address, ok := strings.CutPrefix(subject, "mailto:"); ok {
		return checkAddress(address)
	}
	rest, ok := strings.CutPrefix(subject, "https://")
	if !ok {
		return &ClaimError{"sub", "expected a mailto: or https: URI"}
	}
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	if _, err := origin.Parse("https://" + host); err != nil {
		return &ClaimError{"sub", err.Error()}
	}
	return nil
}

// checkAddress checks the one address that a mailto URI must have, before any
// header fields (RFC 6068, section 2).
func checkAddress(address string) error {
	address, _, _ = strings.Cut(address, "?")
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(domain, "@,") {
		return &ClaimError{"sub", "expected one address, name@domain, after mailto:"}
	}
	return nil
}

func containsOnly(s, characters string) bool {
	for i := range len(s) {
		if strings.IndexByte(characters, s[i]) < 0 {
			return false
		}
	}
	return true
}
