// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
)

// validate checks everything about a manifest that its shape does not say.
func (m *Manifest) validate() error {
	if m.Version != "" && !IsVersion(m.Version) {
		return &FormatError{Reason: "version: " + reasonVersion}
	}
	if m.Protocol < 1 || m.Protocol > maxProtocol {
		return &FormatError{Reason: "protocol: expected 1 to " + strconv.Itoa(maxProtocol)}
	}
	if err := m.Source.validate(); err != nil {
		return err
	}
	if err := m.validateFiles(); err != nil {
		return err
	}
	if entry, ok := m.File(m.Entry); !ok || entry.Role != RoleDocument {
		return &FormatError{Reason: "entry: expected the path of a listed document"}
	}
	return m.validateHeaders()
}

func (s Source) validate() error {
	host, isHTTPS := strings.CutPrefix(s.Repository, "https://")
	if !isHTTPS || host == "" || len(s.Repository) > maxRepository || !isVisible(s.Repository) {
		return &FormatError{Reason: "source.repository: expected an https URL of at most 200 visible ASCII characters"}
	}
	isHash := (len(s.Commit) == 40 || len(s.Commit) == 64) && isLowerHex(s.Commit)
	if !isHash && s.Commit != Unreleased {
		return &FormatError{Reason: "source.commit: expected 40 or 64 lower-case hexadecimal digits, or " + Unreleased}
	}
	return nil
}

func (m *Manifest) validateFiles() error {
	if len(m.Files) > maxFiles {
		return &FormatError{Reason: "files: more than " + strconv.Itoa(maxFiles)}
	}
	folded := make(map[string]bool, len(m.Files))
	count := make(map[Role]int)
	for i, f := range m.Files {
		if err := f.validate(); err != nil {
			return err
		}
		if i > 0 && m.Files[i-1].Path >= f.Path {
			return &FormatError{f.Path, "listed twice or not in the order of paths"}
		}
		lower := strings.ToLower(f.Path)
		if folded[lower] {
			return &FormatError{f.Path, "another file's path differs only in case"}
		}
		folded[lower] = true
		count[f.Role]++
	}
	return m.checkCounts(count)
}

// checkCounts checks how many files there are of each role.
func (m *Manifest) checkCounts(count map[Role]int) error {
	for role, want := range laterRoles {
		if m.Version == "" {
			want = 0
		}
		if count[role] != want {
			return &FormatError{Reason: "files: expected " + strconv.Itoa(want) + " with the role " + string(role)}
		}
	}
	for _, role := range [...]Role{RoleDocument, RoleScript, RoleWorker, RoleWasm, RoleLicense, RoleSBOM, RoleSRI} {
		if count[role] == 0 {
			return &FormatError{Reason: "files: none has the role " + string(role)}
		}
	}
	for _, role := range [...]Role{RoleSBOM, RoleSRI} {
		if count[role] > 1 {
			return &FormatError{Reason: "files: more than one has the role " + string(role)}
		}
	}
	return nil
}

func (f File) validate() error {
	if err := checkPath(f.Path); err != nil {
		return err
	}
	want := mediaType(f.Path, f.Role)
	switch {
	case isReserved(f.Path):
		return &FormatError{f.Path, "a manifest does not list this name"}
	case want == "":
		return &FormatError{f.Path, "role unknown, or not for a file with this extension"}
	case f.MediaType != want:
		return &FormatError{f.Path, "mediaType: expected " + want}
	case f.Size < 0 || f.Size > wire.MaxInt:
		return &FormatError{f.Path, "size: expected 0 to 2^53-1"}
	case len(f.SHA256) != 64 || !isLowerHex(f.SHA256):
		return &FormatError{f.Path, "sha256: expected 64 lower-case hexadecimal digits"}
	case !isIntegrity(f.Integrity):
		return &FormatError{f.Path, "integrity: expected sha384- and 64 characters of base64"}
	case f.Role.contentAddressed() && !f.namedByContent():
		return &FormatError{f.Path, "name: expected stem.H.extension, H the first 32 digits of sha256"}
	}
	return f.validateLater()
}

// namedByContent says whether the last segment is stem.H.extension.
func (f File) namedByContent() bool {
	name := f.Path[strings.LastIndexByte(f.Path, '/')+1:]
	stem, rest, _ := strings.Cut(name, ".")
	hash, extension, _ := strings.Cut(rest, ".")
	return stem != "" && hash == f.SHA256[:hashPrefix] && extension != "" && !strings.Contains(extension, ".")
}

// checkPath checks the spelling of a path. Its error does not repeat a path
// that is refused.
func checkPath(path string) error {
	refused := &FormatError{Reason: "path: expected segments of A-Z a-z 0-9 . _ - joined by /, at most 200 bytes"}
	if path == "" || len(path) > maxPath {
		return refused
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.Trim(segment, pathCharacters) != "" {
			return refused
		}
	}
	return nil
}

const (
	pathCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	nameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-"
)

// isReserved says whether a manifest must not list path.
func isReserved(path string) bool {
	lower := strings.ToLower(path)
	for _, name := range append(CompanionPaths(), ManifestPath, ChecksumsPath, ProvenancePath, DeploymentPath) {
		if lower == strings.ToLower(name) {
			return true
		}
	}
	return strings.HasSuffix(lower, SignatureSuffix)
}

// isIntegrity says whether s is SRI metadata of one SHA-384, in base64 with no
// bits left over.
func isIntegrity(s string) bool {
	encoded, ok := strings.CutPrefix(s, "sha384-")
	if !ok || len(encoded) != 64 || strings.ContainsAny(encoded, "\r\n") {
		return false
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return err == nil && len(sum) == 48
}

func isLowerHex(s string) bool { return containsOnly(s, "0123456789abcdef") }

func containsOnly(s, characters string) bool {
	for i := range len(s) {
		if strings.IndexByte(characters, s[i]) < 0 {
			return false
		}
	}
	return true
}

func isVisible(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c <= ' ' || c > '~' })
}
