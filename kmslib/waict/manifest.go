// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package waict

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
)

// Stem is the first part of the names of a release's manifests.
const Stem = "enclave"

const maxURL = 2048 // bytes

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// Manifest is what both forms say.
type Manifest struct {
	Hashes map[string]Hash // by URL, relative to the origin
	WASM   []Hash          // not in Firefox's form
}

// FormatError says which part of a manifest or header was refused, and why, in
// fixed words.
type FormatError struct{ Reason string }

// Error describes the refusal.
func (e *FormatError) Error() string { return "WAICT: " + e.Reason }

// MismatchError says that a manifest and what it is about differ.
type MismatchError struct {
	URL  string // or "wasm_hashes"
	Want string // as it should be
	Got  string // as it is
}

// Error describes the mismatch.
func (e *MismatchError) Error() string {
	return "WAICT: " + e.URL + ": expected " + e.Want + ", found " + e.Got
}

// Of returns the manifest for the active files of a release.
func Of(m *release.Manifest) *Manifest {
	w := &Manifest{Hashes: map[string]Hash{}}
	for _, f := range m.Files {
		switch f.Role {
		case release.RoleDocument, release.RoleScript, release.RoleWorker, release.RoleStyle:
			w.Hashes["/"+f.Path] = Hash(f.Sum())
			if f.Path == m.Entry {
				w.Hashes["/"] = Hash(f.Sum())
			}
		case release.RoleWasm:
			w.WASM = append(w.WASM, Hash(f.Sum()))
		}
	}
	return w
}

// Marshal returns the manifest in the form of the draft, with an empty proof.
func (m *Manifest) Marshal() []byte {
	hashes := make([]wire.Value, 0, len(m.WASM))
	for _, text := range m.wasm() {
		hashes = append(hashes, wire.String(text))
	}
	v := wire.Object(
		wire.Member{Name: "hashes", Value: m.hashes(base64.RawURLEncoding)},
		wire.Member{Name: "wasm_hashes", Value: wire.Array(hashes...)},
	)
	return append(v.Append(nil), "\n\n"...)
}

// MarshalFirefox returns the manifest in Firefox's form.
func (m *Manifest) MarshalFirefox() []byte {
	return wire.Object(wire.Member{Name: "hashes", Value: m.hashes(base64.StdEncoding)}).Append(nil)
}

func (m *Manifest) hashes(encoding *base64.Encoding) wire.Value {
	members := make([]wire.Member, 0, len(m.Hashes))
	for url, hash := range m.Hashes {
		members = append(members, wire.Member{Name: url, Value: wire.String(encoding.EncodeToString(hash[:]))})
	}
	return wire.Object(members...)
}

// wasm returns the WASM hashes as text, in the order of the text, each once.
func (m *Manifest) wasm() []string {
	list := make([]string, 0, len(m.WASM))
	for _, hash := range m.WASM {
		list = append(list, base64.RawURLEncoding.EncodeToString(hash[:]))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Parse reads a manifest in the form of the draft. The error is a
// *wire.SyntaxError, *wire.FieldError or *FormatError.
func Parse(data []byte) (*Manifest, error) {
	body, ended := strings.CutSuffix(string(data), "\n\n")
	if !ended {
		return nil, &FormatError{"expected JSON, a newline, an empty proof and a newline"}
	}
	return parse([]byte(body), base64.RawURLEncoding, true)
}

// ParseFirefox reads a manifest in Firefox's form. The errors are those of
// Parse.
func ParseFirefox(data []byte) (*Manifest, error) {
	return parse(data, base64.StdEncoding, false)
}

func parse(data []byte, encoding *base64.Encoding, hasWASM bool) (*Manifest, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return nil, err
	}
	r := wire.NewObjectReader(v)
	m := &Manifest{Hashes: map[string]Hash{}}
	value, _ := v.Get("hashes")
	members, _ := value.Members()
	reader := r.Object("hashes")
	texts := make([]string, 0, len(members))
	for _, member := range members {
		texts = append(texts, reader.String(member.Name))
	}
	var modules []string
	if hasWASM {
		modules = r.Strings("wasm_hashes")
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	for i, member := range members {
		hash, ok := decode(encoding, texts[i])
		if !ok || !isURL(member.Name) {
			return nil, &FormatError{"hashes: number " + strconv.Itoa(i+1) + ": expected a path from / on and a SHA-256 in base64 as the form says"}
		}
		m.Hashes[member.Name] = hash
	}
	for i, text := range modules {
		hash, ok := decode(encoding, text)
		if !ok || i > 0 && modules[i-1] >= text {
			return nil, &FormatError{"wasm_hashes: number " + strconv.Itoa(i+1) + ": expected a SHA-256 in base64url, sorted, no two equal"}
		}
		m.WASM = append(m.WASM, hash)
	}
	return m, nil
}

// decode reads the one spelling of a hash.
func decode(encoding *base64.Encoding, text string) (Hash, bool) {
	sum, err := encoding.DecodeString(text)
	if err != nil || len(sum) != sha256.Size || encoding.EncodeToString(sum) != text {
		return Hash{}, false
	}
	return Hash(sum), true
}

// isURL says whether s is the path of a file of a release, from "/" on: as
// browsers write it, so without what they would escape or resolve.
func isURL(s string) bool {
	path, rooted := strings.CutPrefix(s, "/")
	if !rooted || len(s) > maxURL {
		return false
	}
	if path == "" {
		return true
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.Trim(segment, urlCharacters) != "" {
			return false
		}
	}
	return true
}

const urlCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

// Check returns nil if content may be loaded from url, a path from "/" on,
// else a *MismatchError.
func (m *Manifest) Check(url string, content []byte) error {
	got := Hash(sha256.Sum256(content))
	want, listed := m.Hashes[url]
	switch {
	case !listed:
		return &MismatchError{url, "an entry", "none"}
	case got != want:
		return &MismatchError{url, show(want), show(got)}
	}
	return nil
}

// CheckRelease returns nil if the manifest lists exactly the active files of a
// release, and its WASM if hasWASM, else a *MismatchError about the first
// difference.
func (m *Manifest) CheckRelease(r *release.Manifest, hasWASM bool) error {
	want := Of(r)
	urls := slices.AppendSeq(slices.Collect(maps.Keys(want.Hashes)), maps.Keys(m.Hashes))
	slices.Sort(urls)
	for _, url := range slices.Compact(urls) {
		expected, isWanted := want.Hashes[url]
		found, isThere := m.Hashes[url]
		switch {
		case !isWanted:
			return &MismatchError{url, "no entry", "one"}
		case !isThere:
			return &MismatchError{url, show(expected), "no entry"}
		case expected != found:
			return &MismatchError{url, show(expected), show(found)}
		}
	}
	if hasWASM && !slices.Equal(m.wasm(), want.wasm()) {
		return &MismatchError{"wasm_hashes", strings.Join(want.wasm(), ", "), strings.Join(m.wasm(), ", ")}
	}
	return nil
}

func show(hash Hash) string { return base64.RawURLEncoding.EncodeToString(hash[:]) }
