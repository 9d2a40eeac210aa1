// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/tools/sbom"
)

// input writes the sources of a small enclave into a folder and returns what New takes.
func input(t *testing.T, folder string) Input {
	t.Helper()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("shell/message.ts", "export const hello: string = WASM_URL;\n")
	return Input{
		Version:      "1.2.3",
		Protocol:     1,
		Source:       release.Source{Repository: "https://example.com/source", Commit: release.Unreleased},
		WASM:         []byte("\x00asm"),
		WASMExecPath: write("sdk/wasm_exec.js", "globalThis.Go = class {};\n"),
		WorkerPath:   write("shell/worker.ts", "import \"wasm_exec\";\nimport { hello } from \"./message.ts\";\npostMessage([hello, WASM_INTEGRITY]);\n"),
		FramePath:    write("shell/frame.ts", "import { hello } from \"./message.ts\";\nnew Worker(WORKER_URL, { name: hello + WORKER_INTEGRITY });\n"),
		Document:     []byte("<script type=module src=\"{{frame.src}}\" integrity=\"{{frame.integrity}}\"></script>"),
		Style:        []byte("body {}\n"),
		License:      []byte("licence\n"),
		GoVersion:    "1.26.8",
	}
}

func TestEqualSourcesGiveEqualBytesWhereverTheyLie(t *testing.T) {
	first, err := New(input(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	t.Setenv("TZ", "Pacific/Kiritimati")
	t.Setenv("LC_ALL", "C")
	t.Setenv("HOME", t.TempDir())
	second, err := New(input(t, filepath.Join(t.TempDir(), "at", "another", "depth")))
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Files) != len(second.Files) {
		t.Fatalf("%d files, then %d", len(first.Files), len(second.Files))
	}
	for path, content := range first.Files {
		if !bytes.Equal(content, second.Files[path]) {
			t.Errorf("%s differs", path)
		}
	}
	tarFirst, err := Tar(first.Files)
	if err != nil {
		t.Fatal(err)
	}
	tarSecond, err := Tar(second.Files)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(tarFirst, tarSecond) {
		t.Error("the archives differ")
	}
}

func TestEachFileNamesTheNextWithItsHash(t *testing.T) {
	r, err := New(input(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	chain := []release.Role{release.RoleDocument, release.RoleScript, release.RoleWorker, release.RoleWasm}
	byRole := map[release.Role]release.File{}
	for _, f := range r.Manifest.Files {
		byRole[f.Role] = f
	}
	for i := range chain[:len(chain)-1] {
		outer, inner := byRole[chain[i]], byRole[chain[i+1]]
		content := string(r.Files[outer.Path])
		if !strings.Contains(content, inner.Path) || !strings.Contains(content, inner.Integrity) {
			t.Errorf("%s does not name %s with its integrity", outer.Path, inner.Path)
		}
	}
}

func TestManifestListsEveryFileThatItMust(t *testing.T) {
	r, err := New(input(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	m, err := release.Parse(r.Files[release.ManifestPath])
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{release.ManifestPath: true, release.ProvenancePath: true, release.ChecksumsPath: true}
	for path, content := range r.Files {
		f, listed := m.File(path)
		if listed == own[path] {
			t.Errorf("%s: listed is %v", path, listed)
		}
		if listed {
			if err := f.Check(content); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestUnknownNameInTheTemplateIsRefused(t *testing.T) {
	in := input(t, t.TempDir())
	in.Document = []byte("{{frame.source}}")
	if _, err := New(in); err == nil || !strings.Contains(err.Error(), "frame.source") {
		t.Errorf("New = %v, want an error that names frame.source", err)
	}
}

func TestTypeScriptErrorsNameFileAndLine(t *testing.T) {
	in := input(t, t.TempDir())
	if err := os.WriteFile(in.FramePath, []byte("import \"./absent.ts\";\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := New(in); err == nil || !strings.Contains(err.Error(), "frame.ts:1") {
		t.Errorf("New = %v, want an error at frame.ts:1", err)
	}
}

// The window of a ceremony is the frame's document again; it must be able to
// speak with the frame that opened it, and nobody may frame it.
func TestWindowIsTheSameDocumentWithHeadersOfItsOwn(t *testing.T) {
	r, err := New(input(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Files[window], r.Files[entry]) {
		t.Error("the two documents differ")
	}
	headers := map[string]map[string]string{}
	for _, rule := range r.Manifest.Headers {
		for _, path := range rule.Paths {
			headers[path] = map[string]string{}
			for _, h := range rule.Headers {
				headers[path][h.Name] = h.Value
			}
		}
	}
	for path, want := range map[string][2]string{
		entry:  {"same-origin", release.EmbeddersPlaceholder},
		window: {"unsafe-none", "'none'"},
	} {
		if got := headers[path]["cross-origin-opener-policy"]; got != want[0] {
			t.Errorf("%s: cross-origin-opener-policy is %q, want %q", path, got, want[0])
		}
		if got := headers[path]["content-security-policy"]; !strings.HasSuffix(got, "frame-ancestors "+want[1]) {
			t.Errorf("%s: content-security-policy is %q, want frame-ancestors %s", path, got, want[1])
		}
	}
}

func TestFrameNamesTheStrengthScriptWithItsHash(t *testing.T) {
	in := input(t, t.TempDir())
	if err := os.WriteFile(in.FramePath, []byte("load(STRENGTH_URL, STRENGTH_INTEGRITY);\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	in.Strength = []byte("globalThis.kmsStrength = () => 0;\n")
	in.Packages = []sbom.Package{{Name: "@scope/name", Version: "1.2.3", SHA512: strings.Repeat("ab", 64), License: "MIT"}}
	r, err := New(in)
	if err != nil {
		t.Fatal(err)
	}
	var frame []byte
	var strength release.File
	for _, f := range r.Manifest.Files {
		switch {
		case strings.HasPrefix(f.Path, "frame."):
			frame = r.Files[f.Path]
		case strings.HasPrefix(f.Path, "strength."):
			strength = f
		}
	}
	if strength.Path == "" || !bytes.Contains(frame, []byte(strength.Path)) || !bytes.Contains(frame, []byte(strength.Integrity)) {
		t.Errorf("the frame does not name %q with its integrity", strength.Path)
	}
	if !bytes.Contains(r.Files[sbomPath], []byte("pkg:npm/%40scope/name@1.2.3")) {
		t.Error("the bill of materials does not have the script's package")
	}
}
