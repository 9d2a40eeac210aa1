// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// Role says what a file of a release is for.
type Role string

// The roles; the package comment says what each demands.
const (
	RoleDocument Role = "document"
	RoleScript   Role = "script"
	RoleWorker   Role = "worker"
	RoleWasm     Role = "wasm"
	RoleStyle    Role = "style"
	RoleIcon     Role = "icon"
	RoleSBOM     Role = "sbom"
	RoleSRI      Role = "sri"
	RoleHosting  Role = "hosting"
	RoleLicense  Role = "license"
	RoleWAICT    Role = "waict"  // since format 2
	RoleWebcat   Role = "webcat" // since format 2
	RoleEmbed    Role = "embed"  // since format 2
)

// hashPrefix is how many hexadecimal digits of the SHA-256 are in a
// content-addressed name.
const hashPrefix = 32

// File is one file of a release. Describe makes it from the content, Check
// holds it against the content.
type File struct {
	Path      string
	Size      int64  // bytes
	SHA256    string // 64 lower-case hexadecimal digits
	Integrity string // "sha384-" and padded base64
	Role      Role
	MediaType string
}

// MismatchError says that a content is not the one that a manifest lists. It
// is about public data, and shows both sides.
type MismatchError struct {
	Path  string
	Field string // "size", "sha256", "integrity" or "name"
	Want  string // as listed
	Got   string // as found
}

// Error describes the mismatch.
func (e *MismatchError) Error() string {
	return e.Path + ": " + e.Field + " is " + e.Got + "; the manifest says " + e.Want
}

// ContentName returns the name of a content-addressed file, such as
// "enclave.<32 hexadecimal digits>.wasm" for the stem "enclave" and the
// extension "wasm", which has no dot.
func ContentName(stem, extension string, content []byte) string {
	return stem + "." + hexSHA256(content)[:hashPrefix] + "." + extension
}

// Describe returns the entry of a file. The media type is empty if a file of
// that role cannot have that extension; Marshal then refuses it.
func Describe(path string, role Role, content []byte) File {
	return File{
		Path:      path,
		Size:      int64(len(content)),
		SHA256:    hexSHA256(content),
		Integrity: integrity(content),
		Role:      role,
		MediaType: mediaType(path, role),
	}
}

// Check returns nil if content is what f lists, else a *MismatchError.
func (f File) Check(content []byte) error {
	if size := int64(len(content)); size != f.Size {
		return &MismatchError{f.Path, "size", strconv.FormatInt(f.Size, 10), strconv.FormatInt(size, 10)}
	}
	sum := hexSHA256(content)
	if sum != f.SHA256 {
		return &MismatchError{f.Path, "sha256", f.SHA256, sum}
	}
	if got := integrity(content); got != f.Integrity {
		return &MismatchError{f.Path, "integrity", f.Integrity, got}
	}
	if f.Role.contentAddressed() && !strings.Contains(f.Path, "."+sum[:hashPrefix]+".") {
		return &MismatchError{f.Path, "name", f.Path, sum[:hashPrefix]}
	}
	if hash := waictHash(sum); f.Role == RoleWAICT && !strings.Contains(f.Path, "_"+hash) {
		return &MismatchError{f.Path, "name", f.Path, hash}
	}
	return nil
}

// contentAddressed says whether files of the role are named by their content.
func (r Role) contentAddressed() bool {
	return r == RoleScript || r == RoleWorker || r == RoleWasm || r == RoleStyle
}

// mediaTypes is the Content-Type by role and extension.
var mediaTypes = []struct {
	role      Role
	extension string
	mediaType string
}{
	{RoleDocument, ".html", "text/html; charset=utf-8"},
	{RoleScript, ".js", "text/javascript; charset=utf-8"},
	{RoleWorker, ".js", "text/javascript; charset=utf-8"},
	{RoleWasm, ".wasm", "application/wasm"},
	{RoleStyle, ".css", "text/css; charset=utf-8"},
	{RoleIcon, ".svg", "image/svg+xml"},
	{RoleIcon, ".png", "image/png"},
	{RoleIcon, ".ico", "image/vnd.microsoft.icon"},
	{RoleSBOM, ".json", "application/json"},
	{RoleSRI, ".json", "application/json"},
	{RoleLicense, ".txt", "text/plain; charset=utf-8"},
	{RoleHosting, "", "text/plain; charset=utf-8"},
	{RoleWAICT, ".json", "application/json"},
	{RoleWAICT, "", "application/waict-integrity-manifest"},
	{RoleWebcat, ".json", "application/json"},
	{RoleEmbed, ".json", "application/json"},
}

func mediaType(path string, role Role) string {
	for _, m := range mediaTypes {
		if m.role == role && strings.HasSuffix(path, m.extension) {
			return m.mediaType
		}
	}
	return ""
}

const hexDigits = "0123456789abcdef"

// hexSHA256 does without package encoding/hex, which imports fmt.
func hexSHA256(content []byte) string {
	sum := sha256.Sum256(content)
	text := make([]byte, 0, 2*len(sum))
	for _, b := range sum {
		text = append(text, hexDigits[b>>4], hexDigits[b&15])
	}
	return string(text)
}

func integrity(content []byte) string {
	sum := sha512.Sum384(content)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

func sortedStrings(list []string) []string {
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return sorted
}
