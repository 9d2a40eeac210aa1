// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
)

func TestManifestIsReadBack(t *testing.T) {
	m, _ := minimal()
	data := marshal(t, m)
	parsed, err := release.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if again := marshal(t, parsed); string(again) != string(data) {
		t.Errorf("written again as %s", again)
	}
	if parsed.Entry != m.Entry || parsed.Source != m.Source || len(parsed.Files) != len(m.Files) {
		t.Errorf("read %+v", parsed)
	}
	for _, f := range m.Files {
		if got, ok := parsed.File(f.Path); !ok || got != f {
			t.Errorf("file %+v, want %+v", got, f)
		}
	}
}

func TestMarshalPutsEverythingInOrder(t *testing.T) {
	m, _ := minimal()
	want := marshal(t, m)
	slices.Reverse(m.Files)
	slices.Reverse(m.Headers)
	for _, rule := range m.Headers {
		slices.Reverse(rule.Paths)
		slices.Reverse(rule.Headers)
	}
	before, _ := minimal()
	if got := marshal(t, m); string(got) != string(want) {
		t.Errorf("order of lists shows: %s", got)
	}
	slices.Reverse(m.Files)
	if !reflect.DeepEqual(m.Files, before.Files) {
		t.Error("Marshal changed its manifest")
	}
}

// mutations are manifests that must be refused, by what is wrong with them.
var mutations = map[string]func(*release.Manifest){
	"protocol zero":             func(m *release.Manifest) { m.Protocol = 0 },
	"protocol too large":        func(m *release.Manifest) { m.Protocol = 1_000_001 },
	"repository over http":      func(m *release.Manifest) { m.Source.Repository = "http://git.example/" },
	"repository without host":   func(m *release.Manifest) { m.Source.Repository = "https://" },
	"repository with a space":   func(m *release.Manifest) { m.Source.Repository = "https://git.example/a b" },
	"repository not UTF-8":      func(m *release.Manifest) { m.Source.Repository = "https://\xff" },
	"repository too long":       func(m *release.Manifest) { m.Source.Repository = "https://" + strings.Repeat("a", 200) },
	"commit empty":              func(m *release.Manifest) { m.Source.Commit = "" },
	"commit a branch":           func(m *release.Manifest) { m.Source.Commit = "main" },
	"commit abbreviated":        func(m *release.Manifest) { m.Source.Commit = strings.Repeat("a", 39) },
	"commit in upper case":      func(m *release.Manifest) { m.Source.Commit = strings.Repeat("A", 40) },
	"no entry":                  func(m *release.Manifest) { m.Entry = "" },
	"entry not listed":          func(m *release.Manifest) { m.Entry = "other.html" },
	"entry not a document":      func(m *release.Manifest) { m.Entry = "LICENSE.txt" },
	"no files":                  func(m *release.Manifest) { m.Files = nil },
	"no headers":                func(m *release.Manifest) { m.Headers = nil },
	"file twice":                func(m *release.Manifest) { m.Files = append(m.Files, m.Files[0]) },
	"too many files":            func(m *release.Manifest) { m.Files = slices.Repeat(m.Files, 40) },
	"size negative":             func(m *release.Manifest) { m.Files[0].Size = -1 },
	"size too large":            func(m *release.Manifest) { m.Files[0].Size = wire.MaxInt + 1 },
	"digest short":              func(m *release.Manifest) { m.Files[0].SHA256 = m.Files[0].SHA256[1:] },
	"digest empty":              func(m *release.Manifest) { m.Files[0].SHA256 = "" },
	"digest in upper case":      func(m *release.Manifest) { m.Files[0].SHA256 = strings.ToUpper(m.Files[0].SHA256) },
	"wasm digest empty":         func(m *release.Manifest) { m.Files[1].SHA256 = "" },
	"integrity sha256":          func(m *release.Manifest) { m.Files[0].Integrity = "sha256-" + strings.Repeat("A", 43) + "=" },
	"integrity short":           func(m *release.Manifest) { m.Files[0].Integrity = "sha384-" + strings.Repeat("A", 60) },
	"integrity base64url":       func(m *release.Manifest) { m.Files[0].Integrity = "sha384-" + strings.Repeat("_", 64) },
	"integrity with a newline":  func(m *release.Manifest) { m.Files[0].Integrity = "sha384-" + strings.Repeat("A", 63) + "\n" },
	"integrity padded":          func(m *release.Manifest) { m.Files[0].Integrity = "sha384-" + strings.Repeat("A", 63) + "=" },
	"two integrities":           func(m *release.Manifest) { m.Files[0].Integrity += " " + m.Files[0].Integrity },
	"role unknown":              func(m *release.Manifest) { m.Files[0].Role = "other" },
	"role empty":                func(m *release.Manifest) { m.Files[0].Role = "" },
	"role of another extension": func(m *release.Manifest) { m.Files[0].Role = release.RoleWasm },
	"media type of another":     func(m *release.Manifest) { m.Files[0].MediaType = "text/html; charset=utf-8" },
	"media type empty":          func(m *release.Manifest) { m.Files[0].MediaType = "" },
	"name of other content":     func(m *release.Manifest) { m.Files[1].SHA256 = strings.Repeat("0", 64) },
	"name without a hash":       func(m *release.Manifest) { rename(m, m.Files[1].Path, "enclave.wasm") },
	"name with a second hash":   func(m *release.Manifest) { rename(m, m.Files[1].Path, "x."+m.Files[1].Path) },
	"name without a stem":       func(m *release.Manifest) { rename(m, m.Files[1].Path, m.Files[1].Path[len("enclave"):]) },
	"rule without paths":        func(m *release.Manifest) { m.Headers = append(m.Headers, release.HeaderRule{}) },
	"path in two rules":         func(m *release.Manifest) { addPath(m, 1, "index.html") },
	"path twice in a rule":      func(m *release.Manifest) { addPath(m, 0, "index.html") },
	"path not served":           func(m *release.Manifest) { addPath(m, 0, "other.html") },
	"path of a signature":       func(m *release.Manifest) { addPath(m, 0, "release.sigstore.json") },
	"path outside":              func(m *release.Manifest) { addPath(m, 0, "../index.html") },
	"path in no rule":           func(m *release.Manifest) { m.Headers[0].Paths = []string{"index.html"} },
	"header in upper case":      func(m *release.Manifest) { addHeader(m, "Referrer-Policy", "no-referrer") },
	"header without a name":     func(m *release.Manifest) { addHeader(m, "", "a") },
	"header with a colon":       func(m *release.Manifest) { addHeader(m, "a:", "a") },
	"header twice":              func(m *release.Manifest) { addHeader(m, "cache-control", "no-store") },
	"header empty":              func(m *release.Manifest) { addHeader(m, "a", "") },
	"header with a newline":     func(m *release.Manifest) { addHeader(m, "a", "b\nset-cookie: c") },
	"header with a tab":         func(m *release.Manifest) { addHeader(m, "a", "b\tc") },
	"header beyond ASCII":       func(m *release.Manifest) { addHeader(m, "a", "é") },
	"header not UTF-8":          func(m *release.Manifest) { addHeader(m, "a", "\xff") },
	"header with outer space":   func(m *release.Manifest) { addHeader(m, "a", "b ") },
	"header of spaces":          func(m *release.Manifest) { addHeader(m, "a", " ") },
	"header too long":           func(m *release.Manifest) { addHeader(m, "a", strings.Repeat("b", 4097)) },
	"header with a brace":       func(m *release.Manifest) { addHeader(m, "a", "{embedder}") },
	"header with nested braces": func(m *release.Manifest) { addHeader(m, "a", "{"+release.EmbeddersPlaceholder+"}") },
	"too many rules":            func(m *release.Manifest) { m.Headers = slices.Repeat(m.Headers, 40) },
}

// rename gives a file another path, in the rules too.
func rename(m *release.Manifest, from, to string) {
	for i := range m.Files {
		if m.Files[i].Path == from {
			m.Files[i].Path = to
		}
	}
	for _, rule := range m.Headers {
		for i, path := range rule.Paths {
			if path == from {
				rule.Paths[i] = to
			}
		}
	}
}

func addPath(m *release.Manifest, rule int, path string) {
	m.Headers[rule].Paths = append(m.Headers[rule].Paths, path)
}

func addHeader(m *release.Manifest, name, value string) {
	m.Headers[0].Headers = append(m.Headers[0].Headers, release.Header{Name: name, Value: value})
}

func TestMarshalRefusesWhatTheFormatForbids(t *testing.T) {
	for name, mutate := range mutations {
		m, _ := minimal()
		mutate(m)
		data, err := m.Marshal()
		var refused *release.FormatError
		if !errors.As(err, &refused) || data != nil {
			t.Errorf("%s: error = %v, want a FormatError", name, err)
		}
	}
}

func TestFilePathsThatAreRefused(t *testing.T) {
	for _, path := range []string{
		"", "/LICENSE.txt", "./LICENSE.txt", "../LICENSE.txt", "a/../LICENSE.txt", "a//LICENSE.txt", "a\\LICENSE.txt", "LICENSE .txt",
		"é.txt", "%2e.txt", "a?.txt", "a#.txt", "\xff.txt", "a\x00.txt", "index.HTML/..", strings.Repeat("a", 197) + ".txt",
	} {
		m, _ := minimal()
		rename(m, "LICENSE.txt", path)
		if _, err := m.Marshal(); err == nil || len(path) > 5 && strings.Contains(err.Error(), path) {
			t.Errorf("%q: error = %v", path, err)
		}
	}
}

func TestNamesThatAManifestDoesNotList(t *testing.T) {
	for _, path := range []string{
		release.ManifestPath, release.ChecksumsPath, release.ProvenancePath, release.DeploymentPath,
		"RELEASE.JSON", "Sha256sums", "release.sigstore.json", "a/b.sigstore.json",
	} {
		m, _ := minimal()
		m.Files = append(m.Files, release.Describe(path, release.RoleHosting, nil))
		if _, err := m.Marshal(); err == nil {
			t.Errorf("%s is listed", path)
		}
	}
}

func TestFilesThatDifferOnlyInCaseAreRefused(t *testing.T) {
	m, _ := minimal()
	m.Files = append(m.Files, release.Describe("license.TXT", release.RoleHosting, nil))
	if _, err := m.Marshal(); err == nil {
		t.Error("LICENSE.txt and license.TXT are both listed")
	}
}

func TestEachRequiredRoleIsRequired(t *testing.T) {
	whole, _ := minimal()
	for _, f := range whole.Files {
		m, _ := minimal()
		m.Files = slices.DeleteFunc(m.Files, func(g release.File) bool { return g.Path == f.Path })
		for i := range m.Headers {
			m.Headers[i].Paths = slices.DeleteFunc(m.Headers[i].Paths, func(p string) bool { return p == f.Path })
		}
		if _, err := m.Marshal(); err == nil {
			t.Errorf("accepted without a file of the role %s", f.Role)
		}
	}
}

func TestOptionalFilesAreAccepted(t *testing.T) {
	m, _ := minimal()
	style := []byte("body{}")
	m.Files = append(m.Files,
		release.Describe("Caddyfile", release.RoleHosting, nil),
		release.Describe("_headers", release.RoleHosting, []byte("/*\n")),
		release.Describe("img/icon.svg", release.RoleIcon, nil),
		release.Describe(release.ContentName("style", "css", style), release.RoleStyle, style))
	m.Headers[1].Paths = append(m.Headers[1].Paths, "img/icon.svg", release.ContentName("style", "css", style), release.DeploymentPath)
	m.Source.Commit = strings.Repeat("0a", 32)
	parsed, err := release.Parse(marshal(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(parsed.ServedPaths(), "_headers") || !slices.Contains(parsed.ServedPaths(), "img/icon.svg") {
		t.Errorf("served: %v", parsed.ServedPaths())
	}
	if parsed.HeadersOf("_headers") != nil || len(parsed.HeadersOf("index.html")) != 2 || len(parsed.HeadersOf(release.DeploymentPath)) != 1 {
		t.Error("headers are those of other paths")
	}
}

func TestGoldenManifestIsReadFromDisk(t *testing.T) {
	data, err := os.ReadFile(vectorPath("minimal.release.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := release.Parse(data); err != nil {
		t.Error(err)
	}
}
