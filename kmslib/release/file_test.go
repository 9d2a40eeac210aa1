// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
)

func TestContentNameHasHalfTheDigest(t *testing.T) {
	const want = "enclave.e3b0c44298fc1c149afbf4c8996fb924.wasm"
	if got := release.ContentName("enclave", "wasm", nil); got != want {
		t.Errorf("ContentName = %s, want %s", got, want)
	}
}

func TestDigestIsSHA256(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := release.Digest([]byte("abc")); got != want {
		t.Errorf("Digest = %s, want %s", got, want)
	}
}

func TestDescribeKnowsEveryRole(t *testing.T) {
	for path, want := range map[string]struct {
		role      release.Role
		mediaType string
	}{
		"index.html":    {release.RoleDocument, "text/html; charset=utf-8"},
		"frame.js":      {release.RoleScript, "text/javascript; charset=utf-8"},
		"worker.js":     {release.RoleWorker, "text/javascript; charset=utf-8"},
		"enclave.wasm":  {release.RoleWasm, "application/wasm"},
		"style.css":     {release.RoleStyle, "text/css; charset=utf-8"},
		"icon.svg":      {release.RoleIcon, "image/svg+xml"},
		"icon.png":      {release.RoleIcon, "image/png"},
		"favicon.ico":   {release.RoleIcon, "image/vnd.microsoft.icon"},
		"sbom.cdx.json": {release.RoleSBOM, "application/json"},
		"sri.json":      {release.RoleSRI, "application/json"},
		"LICENSE.txt":   {release.RoleLicense, "text/plain; charset=utf-8"},
		"Caddyfile":     {release.RoleHosting, "text/plain; charset=utf-8"},
		"icon.gif":      {release.RoleIcon, ""},
		"index.htm":     {release.RoleDocument, ""},
		"enclave.js":    {release.RoleWasm, ""},
	} {
		f := release.Describe(path, want.role, []byte("abc"))
		if f.MediaType != want.mediaType || f.Role != want.role || f.Path != path || f.Size != 3 {
			t.Errorf("Describe(%s) = %+v", path, f)
		}
		// FIPS 180-4's example "abc", as W3C SRI writes it.
		const integrity = "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"
		if f.Integrity != integrity || f.SHA256 != release.Digest([]byte("abc")) {
			t.Errorf("Describe(%s) = %+v", path, f)
		}
	}
}

func TestCheckSaysWhatDiffers(t *testing.T) {
	content := []byte("\x00asm\x01\x00\x00\x00")
	path := release.ContentName("enclave", "wasm", content)
	good := release.Describe(path, release.RoleWasm, content)
	if err := good.Check(content); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		field   string
		content string
		change  func(*release.File)
	}{
		"longer":           {"size", string(content) + "\x00", nil},
		"truncated":        {"size", string(content[:7]), nil},
		"empty":            {"size", "", nil},
		"bit flipped":      {"sha256", "\x00asm\x01\x00\x00\x01", nil},
		"listed size":      {"size", string(content), func(f *release.File) { f.Size++ }},
		"listed sha256":    {"sha256", string(content), func(f *release.File) { f.SHA256 = release.Digest(nil) }},
		"listed integrity": {"integrity", string(content), func(f *release.File) { f.Integrity = release.Describe("a", "", nil).Integrity }},
		"listed name":      {"name", string(content), func(f *release.File) { f.Path = "enclave.wasm" }},
	} {
		f := good
		if test.change != nil {
			test.change(&f)
		}
		err := f.Check([]byte(test.content))
		var mismatch *release.MismatchError
		if !errors.As(err, &mismatch) || mismatch.Field != test.field || mismatch.Path != f.Path || mismatch.Want == mismatch.Got {
			t.Errorf("%s: error = %v, want a MismatchError about %s", name, err, test.field)
		}
		if err != nil && !strings.Contains(err.Error(), test.field) {
			t.Errorf("%s: message %q", name, err)
		}
	}
}

func TestEveryChangeOfAFileIsCaught(t *testing.T) {
	m, files := minimal()
	for _, f := range m.Files {
		content := files[f.Path]
		if err := f.Check(content); err != nil {
			t.Errorf("unchanged: %v", err)
		}
		for i := range content {
			changed := append([]byte(nil), content...)
			changed[i] ^= 0x10
			if f.Check(changed) == nil || f.Check(content[:i]) == nil {
				t.Errorf("%s: a change at byte %d is not caught", f.Path, i)
			}
		}
		for path, other := range files {
			if path != f.Path && f.Check(other) == nil {
				t.Errorf("%s is taken for %s", path, f.Path)
			}
		}
	}
}

func TestSRIListsContentAddressedFiles(t *testing.T) {
	m, files := minimal()
	table := string(files["sri.json"])
	for _, f := range m.Files {
		listed := strings.Contains(table, `"`+f.Path+`":"`+f.Integrity+`"`)
		want := f.Role == release.RoleScript || f.Role == release.RoleWorker || f.Role == release.RoleWasm
		if listed != want {
			t.Errorf("%s listed: %v, want %v", f.Path, listed, want)
		}
	}
}

func TestSignaturesAreKnownByTheirName(t *testing.T) {
	for path, want := range map[string]bool{
		"release.json.sigstore.json": true,
		"a.sigstore.json":            true,
		".sigstore.json":             true,
		"release.json":               false,
		"a.sigstore.json.txt":        false,
		"../a.sigstore.json":         false,
		"a b.sigstore.json":          false,
	} {
		if got := release.IsSignature(path); got != want {
			t.Errorf("IsSignature(%q) = %v, want %v", path, got, want)
		}
	}
}
