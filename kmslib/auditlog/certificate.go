// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"context"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// maxScope is the number of items that a scope may have.
const maxScope = 256

// Certificate lets a delegated key sign entries while the log key is locked away.
type Certificate struct {
	User      string
	Point     []byte   // of the delegated key: an uncompressed P-256 point
	Scope     []string // "method:outcome", sorted; either part may be "*", not both
	NotBefore int64    // first and
	NotAfter  int64    // last time of an entry, Unix seconds
	Code      string   // digest of the release that may use the key
	Signature []byte   // r ‖ s by the log key over Message
}

// CoverError says that a certificate does not allow an entry, and in which
// respect: KindUser, KindScope, KindValidity or KindCode.
type CoverError struct{ Kind Kind }

// Error describes the refusal.
func (e *CoverError) Error() string {
	return "audit log: the certificate of the delegated key does not allow this entry: " + string(e.Kind)
}

// ID returns the id of the delegated key.
func (c Certificate) ID() string { return keyID(c.Point) }

// Message returns what the log key signs: the label of the format, a newline and
// the canonical certificate without its signature.
func (c Certificate) Message() []byte {
	message := append([]byte(label.LogDelegation), '\n')
	return wire.Object(c.members()...).Append(message)
}

func (c Certificate) members() []wire.Member {
	scope := make([]wire.Value, 0, len(c.Scope))
	for _, item := range c.Scope {
		scope = append(scope, wire.String(item))
	}
	return []wire.Member{
		member("format", wire.String(label.LogDelegation)),
		member("user", wire.String(c.User)),
		member("point", wire.String(encode(c.Point))),
		member("scope", wire.Array(scope...)),
		member("notBefore", wire.Int(c.NotBefore)),
		member("notAfter", wire.Int(c.NotAfter)),
		member("code", wire.String(c.Code)),
	}
}

func (c Certificate) value() wire.Value {
	return wire.Object(append(c.members(), member("signature", wire.String(encode(c.Signature))))...)
}

// Marshal returns the value that ParseCertificate reads.
func (c Certificate) Marshal() []byte { return c.value().Append(nil) }

// SignCertificate returns the certificate with its scope sorted and signed by the
// log key. The errors are *FormatError, ErrSignature and those of the signer.
func SignCertificate(ctx context.Context, c Certificate, logKey Signer) (Certificate, error) {
	c.Point, c.Scope = slices.Clone(c.Point), slices.Clone(c.Scope)
	slices.Sort(c.Scope)
	c.Scope = slices.Compact(c.Scope)
	if err := c.check(); err != nil {
		return Certificate{}, err
	}
	signature, err := logKey.Sign(ctx, c.Message())
	if err != nil {
		return Certificate{}, err
	}
	if len(signature) != SignatureSize {
		return Certificate{}, ErrSignature
	}
	c.Signature = signature
	return c, nil
}

// ParseCertificate reads a stored certificate of a user's log. It does not check
// the signature. The error is a *FormatError.
func ParseCertificate(user string, value []byte) (Certificate, error) {
	v, err := wire.ParseCanonical(value)
	if err != nil {
		return Certificate{}, refuse("certificate", err.Error())
	}
	c, err := certificateOf(v)
	if err != nil {
		return Certificate{}, err
	}
	if c.User != user {
		return Certificate{}, refuse("certificate", "it belongs to another place")
	}
	return c, nil
}

func certificateOf(v wire.Value) (Certificate, error) {
	in := wire.NewObjectReader(v)
	readFormat(in, label.LogDelegation)
	c := Certificate{
		User: in.String("user"), Point: bytesOf(in, "point", PointSize), Scope: in.Strings("scope"),
		NotBefore: in.Int("notBefore"), NotAfter: in.Int("notAfter"), Code: in.String("code"),
		Signature: bytesOf(in, "signature", SignatureSize),
	}
	if err := in.Done(); err != nil {
		return Certificate{}, refuse("certificate", err.Error())
	}
	if err := c.check(); err != nil {
		return Certificate{}, err
	}
	return c, nil
}

func (c Certificate) check() error {
	reason := ""
	switch {
	case !isName(c.User):
		reason = "user: expected 1 to 64 characters of A-Z a-z 0-9 - _"
	case !isPoint(c.Point):
		reason = "point: expected an uncompressed P-256 point"
	case c.NotBefore < 0 || c.NotAfter < c.NotBefore || c.NotAfter > wire.MaxInt:
		reason = "notBefore, notAfter: expected Unix seconds in order"
	case !isDigest(c.Code):
		reason = "code: expected a release digest, 64 hexadecimal digits"
	case len(c.Scope) == 0 || len(c.Scope) > maxScope || slices.ContainsFunc(c.Scope, isNoScope):
		reason = "scope: expected 1 to 256 of method:outcome, one of which may be *"
	case !slices.IsSorted(c.Scope) || len(slices.Compact(slices.Clone(c.Scope))) != len(c.Scope):
		reason = "scope: expected it sorted, each item once"
	}
	if reason != "" {
		return refuse("certificate", reason)
	}
	return nil
}

func isNoScope(item string) bool {
	method, outcome, found := strings.Cut(item, ":")
	methodOK, outcomeOK := method == "*" || isMethod(method), outcome == "*" || isWord(outcome, 32, "_")
	return !found || !methodOK || !outcomeOK || method == "*" && outcome == "*"
}

// Covers returns nil if the certificate allows its key to sign the entry, else a
// *CoverError.
func (c Certificate) Covers(e Entry) error {
	if missing := c.missing(e); len(missing) > 0 {
		return &CoverError{missing[0]}
	}
	return nil
}

// missing returns in which respects the certificate does not allow the entry.
func (c Certificate) missing(e Entry) []Kind {
	var kinds []Kind
	if c.User != e.User {
		kinds = append(kinds, KindUser)
	}
	if !slices.Contains(c.Scope, e.Method+":"+e.Outcome) && !slices.Contains(c.Scope, e.Method+":*") &&
		!slices.Contains(c.Scope, "*:"+e.Outcome) {
		kinds = append(kinds, KindScope)
	}
	if e.Time < c.NotBefore || e.Time > c.NotAfter {
		kinds = append(kinds, KindValidity)
	}
	if e.Release != c.Code {
		kinds = append(kinds, KindCode)
	}
	return kinds
}
