// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package waict_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/waict"
	"ats.run/kms-enclave/kmslib/wire"
)

var update = flag.Bool("update", false, "write the golden files in testdata/vectors/release")

var contents = map[string]string{
	"LICENSE.txt": "licence", "index.html": "document", "window.html": "document", "icon.svg": "icon", "sri.json": "{}",
}

// small returns a manifest that lists what this package looks at.
func small() *release.Manifest {
	m := &release.Manifest{Entry: "index.html", Files: []release.File{
		release.Describe("LICENSE.txt", release.RoleLicense, []byte("licence")),
		release.Describe("index.html", release.RoleDocument, []byte("document")),
		release.Describe("window.html", release.RoleDocument, []byte("document")),
		release.Describe("icon.svg", release.RoleIcon, []byte("icon")),
		release.Describe("sri.json", release.RoleSRI, []byte("{}")),
		release.Describe("_headers", release.RoleHosting, []byte("hosting")),
	}}
	for _, f := range []struct {
		role                     release.Role
		stem, extension, content string
	}{
		{release.RoleScript, "frame", "js", "frame"}, {release.RoleWorker, "worker", "js", "worker"},
		{release.RoleStyle, "style", "css", "style"}, {release.RoleWasm, "enclave", "wasm", "wasm"}, {release.RoleWasm, "other", "wasm", "other"},
	} {
		path := release.ContentName(f.stem, f.extension, []byte(f.content))
		m.Files = append(m.Files, release.Describe(path, f.role, []byte(f.content)))
	}
	return m
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "testdata", "vectors", "release", name)
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
		t.Errorf("%s differs; go test ./waict -update writes it:\n%s\nwant\n%s", path, got, want)
	}
}

func TestManifestsAreGoldenAndReadBack(t *testing.T) {
	m := waict.Of(small())
	golden(t, "browsers.waict", m.Marshal())
	golden(t, "browsers.waict.json", m.MarshalFirefox())
	draft, err := waict.Parse(m.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if err := draft.CheckRelease(small(), true); err != nil {
		t.Error(err)
	}
	firefox, err := waict.ParseFirefox(m.MarshalFirefox())
	if err != nil {
		t.Fatal(err)
	}
	if err := firefox.CheckRelease(small(), false); err != nil {
		t.Error(err)
	}
}

// The forms are read here with encoding/json, as a browser reads them.
func TestBothFormsListActiveFilesInTheirSpelling(t *testing.T) {
	m := waict.Of(small())
	body, proof, ok := bytes.Cut(m.Marshal(), []byte("\n"))
	if !ok || string(proof) != "\n" {
		t.Fatalf("after the JSON: %q", proof)
	}
	for _, c := range []struct {
		data     []byte
		encoding *base64.Encoding
		modules  int
	}{{body, base64.RawURLEncoding, 2}, {m.MarshalFirefox(), base64.StdEncoding, 0}} {
		var form struct {
			Hashes map[string]string
			WASM   []string `json:"wasm_hashes"`
		}
		if err := json.Unmarshal(c.data, &form); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte("document"))
		for _, url := range []string{"/", "/index.html", "/window.html"} {
			if form.Hashes[url] != c.encoding.EncodeToString(sum[:]) {
				t.Errorf("%s is %q", url, form.Hashes[url])
			}
		}
		if len(form.Hashes) != 6 || len(form.WASM) != c.modules {
			t.Errorf("%d URLs and %d modules: %s", len(form.Hashes), len(form.WASM), c.data)
		}
		if c.modules == 2 && form.WASM[0] >= form.WASM[1] {
			t.Error("modules are not sorted as text")
		}
	}
}

func TestFileIsCheckedByItsAddress(t *testing.T) {
	m := waict.Of(small())
	if err := m.Check("/", []byte(contents["index.html"])); err != nil {
		t.Error(err)
	}
	for url, content := range map[string]string{"/": "other", "/index.html": "", "/icon.svg": "icon", "/index.html?a": "document", "": "document"} {
		var mismatch *waict.MismatchError
		if err := m.Check(url, []byte(content)); !errors.As(err, &mismatch) || mismatch.URL != url {
			t.Errorf("%q: error = %v", url, err)
		}
	}
}

func expectTyped(t *testing.T, what string, err error) {
	t.Helper()
	var syntax *wire.SyntaxError
	var field *wire.FieldError
	var format *waict.FormatError
	if !errors.As(err, &syntax) && !errors.As(err, &field) && !errors.As(err, &format) {
		t.Errorf("%s: error = %v, want a typed one", what, err)
	}
}

func TestManifestThatIsRefused(t *testing.T) {
	good := string(waict.Of(small()).Marshal())
	hash := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	for name, changed := range map[string]string{
		"no proof line":      strings.TrimSuffix(good, "\n"),
		"a proof":            strings.TrimSuffix(good, "\n") + "AAAA\n",
		"a third line":       good + "\n",
		"space in the JSON":  strings.Replace(good, `{"`, `{ "`, 1),
		"no JSON":            "\n\n",
		"array":              "[]\n\n",
		"hashes missing":     `{"wasm_hashes":[]}` + "\n\n",
		"modules missing":    `{"hashes":{}}` + "\n\n",
		"hash a number":      `{"hashes":{"/":1},"wasm_hashes":[]}` + "\n\n",
		"hash padded":        `{"hashes":{"/":"` + hash + `="},"wasm_hashes":[]}` + "\n\n",
		"hash with bits":     `{"hashes":{"/":"` + hash[:42] + `B"},"wasm_hashes":[]}` + "\n\n",
		"hash short":         `{"hashes":{"/":"AAAA"},"wasm_hashes":[]}` + "\n\n",
		"URL without slash":  `{"hashes":{"a":"` + hash + `"},"wasm_hashes":[]}` + "\n\n",
		"URL with dots":      `{"hashes":{"/../a":"` + hash + `"},"wasm_hashes":[]}` + "\n\n",
		"URL of a host":      `{"hashes":{"//evil.example/":"` + hash + `"},"wasm_hashes":[]}` + "\n\n",
		"URL with a query":   `{"hashes":{"/?":"` + hash + `"},"wasm_hashes":[]}` + "\n\n",
		"URL escaped":        `{"hashes":{"/%61":"` + hash + `"},"wasm_hashes":[]}` + "\n\n",
		"module twice":       `{"hashes":{},"wasm_hashes":["` + hash + `","` + hash + `"]}` + "\n\n",
		"modules unsorted":   `{"hashes":{},"wasm_hashes":["B` + hash[1:] + `","` + hash + `"]}` + "\n\n",
		"wildcard":           `{"hashes":{},"wasm_hashes":[],"wildcard_hashes":["` + hash + `"]}` + "\n\n",
		"opted out":          `{"emergency_opt_out":true,"hashes":{},"wasm_hashes":[]}` + "\n\n",
		"Firefox's spelling": string(waict.Of(small()).MarshalFirefox()) + "\n\n",
	} {
		_, err := waict.Parse([]byte(changed))
		expectTyped(t, name, err)
	}
	for name, changed := range map[string]string{
		"draft":        good,
		"any_hashes":   `{"any_hashes":["` + hash + `="],"hashes":{}}`,
		"no padding":   `{"hashes":{"/":"` + hash + `"}}`,
		"with modules": `{"hashes":{},"wasm_hashes":[]}`,
		"newline":      `{"hashes":{}}` + "\n",
	} {
		_, err := waict.ParseFirefox([]byte(changed))
		expectTyped(t, name, err)
	}
}

func TestManifestOfAnotherReleaseIsNoticed(t *testing.T) {
	for name, edit := range map[string]func(*waict.Manifest){
		"entry at / missing": func(m *waict.Manifest) { delete(m.Hashes, "/") },
		"one more":           func(m *waict.Manifest) { m.Hashes["/icon.svg"] = waict.Hash{} },
		"another hash":       func(m *waict.Manifest) { m.Hashes["/window.html"] = waict.Hash{} },
		"module missing":     func(m *waict.Manifest) { m.WASM = m.WASM[1:] },
		"module more":        func(m *waict.Manifest) { m.WASM = append(m.WASM, waict.Hash{}) },
	} {
		m := waict.Of(small())
		edit(m)
		var mismatch *waict.MismatchError
		if err := m.CheckRelease(small(), true); !errors.As(err, &mismatch) || mismatch.Want == mismatch.Got {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func TestEnclaveIsPinnedInTheManifestOfAnApp(t *testing.T) {
	enclave, err := origin.Parse("https://kms.example")
	if err != nil {
		t.Fatal(err)
	}
	entry, _ := small().File("index.html")
	embed := release.EmbedOf(entry)
	const app = `{ "hashes": {"/app.js": "old", "https://kms.example/": "stale"}, "fallback_hashes": ["x"], "wasm_hashes": [] }`
	draft, err := waict.Pin([]byte(app+"\nproof\n"), enclave, embed)
	if err != nil {
		t.Fatal(err)
	}
	firefox, err := waict.PinFirefox([]byte(app), enclave, embed)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("document"))
	for _, c := range []struct {
		data []byte
		hash string
	}{{draft, base64.RawURLEncoding.EncodeToString(sum[:])}, {firefox, base64.StdEncoding.EncodeToString(sum[:])}} {
		var got struct {
			Hashes   map[string]string
			Fallback []string `json:"fallback_hashes"`
		}
		if err := json.Unmarshal(c.data, &got); err != nil {
			t.Fatal(err)
		}
		if got.Hashes["https://kms.example/"] != c.hash || got.Hashes["https://kms.example/index.html"] != c.hash {
			t.Errorf("not pinned to %s: %s", c.hash, c.data)
		}
		if got.Hashes["/app.js"] != "old" || len(got.Hashes) != 3 || len(got.Fallback) != 1 {
			t.Errorf("the app's own members changed: %s", c.data)
		}
	}
	if !bytes.HasSuffix(draft, []byte("}\n\n")) {
		t.Errorf("the proof was for another manifest, and is still there: %q", draft)
	}
	again, err := waict.Pin(draft, enclave, embed)
	if err != nil || !bytes.Equal(again, draft) {
		t.Errorf("pinned twice: %s, %v", again, err)
	}
}

func TestPinRefusesWhatIsNoManifest(t *testing.T) {
	enclave, _ := origin.Parse("https://kms.example")
	entry, _ := small().File("index.html")
	for _, data := range []string{"", "{}", "{}\n", "{}\n\n", "[]\n\n", `{"hashes":[]}` + "\n\n", "{\n\n"} {
		_, err := waict.Pin([]byte(data), enclave, release.EmbedOf(entry))
		expectTyped(t, data, err)
	}
	_, err := waict.Pin([]byte(`{"hashes":{}}`+"\n\n"), enclave, release.Embed{Hashes: map[string]string{"/": "x"}})
	expectTyped(t, "no template", err)
}

func FuzzParse(f *testing.F) {
	m := waict.Of(small())
	f.Add(m.Marshal())
	f.Add(m.MarshalFirefox())
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := waict.Parse(data); err != nil {
			expectTyped(t, "draft", err)
		} else if !bytes.Equal(m.Marshal(), data) {
			t.Errorf("%s is written as %s", data, m.Marshal())
		}
		if m, err := waict.ParseFirefox(data); err != nil {
			expectTyped(t, "Firefox's", err)
		} else if !bytes.Equal(m.MarshalFirefox(), data) {
			t.Errorf("%s is written as %s", data, m.MarshalFirefox())
		}
	})
}

func FuzzPin(f *testing.F) {
	enclave, _ := origin.Parse("https://kms.example")
	entry, _ := small().File("index.html")
	embed := release.EmbedOf(entry)
	f.Add([]byte(`{"hashes":{"/a":"b"}}` + "\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pinned, err := waict.Pin(data, enclave, embed)
		if err != nil {
			expectTyped(t, "fuzz", err)
			return
		}
		if again, err := waict.Pin(pinned, enclave, embed); err != nil || !bytes.Equal(again, pinned) {
			t.Errorf("pinned again: %s, %v", again, err)
		}
	})
}
