// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webcat

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
)

// Name is the name of the application in its manifests.
const Name = "kms-enclave"

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// Manifest is the content of manifest.json.
type Manifest struct {
	Version         string
	DefaultCSP      string
	ExtraCSP        map[string]string // by path from "/" on
	DefaultIndex    string            // without "/"
	DefaultFallback string            // with "/"
	Files           map[string]Hash   // by path from "/" on
	WASM            []Hash
}

// FormatError says which part of a file was refused, and why, in fixed words.
type FormatError struct{ Reason string }

// Error describes the refusal.
func (e *FormatError) Error() string { return "WEBCAT: " + e.Reason }

// MismatchError says that a manifest and what it is about differ. It is about
// public data, and shows both sides.
type MismatchError struct {
	Path string // or the name of a member
	Want string // as it should be
	Got  string // as it is
}

// Error describes the mismatch.
func (e *MismatchError) Error() string {
	return "WEBCAT: " + e.Path + ": expected " + e.Want + ", found " + e.Got
}

// Of returns the manifest for a release, whose own WEBCAT manifest need not be
// listed yet, but has its header rule. The error is a *FormatError: a policy that the extension refuses.
func Of(m *release.Manifest) (*Manifest, error) {
	w := &Manifest{
		Version: m.Version, DefaultIndex: m.Entry, DefaultCSP: policyOf(m, m.Entry),
		ExtraCSP: map[string]string{}, Files: map[string]Hash{},
	}
	for _, rule := range m.Headers {
		for _, path := range rule.Paths {
			if policy := policyOf(m, path); policy != w.DefaultCSP && policy != "" {
				w.ExtraCSP["/"+path] = policy
			}
		}
	}
	for _, f := range m.Files {
		path := f.Path
		if f.Role == release.RoleHosting || f.Role == release.RoleWebcat {
			continue
		}
		w.Files["/"+path] = Hash(f.Sum())
		if f.Role == release.RoleWasm {
			w.WASM = append(w.WASM, Hash(f.Sum()))
		}
		if f.Role == release.RoleLicense && w.DefaultFallback == "" {
			w.DefaultFallback = "/" + path
		}
	}
	return w, w.validate()
}

func policyOf(m *release.Manifest, path string) string {
	for _, h := range m.HeadersOf(path) {
		if h.Name == "content-security-policy" {
			return h.Value
		}
	}
	return ""
}

// Expand returns the manifest of one deployment: expand is applied to each
// policy (release.Deployment.Expand).
func (m *Manifest) Expand(expand func(string) string) *Manifest {
	c := *m
	c.DefaultCSP = expand(m.DefaultCSP)
	c.ExtraCSP = make(map[string]string, len(m.ExtraCSP))
	for path, policy := range m.ExtraCSP {
		c.ExtraCSP[path] = expand(policy)
	}
	return &c
}

// IsTemplate says whether the manifest must be expanded before it is signed.
func (m *Manifest) IsTemplate() bool {
	for _, policy := range m.policies() {
		if strings.Contains(policy, release.EmbeddersPlaceholder) {
			return true
		}
	}
	return false
}

func (m *Manifest) policies() []string {
	return append(slices.Collect(maps.Values(m.ExtraCSP)), m.DefaultCSP)
}

// CheckFile returns nil if the extension would take content for path, from "/"
// on, else a *MismatchError.
func (m *Manifest) CheckFile(path string, content []byte) error {
	want, listed := m.Files[path]
	if !listed && strings.HasSuffix(path, "/") {
		want, listed = m.Files[path+m.DefaultIndex]
	} else if !listed {
		want, listed = m.Files[m.DefaultFallback]
	}
	if !listed {
		return &MismatchError{path, "an entry", "none"}
	}
	if got := Hash(sha256.Sum256(content)); got != want {
		return &MismatchError{path, show(want), show(got)}
	}
	return nil
}

// PolicyFor returns the policy with which the extension takes path.
func (m *Manifest) PolicyFor(path string) string {
	if path == "/" {
		path = m.DefaultIndex // as the extension does; no entry begins like it
	}
	if policy, ok := m.ExtraCSP[path]; ok {
		return policy
	}
	best, policy := "", m.DefaultCSP
	for prefix, p := range m.ExtraCSP {
		if strings.HasPrefix(path, prefix) && len(prefix) > len(best) {
			best, policy = prefix, p
		}
	}
	return policy
}

// CheckRelease returns nil if the manifest is the one of a release, or a
// deployment's expansion of it, else a *MismatchError about the first
// difference or a *FormatError about the release.
func (m *Manifest) CheckRelease(r *release.Manifest) error {
	want, err := Of(r)
	if err != nil {
		return err
	}
	for _, c := range [][3]string{
		{"version", want.Version, m.Version},
		{"default_index", want.DefaultIndex, m.DefaultIndex},
		{"default_fallback", want.DefaultFallback, m.DefaultFallback},
		{"wasm", strings.Join(texts(want.WASM), ", "), strings.Join(texts(m.WASM), ", ")},
	} {
		if c[1] != c[2] {
			return &MismatchError{c[0], c[1], c[2]}
		}
	}
	if err := compare("files ", showAll(want.Files), showAll(m.Files), func(a, b string) bool { return a == b }); err != nil {
		return err
	}
	if !isExpansion(want.DefaultCSP, m.DefaultCSP) {
		return &MismatchError{"default_csp", want.DefaultCSP, m.DefaultCSP}
	}
	return compare("extra_csp ", want.ExtraCSP, m.ExtraCSP, isExpansion)
}

// compare returns the first difference of two maps.
func compare(what string, want, got map[string]string, same func(want, got string) bool) error {
	paths := slices.AppendSeq(slices.Collect(maps.Keys(want)), maps.Keys(got))
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		w, isWanted := want[path]
		g, isThere := got[path]
		switch {
		case !isWanted:
			return &MismatchError{what + path, "no entry", "one"}
		case !isThere:
			return &MismatchError{what + path, w, "no entry"}
		case !same(w, g):
			return &MismatchError{what + path, w, g}
		}
	}
	return nil
}

// isExpansion says whether policy is the template, or the template with
// origins in place of the placeholder.
func isExpansion(template, policy string) bool {
	before, after, isTemplate := strings.Cut(template, release.EmbeddersPlaceholder)
	if policy == template || !isTemplate {
		return policy == template
	}
	rest, hasBefore := strings.CutPrefix(policy, before)
	origins, hasAfter := strings.CutSuffix(rest, after)
	return hasBefore && hasAfter && origins != "" && !strings.ContainsAny(origins, ";,'*{}")
}

func showAll(files map[string]Hash) map[string]string {
	all := make(map[string]string, len(files))
	for path, hash := range files {
		all[path] = show(hash)
	}
	return all
}

func show(hash Hash) string { return base64.RawURLEncoding.EncodeToString(hash[:]) }

// texts returns hashes as text, in the order of the text, each once.
func texts(hashes []Hash) []string {
	list := make([]string, 0, len(hashes))
	for _, hash := range hashes {
		list = append(list, show(hash))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Marshal returns the bytes of manifest.json, which are what is signed. The
// error is a *FormatError.
func (m *Manifest) Marshal() ([]byte, error) {
	if err := m.validate(); err != nil {
		return nil, err
	}
	var wasm []wire.Value
	for _, hash := range texts(m.WASM) {
		wasm = append(wasm, wire.String(hash))
	}
	return wire.Object(
		text("name", Name),
		text("version", m.Version),
		text("default_csp", m.DefaultCSP),
		wire.Member{Name: "extra_csp", Value: object(m.ExtraCSP)},
		text("default_index", m.DefaultIndex),
		text("default_fallback", m.DefaultFallback),
		wire.Member{Name: "files", Value: object(showAll(m.Files))},
		wire.Member{Name: "wasm", Value: wire.Array(wasm...)},
	).Append(nil), nil
}

func text(name, value string) wire.Member {
	return wire.Member{Name: name, Value: wire.String(value)}
}

func object(members map[string]string) wire.Value {
	var list []wire.Member
	for name, value := range members {
		list = append(list, text(name, value))
	}
	return wire.Object(list...)
}
