// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// The format of release.json, and the names in a release folder that its
// manifest does not list.
const (
	Format      = label.Release
	FirstFormat = label.FirstRelease // still read; has no version

	ManifestPath    = "release.json"
	ChecksumsPath   = "SHA256SUMS"
	ProvenancePath  = "provenance.intoto.json"
	DeploymentPath  = "deployment.json"
	SignatureSuffix = ".sigstore.json"
)

// Unreleased is the Commit of a build whose source commit is not known.
const Unreleased = "unreleased"

// EmbeddersPlaceholder stands in a header value for the deployment's origins.
const EmbeddersPlaceholder = "{embedders}"

// The limits of a manifest.
const (
	maxProtocol    = 1_000_000
	maxFiles       = 256
	maxRules       = 64
	maxPath        = 200
	maxRepository  = 200
	maxHeaderValue = 4096
)

// Manifest is the content of release.json. Parse returns only valid ones;
// Marshal refuses others.
type Manifest struct {
	Version  string // such as "0.5.0"; "" in the first format, which Marshal then writes
	Protocol int
	Source   Source
	Entry    string // path of the document that an iframe loads
	Files    []File
	Headers  []HeaderRule
}

// Source says what the release was built from.
type Source struct {
	Repository string // https URL
	Commit     string // 40 or 64 lower-case hexadecimal digits, or Unreleased
}

// HeaderRule is the response headers with which a host serves some paths.
type HeaderRule struct {
	Paths   []string
	Headers []Header
}

// Header is one response header. The value may contain EmbeddersPlaceholder.
type Header struct {
	Name  string // lower case
	Value string
}

// FormatError says which part of a manifest, deployment or checksum file was
// refused, and why, in fixed words. Path is set where a listed path that is
// itself well-formed is concerned.
type FormatError struct {
	Path   string
	Reason string
}

// Error describes the refusal.
func (e *FormatError) Error() string {
	if e.Path == "" {
		return e.Reason
	}
	return e.Path + ": " + e.Reason
}

// Digest returns the release digest: the SHA-256 of the bytes of release.json
// as 64 lower-case hexadecimal digits.
func Digest(manifest []byte) string {
	return hexSHA256(manifest)
}

// Parse reads the bytes of release.json. It returns a *wire.SyntaxError,
// *wire.FieldError or *FormatError, wrapped, for anything that Marshal would
// not have written.
func Parse(data []byte) (*Manifest, error) {
	m, err := parse(data)
	if err != nil {
		return nil, &readError{ManifestPath, err}
	}
	return m, nil
}

func parse(data []byte) (*Manifest, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return nil, err
	}
	m, err := decode(v)
	if err != nil {
		return nil, err
	}
	return m, m.validate()
}

// Marshal returns the bytes of release.json, the inverse of Parse. Files,
// rules, paths and headers may be in any order; m is not changed. The error is
// a *FormatError, wrapped.
func (m *Manifest) Marshal() ([]byte, error) {
	sorted := m.sorted()
	if err := sorted.validate(); err != nil {
		return nil, &writeError{ManifestPath, err}
	}
	data := sorted.encode().Append(nil)
	if len(data) > wire.MaxBytes {
		return nil, &writeError{ManifestPath, errors.New("longer than 1 MiB")}
	}
	return data, nil
}

// File returns the listed file at path.
func (m *Manifest) File(path string) (File, bool) {
	for _, f := range m.Files {
		if f.Path == path {
			return f, true
		}
	}
	return File{}, false
}

// HeadersOf returns the headers that a host sends with path, or nil if path is
// not served.
func (m *Manifest) HeadersOf(path string) []Header {
	for _, rule := range m.Headers {
		for _, p := range rule.Paths {
			if p == path {
				return rule.Headers
			}
		}
	}
	return nil
}

// ServedPaths returns the paths that a host must serve, sorted: all but
// hosting files and deployment.json.
func (m *Manifest) ServedPaths() []string {
	paths := []string{ManifestPath, ProvenancePath, ChecksumsPath}
	for _, f := range m.Files {
		if f.Role != RoleHosting {
			paths = append(paths, f.Path)
		}
	}
	return sortedStrings(paths)
}

// SRI returns the content of the sri file: canonical JSON that maps the path
// of each content-addressed file to its integrity.
func SRI(files []File) []byte {
	var members []wire.Member
	for _, f := range files {
		if f.Role.contentAddressed() {
			members = append(members, wire.Member{Name: f.Path, Value: wire.String(f.Integrity)})
		}
	}
	return wire.Object(members...).Append(nil)
}

// readError and writeError say which file an error is about.
type readError struct {
	name string
	err  error
}

func (e *readError) Error() string { return "reading " + e.name + ": " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

type writeError readError

func (e *writeError) Error() string { return "writing " + e.name + ": " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }
