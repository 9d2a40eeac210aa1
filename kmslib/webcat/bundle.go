// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webcat

import (
	"bytes"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
)

// The claims that an enrollment must have: OIDs of a certificate's extensions.
const (
	ClaimSubject = "2.5.29.17"
	ClaimIssuer  = "1.3.6.1.4.1.57264.1.8"
)

const (
	maxAge        = 365 * 24 * 60 * 60 // seconds
	maxSignatures = 16
)

// Enrollment is the content of enrollment.json.
type Enrollment struct {
	TrustedRoot []byte            // bytes of trusted_root.json
	Claims      map[string]string // by OID: the value, or "^" and its beginning
	MaxAge      int64             // seconds
}

// Marshal returns the canonical bytes of enrollment.json. The error is a
// *wire.SyntaxError about the trusted root, or a *FormatError.
func (e Enrollment) Marshal() ([]byte, error) {
	root, err := wire.Parse(e.TrustedRoot)
	if err != nil {
		return nil, err
	}
	if err := e.validate(root); err != nil {
		return nil, err
	}
	return wire.Object(
		text("type", "sigstore"),
		wire.Member{Name: "trusted_root", Value: root},
		wire.Member{Name: "claims", Value: object(e.Claims)},
		wire.Member{Name: "max_age", Value: wire.Int(e.MaxAge)},
	).Append(nil), nil
}

// ParseEnrollment reads the bytes of enrollment.json; TrustedRoot is in
// canonical JSON then. The error is a *wire.SyntaxError, *wire.FieldError or
// *FormatError.
func ParseEnrollment(data []byte) (*Enrollment, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return nil, err
	}
	return enrollment(v)
}

func enrollment(v wire.Value) (*Enrollment, error) {
	root, rest := split(v, "trusted_root")
	r := wire.NewObjectReader(rest)
	if r.String("type") != "sigstore" {
		r.Refuse("type", "expected sigstore")
	}
	e := &Enrollment{TrustedRoot: root.Append(nil), Claims: stringMap(v, r, "claims"), MaxAge: r.Int("max_age")}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return e, e.validate(root)
}

// split takes a member of any kind out of an object, null if it is not there.
func split(v wire.Value, name string) (member, rest wire.Value) {
	members, isObject := v.Members()
	if !isObject {
		return wire.Null(), v
	}
	var others []wire.Member
	for _, m := range members {
		if m.Name == name {
			member = m.Value
			continue
		}
		others = append(others, m)
	}
	return member, wire.Object(others...)
}

func (e *Enrollment) validate(root wire.Value) error {
	mediaType, _ := root.Get("mediaType")
	kind, _ := mediaType.AsString()
	switch {
	case !strings.HasPrefix(kind, "application/vnd.dev.sigstore.trustedroot"):
		return &FormatError{"trusted_root: expected a trusted root of Sigstore, with its mediaType"}
	case !isPlain(root):
		return &FormatError{"trusted_root: expected no control character in a string: the extension spells them differently"}
	case e.MaxAge < 1 || e.MaxAge > maxAge:
		return &FormatError{"max_age: expected 1 to 31536000 seconds"}
	case e.Claims[ClaimSubject] == "" || e.Claims[ClaimIssuer] == "":
		return &FormatError{"claims: expected the subject " + ClaimSubject + " and the issuer " + ClaimIssuer + ": without them anyone could sign"}
	}
	for oid, value := range e.Claims {
		isOID := strings.Contains(oid, ".") && strings.Trim(oid, "0123456789.") == ""
		if !isOID || value == "" || value == "^" || !isVisible(strings.ReplaceAll(value, " ", "")) {
			return &FormatError{"claims: expected OIDs, and values or ^ and their beginnings"}
		}
	}
	return nil
}

// isPlain says whether no string in v has a control character.
func isPlain(v wire.Value) bool {
	if s, ok := v.AsString(); ok {
		return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })
	}
	elements, _ := v.Elements()
	for _, e := range elements {
		if !isPlain(e) {
			return false
		}
	}
	members, _ := v.Members()
	for _, m := range members {
		if !isPlain(wire.String(m.Name)) || !isPlain(m.Value) {
			return false
		}
	}
	return true
}

// Contents is what a bundle holds.
type Contents struct {
	Enrollment *Enrollment
	Manifest   *Manifest
	Signatures [][]byte // Sigstore bundles in canonical JSON; not verified
	// Signed is the bytes that the signatures are over.
	Signed []byte
}

// Bundle returns the bytes of bundle.json from those of enrollment.json, of a
// manifest and of Sigstore bundles over it. A manifest that is still a template
// is refused: every visit would be blocked. The errors are those of the
// parsers.
func Bundle(enrollment, manifest []byte, signatures [][]byte) ([]byte, error) {
	e, err := wire.ParseCanonical(enrollment)
	if err != nil {
		return nil, err
	}
	m, err := wire.ParseCanonical(manifest)
	if err != nil {
		return nil, err
	}
	var list []wire.Value
	for _, signature := range signatures {
		s, err := wire.Parse(signature)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	data := wire.Object(
		wire.Member{Name: "enrollment", Value: e},
		wire.Member{Name: "manifest", Value: m},
		wire.Member{Name: "signatures", Value: wire.Array(list...)},
	).Append(nil)
	_, err = ParseBundle(data)
	if err != nil {
		return nil, err
	}
	return data, nil
}

// ParseBundle reads the bytes of bundle.json. It verifies no signature. The
// error is a *wire.SyntaxError, *wire.FieldError or *FormatError.
func ParseBundle(data []byte) (*Contents, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return nil, err
	}
	e, rest := split(v, "enrollment")
	m, rest := split(rest, "manifest")
	r := wire.NewObjectReader(rest)
	signatures := r.Array("signatures")
	if err := r.Done(); err != nil {
		return nil, err
	}
	c := &Contents{Signed: m.Append(nil)}
	if c.Enrollment, err = enrollment(e); err != nil {
		return nil, err
	}
	if c.Manifest, err = ParseManifest(c.Signed); err != nil {
		return nil, err
	}
	if c.Manifest.IsTemplate() {
		return nil, &FormatError{"manifest: expected the embedders of a deployment in its policies, not their placeholder"}
	}
	if len(signatures) < 1 || len(signatures) > maxSignatures {
		return nil, &FormatError{"signatures: expected 1 to 16"}
	}
	for _, s := range signatures {
		kind, _ := s.Get("mediaType")
		_, isMessage := s.Get("messageSignature")
		if mediaType, _ := kind.AsString(); mediaType != "application/vnd.dev.sigstore.bundle.v0.3+json" || !isMessage {
			return nil, &FormatError{"signatures: expected Sigstore bundles v0.3 with a message signature"}
		}
		c.Signatures = append(c.Signatures, bytes.Clone(s.Append(nil)))
	}
	return c, nil
}

// IsFor says whether the bundle is for an enrollment with these bytes.
func (c *Contents) IsFor(enrollment []byte) bool {
	own, err := c.Enrollment.Marshal()
	return err == nil && bytes.Equal(own, enrollment)
}
