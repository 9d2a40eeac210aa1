// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
)

// second returns the smallest release in the second format, and its files.
func second(t testing.TB) (*release.Manifest, map[string][]byte) {
	t.Helper()
	m, files := minimal()
	m.Version = "0.5.0"
	entry, _ := m.File(m.Entry)
	embed, err := release.EmbedOf(entry).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	add := func(path string, role release.Role, content []byte) {
		files[path] = content
		m.Files = append(m.Files, release.Describe(path, role, content))
		m.Headers[1].Paths = append(m.Headers[1].Paths, path)
	}
	draft, firefox := []byte("{\"hashes\":{}}\n\n"), []byte("{\"hashes\":{}}")
	add(release.WAICTName("enclave", false, draft), release.RoleWAICT, draft)
	add(release.WAICTName("enclave", true, firefox), release.RoleWAICT, firefox)
	add(release.WebcatManifestPath, release.RoleWebcat, []byte("{}"))
	add(release.EmbedPath, release.RoleEmbed, embed)
	m.Headers[1].Paths = append(m.Headers[1].Paths, release.CompanionPaths()...)
	return m, files
}

func TestSecondFormatIsGolden(t *testing.T) {
	m, files := second(t)
	data := marshal(t, m)
	golden(t, data, "second.release.json")
	golden(t, files[release.EmbedPath], "second.embed.json")
	parsed, err := release.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Version != "0.5.0" || string(marshal(t, parsed)) != string(data) {
		t.Errorf("read back as version %q", parsed.Version)
	}
	for _, f := range m.Files {
		if err := f.Check(files[f.Path]); err != nil {
			t.Error(err)
		}
	}
}

func TestFirstFormatIsStillRead(t *testing.T) {
	data, err := os.ReadFile(vectorPath("minimal.release.json"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := release.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if m.Version != "" || string(marshal(t, m)) != string(data) {
		t.Errorf("version %q, or written in another way", m.Version)
	}
}

// withRole returns the index of a file with that role and extension.
func withRole(m *release.Manifest, role release.Role, extension string) int {
	return slices.IndexFunc(m.Files, func(f release.File) bool {
		return f.Role == role && strings.HasSuffix(f.Path, ".json") == (extension != "")
	})
}

func TestMarshalRefusesWhatTheSecondFormatForbids(t *testing.T) {
	all := map[string]func(*release.Manifest){
		"version with a v":           func(m *release.Manifest) { m.Version = "v0.5.0" },
		"version of a branch":        func(m *release.Manifest) { m.Version = "main" },
		"first format with a role":   func(m *release.Manifest) { m.Version = "" },
		"WAICT manifest missing":     func(m *release.Manifest) { remove(m, m.Files[withRole(m, release.RoleWAICT, "")].Path) },
		"WEBCAT manifest missing":    func(m *release.Manifest) { remove(m, release.WebcatManifestPath) },
		"embed.json missing":         func(m *release.Manifest) { remove(m, release.EmbedPath) },
		"WAICT name of other bytes":  func(m *release.Manifest) { setSum(m, withRole(m, release.RoleWAICT, "")) },
		"WAICT name elsewhere":       moved(release.RoleWAICT, func(p string) string { return strings.TrimPrefix(p, ".well-known/") }),
		"WAICT name without a stem":  moved(release.RoleWAICT, func(p string) string { return strings.Replace(p, "enclave", "", 1) }),
		"WAICT name in a folder":     moved(release.RoleWAICT, func(p string) string { return strings.Replace(p, "enclave", "a/enclave", 1) }),
		"WAICT name in upper case":   moved(release.RoleWAICT, func(p string) string { return strings.Replace(p, "enclave", "Enclave", 1) }),
		"WEBCAT manifest elsewhere":  moved(release.RoleWebcat, func(string) string { return "webcat.json" }),
		"embed.json elsewhere":       moved(release.RoleEmbed, func(string) string { return "a/embed.json" }),
		"companion listed":           func(m *release.Manifest) { list(m, release.WebcatBundlePath) },
		"companion in another case":  func(m *release.Manifest) { list(m, ".well-known/webcat/Bundle.json") },
		"rule for another companion": func(m *release.Manifest) { addPath(m, 1, ".well-known/kms-enclave/other.json") },
	}
	for name, mutate := range mutations {
		all[name] = mutate
	}
	for name, mutate := range all {
		m, _ := second(t)
		mutate(m)
		_, err := m.Marshal()
		var refused *release.FormatError
		if !errors.As(err, &refused) {
			t.Errorf("%s: error = %v, want a FormatError", name, err)
		}
	}
}

func remove(m *release.Manifest, path string) {
	m.Files = slices.DeleteFunc(m.Files, func(f release.File) bool { return f.Path == path })
	for i := range m.Headers {
		m.Headers[i].Paths = slices.DeleteFunc(m.Headers[i].Paths, func(p string) bool { return p == path })
	}
}

func setSum(m *release.Manifest, i int) { m.Files[i].SHA256 = strings.Repeat("0", 64) }

func moved(role release.Role, to func(string) string) func(*release.Manifest) {
	return func(m *release.Manifest) {
		i := slices.IndexFunc(m.Files, func(f release.File) bool { return f.Role == role })
		rename(m, m.Files[i].Path, to(m.Files[i].Path))
	}
}

func list(m *release.Manifest, path string) {
	m.Files = append(m.Files, release.Describe(path, release.RoleHosting, nil))
	for i := range m.Headers {
		m.Headers[i].Paths = slices.DeleteFunc(m.Headers[i].Paths, func(p string) bool { return p == path })
	}
}

// In the first format a rule names no companion, so that hosts of such releases
// stay as they are.
func TestFirstFormatHasNoRuleForCompanions(t *testing.T) {
	m, _ := minimal()
	addPath(m, 1, release.AttestationsPath)
	if _, err := m.Marshal(); err == nil {
		t.Error("accepted")
	}
}

func TestShapesOfTheSecondFormatThatAreRefused(t *testing.T) {
	m, _ := second(t)
	good := string(marshal(t, m))
	for name, change := range map[string][2]string{
		"version missing":          {`,"version":"0.5.0"`, ``},
		"version a number":         {`"version":"0.5.0"`, `"version":5`},
		"version with metadata":    {`"version":"0.5.0"`, `"version":"0.5.0+a"`},
		"version in format 1":      {"kms-enclave-release/2", "kms-enclave-release/1"},
		"later format":             {"kms-enclave-release/2", "kms-enclave-release/3"},
		"media type of a manifest": {"application/waict-integrity-manifest", "application/json"},
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		if changed == good {
			t.Fatalf("%s: nothing changed", name)
		}
		_, err := release.Parse([]byte(changed))
		expectTyped(t, name, err)
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string]bool{
		"0.5.0": true, "1.0.0-rc.1": true, "10.20.30": true, "1.0.0-alpha-b.0": true, "1.0.0-0a": true,
		"": false, "1": false, "1.0": false, "1.0.0.0": false, "01.0.0": false, "1.0.0-": false, "1.0.0-01": false,
		"1.0.0-a..b": false, "1.0.0+b": false, "v1.0.0": false, " 1.0.0": false, "1.0.0\n": false, "-1.0.0": false,
		"1.0.0-" + strings.Repeat("a", 60): false,
	} {
		if got := release.IsVersion(version); got != want {
			t.Errorf("IsVersion(%q) = %v", version, got)
		}
	}
}

func TestCompanionsAreTheFourAndSignaturesAtTheRoot(t *testing.T) {
	for path, want := range map[string]bool{
		release.AttestationsPath: true, release.UpdateProofPath: true, release.WebcatBundlePath: true, release.WebcatEnrollmentPath: true,
		"release.json.sigstore.json": true, "rebuild-a.sigstore.json": true,
		release.WebcatManifestPath: false, "a/b.sigstore.json": false, "release.json": false, ".well-known/x": false, "../a.sigstore.json": false,
	} {
		if release.IsCompanion(path) != want {
			t.Errorf("IsCompanion(%q) = %v", path, !want)
		}
	}
	for _, path := range append(release.CompanionPaths(), release.ManifestPath, release.ChecksumsPath, release.ProvenancePath, release.DeploymentPath) {
		if release.UnlistedMediaType(path) == "" {
			t.Errorf("%s has no media type", path)
		}
	}
	if release.UnlistedMediaType("index.html") != "" {
		t.Error("index.html is listed, and has a media type here")
	}
}

func TestEmbedThatIsRefused(t *testing.T) {
	_, files := second(t)
	good := string(files[release.EmbedPath])
	for name, change := range map[string][2]string{
		"format":            {"kms-enclave-embed/1", "kms-enclave-embed/2"},
		"top navigation":    {"allow-downloads", "allow-top-navigation"},
		"no scripts":        {"allow-scripts ", ""},
		"opaque origin":     {"allow-same-origin ", ""},
		"token twice":       {"allow-popups ", "allow-scripts "},
		"camera":            {"clipboard-write", "camera"},
		"referrer":          {"strict-origin", "unsafe-url"},
		"hash of the entry": {`{origin}/":"`, `{origin}/":"A`},
		"another address":   {`{origin}/"`, `https://kms.example/"`},
		"unknown member":    {`"waict":{`, `"waict":{"a":1,`},
		"entry outside":     {`"entry":"index.html"`, `"entry":"../index.html"`},
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		if changed == good {
			t.Fatalf("%s: nothing changed in %s", name, good)
		}
		_, err := release.ParseEmbed([]byte(changed))
		expectTyped(t, name, err)
	}
}

// The attributes in embed.json are those that the SDK sets. The SDK's source
// lies beside kmslib, or among the runfiles of a Bazel test.
func TestEmbedHasTheAttributesThatTheSDKSets(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "enclave", "sdk", "frame.ts"))
	if err != nil {
		t.Fatal(err)
	}
	_, files := second(t)
	var embed struct{ Iframe map[string]string }
	if err := json.Unmarshal(files[release.EmbedPath], &embed); err != nil {
		t.Fatal(err)
	}
	for _, value := range embed.Iframe {
		if !strings.Contains(string(source), `"`+value+`"`) {
			t.Errorf("enclave/sdk/frame.ts does not set %q", value)
		}
	}
	if len(embed.Iframe) != 3 {
		t.Errorf("attributes %v", embed.Iframe)
	}
}

func FuzzParseEmbed(f *testing.F) {
	_, files := second(f)
	f.Add(files[release.EmbedPath])
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := release.ParseEmbed(data)
		if err != nil {
			expectTyped(t, "fuzz", err)
			return
		}
		if again, err := e.Marshal(); err != nil || string(again) != string(data) {
			t.Errorf("%s is written as %s, %v", data, again, err)
		}
	})
}
