// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
)

var update = flag.Bool("update", false, "write the golden files in testdata/vectors/release")

// minimalContent is the smallest release: a file of each role that must be
// there. The content is not what such files hold in a real one.
var minimalContent = []struct {
	role      release.Role
	stem      string
	extension string
	content   string
}{
	{release.RoleLicense, "LICENSE", "txt", "Apache-2.0\n"},
	{release.RoleWasm, "enclave", "wasm", "\x00asm\x01\x00\x00\x00"},
	{release.RoleScript, "frame", "js", "\"use strict\";\n"},
	{release.RoleDocument, "index", "html", "<!doctype html><title>Enclave</title>\n"},
	{release.RoleSBOM, "sbom.cdx", "json", "{}\n"},
	{release.RoleWorker, "worker", "js", "\"use strict\"; // worker\n"},
}

// minimal returns the smallest release and its files by path.
func minimal() (*release.Manifest, map[string][]byte) {
	files := make(map[string][]byte)
	m := &release.Manifest{
		Protocol: 1,
		Source:   release.Source{Repository: "https://git.example/kms-enclave", Commit: release.Unreleased},
		Entry:    "index.html",
	}
	for _, f := range minimalContent {
		path := f.stem + "." + f.extension
		if slices.Contains([]release.Role{release.RoleScript, release.RoleWorker, release.RoleWasm}, f.role) {
			path = release.ContentName(f.stem, f.extension, []byte(f.content))
		}
		files[path] = []byte(f.content)
		m.Files = append(m.Files, release.Describe(path, f.role, files[path]))
	}
	files["sri.json"] = release.SRI(m.Files)
	m.Files = append(m.Files, release.Describe("sri.json", release.RoleSRI, files["sri.json"]))
	m.Headers = []release.HeaderRule{{
		Paths: []string{"index.html", release.ManifestPath},
		Headers: []release.Header{
			{Name: "content-security-policy", Value: "default-src 'none'; frame-ancestors " + release.EmbeddersPlaceholder},
			{Name: "cache-control", Value: "no-cache"},
		},
	}, {
		Headers: []release.Header{{Name: "cache-control", Value: "public, max-age=31536000, immutable"}},
	}}
	for _, path := range m.ServedPaths() {
		if !slices.Contains(m.Headers[0].Paths, path) {
			m.Headers[1].Paths = append(m.Headers[1].Paths, path)
		}
	}
	return m, files
}

func marshal(t testing.TB, m *release.Manifest) []byte {
	t.Helper()
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func vectorPath(elements ...string) string {
	return filepath.Join(append([]string{"..", "testdata", "vectors", "release"}, elements...)...)
}

// golden compares got with the golden file, or writes it.
func golden(t *testing.T, got []byte, elements ...string) {
	t.Helper()
	path := vectorPath(elements...)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; go test ./release -update writes it:\n%s\nwant\n%s", path, got, want)
	}
}

func TestMinimalReleaseIsGolden(t *testing.T) {
	m, files := minimal()
	data := marshal(t, m)
	golden(t, data, "minimal.release.json")
	sums := []release.Checksum{{Path: release.ManifestPath, SHA256: release.Digest(data)}}
	for _, f := range m.Files {
		golden(t, files[f.Path], "minimal", f.Path)
		sums = append(sums, release.Checksum{Path: f.Path, SHA256: f.SHA256})
	}
	golden(t, release.MarshalChecksums(sums), "minimal.SHA256SUMS")
	if _, err := release.Parse(data); err != nil {
		t.Error(err)
	}
}
