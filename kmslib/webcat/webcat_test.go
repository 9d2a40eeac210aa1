// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webcat_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/webcat"
	"ats.run/kms-enclave/kmslib/wire"
)

var update = flag.Bool("update", false, "write the golden files in testdata/vectors/release")

const (
	documentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; frame-ancestors {embedders}"
	workerPolicy   = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
	dataPolicy     = "default-src 'none'; frame-ancestors 'none'; sandbox"
)

// small returns a manifest that lists what this package looks at.
func small() *release.Manifest {
	m := &release.Manifest{Version: "0.5.0", Entry: "index.html"}
	for _, f := range []struct {
		role          release.Role
		path, content string
		policy        string
	}{
		{release.RoleLicense, "LICENSE.txt", "licence", dataPolicy},
		{release.RoleDocument, "index.html", "document", documentPolicy},
		{release.RoleDocument, "window.html", "document", strings.Replace(documentPolicy, "{embedders}", "'none'", 1)},
		{release.RoleWorker, "worker.js", "worker", workerPolicy},
		{release.RoleWasm, "enclave.wasm", "wasm", dataPolicy},
		{release.RoleHosting, "_headers", "hosting", ""},
		{release.RoleWebcat, release.WebcatManifestPath, "{}", dataPolicy},
		{"", release.ManifestPath, "", dataPolicy},
		{"", release.AttestationsPath, "", dataPolicy},
	} {
		if f.role != "" {
			m.Files = append(m.Files, release.Describe(f.path, f.role, []byte(f.content)))
		}
		if f.policy != "" {
			m.Headers = append(m.Headers, release.HeaderRule{Paths: []string{f.path}, Headers: []release.Header{
				{Name: "cache-control", Value: "no-cache"}, {Name: "content-security-policy", Value: f.policy},
			}})
		}
	}
	return m
}

func of(t testing.TB) *webcat.Manifest {
	t.Helper()
	m, err := webcat.Of(small())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func marshal(t testing.TB, m interface{ Marshal() ([]byte, error) }) []byte {
	t.Helper()
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func expectTyped(t *testing.T, what string, err error) {
	t.Helper()
	var syntax *wire.SyntaxError
	var field *wire.FieldError
	var format *webcat.FormatError
	if !errors.As(err, &syntax) && !errors.As(err, &field) && !errors.As(err, &format) {
		t.Errorf("%s: error = %v, want a typed one", what, err)
	}
}

func TestManifestIsGoldenAndReadBack(t *testing.T) {
	got := marshal(t, of(t))
	path := filepath.Join("..", "testdata", "vectors", "release", "browsers.webcat.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs; go test ./webcat -update writes it:\n%s\nwant\n%s", got, want)
	}
	m, err := webcat.ParseManifest(got)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.CheckRelease(small()); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(marshal(t, m), got) {
		t.Error("written in another way")
	}
}

// The extension looks paths and policies up in its own way, traps included.
func TestExtensionTakesWhatIsServedAndNothingElse(t *testing.T) {
	m := of(t).Expand(release.Deployment{Embedders: []string{"https://app.example"}}.Expand)
	for path, content := range map[string]string{
		"/": "document", "/index.html": "document", "/window.html": "document", "/worker.js": "worker", "/enclave.wasm": "wasm",
		"/unknown": "licence",
	} {
		if err := m.CheckFile(path, []byte(content)); err != nil {
			t.Error(err)
		}
	}
	for path, content := range map[string]string{
		"/": "other", "/worker.js": "document", "/unknown": "document", "/unknown.js": "worker", "/a/": "document", "/_headers": "hosting",
	} {
		var mismatch *webcat.MismatchError
		if err := m.CheckFile(path, []byte(content)); !errors.As(err, &mismatch) {
			t.Errorf("%s is taken as %s: %v", path, content, err)
		}
	}
	expanded := strings.Replace(documentPolicy, "{embedders}", "https://app.example", 1)
	for path, want := range map[string]string{
		"/": expanded, "/index.html": expanded, "/worker.js": workerPolicy, "/enclave.wasm": dataPolicy,
		"/window.html":                   strings.Replace(documentPolicy, "{embedders}", "'none'", 1),
		"/" + release.ManifestPath:       dataPolicy,
		"/" + release.AttestationsPath:   dataPolicy,
		"/" + release.WebcatManifestPath: dataPolicy,
	} {
		if got := m.PolicyFor(path); got != want {
			t.Errorf("%s: policy %q, want %q", path, got, want)
		}
	}
}

func TestReleaseThatTheExtensionWouldRefuse(t *testing.T) {
	for name, edit := range map[string]func(*release.Manifest){
		"policy":     func(m *release.Manifest) { m.Headers[3].Headers[1].Value = "default-src 'none'; script-src https:" },
		"version":    func(m *release.Manifest) { m.Version = "" },
		"no licence": func(m *release.Manifest) { m.Files = m.Files[1:] },
		"no entry":   func(m *release.Manifest) { m.Entry = "other.html" },
	} {
		m := small()
		edit(m)
		_, err := webcat.Of(m)
		expectTyped(t, name, err)
	}
}

func TestManifestThatIsRefused(t *testing.T) {
	good := string(marshal(t, of(t)))
	for name, change := range map[string][2]string{
		"another name":            {`"name":"kms-enclave"`, `"name":"other"`},
		"app instead of name":     {`"name":`, `"app":`},
		"index with a slash":      {`"default_index":"index.html"`, `"default_index":"/index.html"`},
		"index not listed":        {`"default_index":"index.html"`, `"default_index":"other.html"`},
		"fallback without slash":  {`"default_fallback":"/LICENSE.txt"`, `"default_fallback":"LICENSE.txt"`},
		"fallback that runs":      {`"default_fallback":"/LICENSE.txt"`, `"default_fallback":"/index.html"`},
		"version of no one":       {`"version":"0.5.0"`, `"version":"main"`},
		"path without a slash":    {`"/worker.js":"`, `"worker.js":"`},
		"policy of any host":      {"'wasm-unsafe-eval'", "https://evil.example"},
		"policy with a comma":     {"; sandbox", ", default-src *"},
		"timestamp":               {`"version"`, `"timestamp":"x","version"`},
		"hash padded":             {`"]`, `="]`},
		"another spelling":        {`{"`, `{ "`},
		"policy path with a star": {`"/enclave.wasm":"default`, `"/*":"default`},
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		if changed == good {
			t.Fatalf("%s: nothing changed in %s", name, good)
		}
		_, err := webcat.ParseManifest([]byte(changed))
		expectTyped(t, name, err)
	}
}

func TestPolicyByTheExtensionsRules(t *testing.T) {
	const open = "default-src 'self'; object-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; "
	for policy, want := range map[string]bool{
		documentPolicy: true, workerPolicy: true, dataPolicy: true, "default-src 'none'": true,
		open + "frame-src 'none'": true, open + "child-src 'self' blob:": true, "DEFAULT-SRC 'NONE'": true,
		"default-src 'none'; script-src 'sha256-AAAA'": true, "default-src 'none'; style-src 'unsafe-inline'": true,
		open: false, "": false, "script-src 'self'": false, "default-src 'self'": false, "default-src *": false,
		"default-src 'none' 'self'": false, "default-src 'none', script-src *": false, "default-src 'none'; default-src 'self'": false,
		"default-src 'none'; object-src 'self'": false, "default-src 'none'; worker-src blob:": false,
		"default-src 'none'; script-src 'unsafe-inline'": false, "default-src 'none'; script-src 'unsafe-eval'": false,
		"default-src 'none'; script-src-elem blob:": false, "default-src 'none'; style-src https://a.example": false,
		"default-src 'none'; style-src-elem *": false, "default-src 'none'; frame-src https://a.example": false,
		"default-src 'none'; child-src *": false, "default-src 'none'; script-src 'strict-dynamic'": false, "default-src 'none'\n": false,
	} {
		err := webcat.CheckPolicy(policy)
		if want && err != nil {
			t.Errorf("%q: %v", policy, err)
		}
		if !want {
			expectTyped(t, policy, err)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add(marshal(f, of(f)))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := webcat.ParseManifest(data)
		if err != nil {
			expectTyped(t, "fuzz", err)
			return
		}
		if again := marshal(t, m); !bytes.Equal(again, data) {
			t.Errorf("%s is written as %s", data, again)
		}
	})
}

func FuzzCheckPolicy(f *testing.F) {
	f.Add(documentPolicy)
	f.Add("default-src 'self'; script-src-elem 'none'")
	f.Fuzz(func(t *testing.T, policy string) {
		err := webcat.CheckPolicy(policy)
		if err != nil {
			expectTyped(t, "fuzz", err)
		}
		lower := strings.ToLower(policy)
		for _, bad := range []string{"script-src *", "worker-src blob:", "'unsafe-eval'; script-src"} {
			if err == nil && strings.HasPrefix(lower, bad) {
				t.Errorf("%q is accepted", policy)
			}
		}
	})
}
