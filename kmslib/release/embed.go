// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"encoding/base64"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// EmbedFormat is the format of embed.json.
const EmbedFormat = label.Embed

// OriginPlaceholder stands in embed.json for the enclave's origin, which only
// the embedder knows.
const OriginPlaceholder = "{origin}"

// The attributes of the iframe, as the SDK sets them.
const (
	FrameSandbox        = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads"
	FrameAllow          = "publickey-credentials-get; publickey-credentials-create; clipboard-write"
	FrameReferrerPolicy = "strict-origin"
)

// Embed is the content of embed.json: what a page that embeds the enclave must
// know beside its origin.
type Embed struct {
	Entry          string
	Sandbox        string            // attributes of the iframe
	Allow          string            //
	ReferrerPolicy string            //
	Hashes         map[string]string // SHA-256 in base64url by URL, each beginning with OriginPlaceholder
}

// EmbedOf returns what belongs in the embed.json of a release with these files.
func EmbedOf(entry File) Embed {
	hash := base64.RawURLEncoding.EncodeToString(entry.Sum())
	return Embed{
		Entry: entry.Path, Sandbox: FrameSandbox, Allow: FrameAllow, ReferrerPolicy: FrameReferrerPolicy,
		Hashes: map[string]string{OriginPlaceholder + "/": hash, OriginPlaceholder + "/" + entry.Path: hash},
	}
}

// Marshal returns the canonical bytes of embed.json, the inverse of ParseEmbed.
// The error is a *FormatError, wrapped.
func (e Embed) Marshal() ([]byte, error) {
	if err := e.validate(); err != nil {
		return nil, &writeError{EmbedPath, err}
	}
	var hashes []wire.Member
	for url, hash := range e.Hashes {
		hashes = append(hashes, text(url, hash))
	}
	return wire.Object(
		text("format", EmbedFormat),
		text("entry", e.Entry),
		wire.Member{Name: "iframe", Value: wire.Object(
			text("sandbox", e.Sandbox), text("allow", e.Allow), text("referrerpolicy", e.ReferrerPolicy),
		)},
		wire.Member{Name: "waict", Value: wire.Object(
			wire.Member{Name: "hashes", Value: wire.Object(hashes...)},
		)},
	).Append(nil), nil
}

// ParseEmbed reads the bytes of embed.json. It returns a *wire.SyntaxError,
// *wire.FieldError or *FormatError, wrapped.
func ParseEmbed(data []byte) (Embed, error) {
	e, err := parseEmbed(data)
	if err != nil {
		return Embed{}, &readError{EmbedPath, err}
	}
	return e, nil
}

func parseEmbed(data []byte) (Embed, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return Embed{}, err
	}
	r := wire.NewObjectReader(v)
	if r.String("format") != EmbedFormat {
		r.Refuse("format", "expected "+EmbedFormat)
	}
	frame := r.Object("iframe")
	e := Embed{
		Entry: r.String("entry"), Sandbox: frame.String("sandbox"), Allow: frame.String("allow"),
		ReferrerPolicy: frame.String("referrerpolicy"), Hashes: map[string]string{},
	}
	waict, _ := v.Get("waict")
	hashes, _ := waict.Get("hashes")
	members, _ := hashes.Members()
	reader := r.Object("waict").Object("hashes")
	for _, m := range members {
		e.Hashes[m.Name] = reader.String(m.Name)
	}
	if err := r.Done(); err != nil {
		return Embed{}, err
	}
	return e, e.validate()
}

func (e Embed) validate() error {
	if err := checkPath(e.Entry); err != nil {
		return err
	}
	sandbox := strings.Split(e.Sandbox, " ")
	switch {
	case !slices.Contains(sandbox, "allow-scripts") || !slices.Contains(sandbox, "allow-same-origin"):
		return &FormatError{Reason: "iframe.sandbox: expected allow-scripts and allow-same-origin"}
	case !isAmong(sandbox, strings.Split(FrameSandbox, " ")):
		return &FormatError{Reason: "iframe.sandbox: expected some of " + FrameSandbox}
	case !isAmong(strings.Split(e.Allow, "; "), strings.Split(FrameAllow, "; ")):
		return &FormatError{Reason: "iframe.allow: expected some of " + FrameAllow}
	case e.ReferrerPolicy != FrameReferrerPolicy:
		return &FormatError{Reason: "iframe.referrerpolicy: expected " + FrameReferrerPolicy}
	}
	return e.validateHashes()
}

// validateHashes checks that the document is pinned at both of its addresses,
// to one hash, and nothing else is.
func (e Embed) validateHashes() error {
	root, named := e.Hashes[OriginPlaceholder+"/"], e.Hashes[OriginPlaceholder+"/"+e.Entry]
	if len(e.Hashes) != 2 || root != named {
		return &FormatError{Reason: "waict.hashes: expected one hash for " + OriginPlaceholder + "/ and for the entry below it"}
	}
	sum, err := base64.RawURLEncoding.Strict().DecodeString(root)
	if err != nil || len(sum) != 32 || len(root) != 43 {
		return &FormatError{Reason: "waict.hashes: expected a SHA-256 in 43 digits of base64url"}
	}
	return nil
}

// isAmong says whether each of words is allowed, and none is there twice.
func isAmong(words, allowed []string) bool {
	for i, word := range words {
		if !slices.Contains(allowed, word) || slices.Contains(words[:i], word) {
			return false
		}
	}
	return true
}
