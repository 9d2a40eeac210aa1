// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webcat

import (
	"encoding/base64"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
)

// ParseManifest reads the bytes of manifest.json. The error is a
// *wire.SyntaxError, *wire.FieldError or *FormatError.
func ParseManifest(data []byte) (*Manifest, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return nil, err
	}
	r := wire.NewObjectReader(v)
	m := &Manifest{
		Version: r.String("version"), DefaultCSP: r.String("default_csp"),
		DefaultIndex: r.String("default_index"), DefaultFallback: r.String("default_fallback"),
		ExtraCSP: stringMap(v, r, "extra_csp"), Files: map[string]Hash{},
	}
	if r.String("name") != Name {
		r.Refuse("name", "expected "+Name)
	}
	files, wasm := stringMap(v, r, "files"), r.Strings("wasm")
	if err := r.Done(); err != nil {
		return nil, err
	}
	for path, text := range files {
		hash, ok := decode(text)
		if !ok {
			return nil, &FormatError{"files: expected SHA-256 hashes in base64url"}
		}
		m.Files[path] = hash
	}
	for i, text := range wasm {
		hash, ok := decode(text)
		if !ok || i > 0 && wasm[i-1] >= text {
			return nil, &FormatError{"wasm: expected SHA-256 hashes in base64url, sorted, no two equal"}
		}
		m.WASM = append(m.WASM, hash)
	}
	return m, m.validate()
}

// stringMap reads a member that is an object of strings.
func stringMap(v wire.Value, r *wire.ObjectReader, name string) map[string]string {
	value, _ := v.Get(name)
	members, _ := value.Members()
	reader := r.Object(name)
	all := make(map[string]string, len(members))
	for _, m := range members {
		all[m.Name] = reader.String(m.Name)
	}
	return all
}

func decode(text string) (Hash, bool) {
	sum, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(sum) != len(Hash{}) || base64.RawURLEncoding.EncodeToString(sum) != text {
		return Hash{}, false
	}
	return Hash(sum), true
}

func (m *Manifest) validate() error {
	if !release.IsVersion(m.Version) {
		return &FormatError{"version: expected one of Semantic Versioning"}
	}
	for path := range m.Files {
		if !isPath(path) {
			return &FormatError{"files: expected paths from / on"}
		}
	}
	switch {
	case len(m.WASM) == 0:
		return &FormatError{"wasm: expected a hash at least"}
	case strings.HasPrefix(m.DefaultIndex, "/") || m.Files["/"+m.DefaultIndex] == Hash{}:
		return &FormatError{"default_index: expected the name, without /, of a file that is listed with it"}
	case m.Files[m.DefaultFallback] == Hash{}:
		return &FormatError{"default_fallback: expected the path, with /, of a file that is listed"}
	case !strings.HasSuffix(m.DefaultFallback, ".txt"):
		return &FormatError{"default_fallback: expected a plain text, so that nothing runs at paths that are not listed"}
	}
	return m.validatePolicies()
}

func (m *Manifest) validatePolicies() error {
	for path := range m.ExtraCSP {
		if !isPath(path) {
			return &FormatError{"extra_csp: expected paths from / on"}
		}
	}
	for _, policy := range m.policies() {
		if err := CheckPolicy(policy); err != nil {
			return err
		}
	}
	return nil
}

// isPath says whether s is the path of a file, from "/" on.
func isPath(s string) bool {
	path, rooted := strings.CutPrefix(s, "/")
	if !rooted || len(s) > 256 {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.Trim(segment, pathCharacters) != "" {
			return false
		}
	}
	return true
}

const pathCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
