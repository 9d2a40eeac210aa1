// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck_test

import (
	"bytes"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/waict"
	"ats.run/kms-enclave/kmslib/webcat"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
)

// waictPath returns the path of the draft's manifest or of Firefox's.
func waictPath(t *testing.T, files releasetest.Release, firefox bool) string {
	for _, f := range files.Manifest(t).Files {
		if f.Role == release.RoleWAICT && strings.HasSuffix(f.Path, ".json") == firefox {
			return f.Path
		}
	}
	t.Fatal("no WAICT manifest")
	return ""
}

// browserForgeries alter what browsers read, and bring everything else up to
// date with it.
var browserForgeries = []struct {
	name string
	step verdict.Step
	make func(t *testing.T, files releasetest.Release) (path string, content []byte)
}{
	{"WAICT manifest without /", verdict.WAICT, editWAICT(false, func(m *waict.Manifest) { delete(m.Hashes, "/") })},
	{"WAICT manifest with one more", verdict.WAICT, editWAICT(false, func(m *waict.Manifest) { m.Hashes["/evil.js"] = waict.Hash{1} })},
	{"WAICT manifest with another hash", verdict.WAICT, editWAICT(false, func(m *waict.Manifest) { m.Hashes["/index.html"] = waict.Hash{1} })},
	{"WAICT manifest with another module", verdict.WAICT, editWAICT(false, func(m *waict.Manifest) { m.WASM = append(m.WASM, waict.Hash{1}) })},
	{"WAICT manifest without modules", verdict.WAICT, editWAICT(false, func(m *waict.Manifest) { m.WASM = nil })},
	{"Firefox's manifest with another hash", verdict.WAICT, editWAICT(true, func(m *waict.Manifest) { m.Hashes["/"] = waict.Hash{1} })},
	{"WAICT manifest that is a tombstone", verdict.WAICT, func(t *testing.T, files releasetest.Release) (string, []byte) {
		path := waictPath(t, files, false)
		return path, bytes.Replace(files[path], []byte(`{"hashes"`), []byte(`{"emergency_opt_out":true,"hashes"`), 1)
	}},
	{"embed.json of another document", verdict.WAICT, func(t *testing.T, files releasetest.Release) (string, []byte) {
		e := release.EmbedOf(release.Describe("index.html", release.RoleDocument, []byte("another")))
		data, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return release.EmbedPath, data
	}},
	{"embed.json with a weaker sandbox", verdict.WAICT, func(_ *testing.T, files releasetest.Release) (string, []byte) {
		return release.EmbedPath, bytes.Replace(files[release.EmbedPath], []byte("allow-downloads"), []byte("allow-top-navigation"), 1)
	}},
	{"WEBCAT manifest with another policy", verdict.WEBCAT, editWEBCAT(func(m *webcat.Manifest) { m.DefaultCSP = "default-src 'none'" })},
	{"WEBCAT manifest without a policy", verdict.WEBCAT, editWEBCAT(func(m *webcat.Manifest) { delete(m.ExtraCSP, "/icon.svg") })},
	{"WEBCAT manifest with another hash", verdict.WEBCAT, editWEBCAT(func(m *webcat.Manifest) { m.Files["/icon.svg"] = webcat.Hash{1} })},
	{"WEBCAT manifest with one more", verdict.WEBCAT, editWEBCAT(func(m *webcat.Manifest) { m.Files["/evil.js"] = webcat.Hash{1} })},
	{"WEBCAT manifest without a file", verdict.WEBCAT, editWEBCAT(func(m *webcat.Manifest) { delete(m.Files, "/icon.svg") })},
	{"WEBCAT manifest with another module", verdict.WEBCAT, editWEBCAT(func(m *webcat.Manifest) { m.WASM[0][0]++ })},
	{"WEBCAT manifest of another version", verdict.WEBCAT, editWEBCAT(func(m *webcat.Manifest) { m.Version = "9.9.9" })},
	{"WEBCAT manifest with embedders", verdict.WEBCAT, func(_ *testing.T, files releasetest.Release) (string, []byte) {
		return release.WebcatManifestPath, bytes.ReplaceAll(files[release.WebcatManifestPath], []byte("{embedders}"), []byte("*"))
	}},
}

func editWAICT(firefox bool, edit func(*waict.Manifest)) func(*testing.T, releasetest.Release) (string, []byte) {
	return func(t *testing.T, files releasetest.Release) (string, []byte) {
		m := waict.Of(files.Manifest(t))
		edit(m)
		if firefox {
			return waictPath(t, files, true), m.MarshalFirefox()
		}
		return waictPath(t, files, false), m.Marshal()
	}
}

func editWEBCAT(edit func(*webcat.Manifest)) func(*testing.T, releasetest.Release) (string, []byte) {
	return func(t *testing.T, files releasetest.Release) (string, []byte) {
		m, err := webcat.Of(files.Manifest(t))
		if err != nil {
			t.Fatal(err)
		}
		edit(m)
		data, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return release.WebcatManifestPath, data
	}
}

func TestWhatBrowsersReadMustBeAboutThisRelease(t *testing.T) {
	for _, c := range browserForgeries {
		t.Run(c.name, func(t *testing.T) {
			files := releasetest.Build(t)
			path, content := c.make(t, files)
			files.Replace(t, path, content)
			if c.step == verdict.WAICT && strings.HasPrefix(path, release.WAICTFolder) {
				path = waictPath(t, files, strings.HasSuffix(path, ".json"))
				// The policies name it, so the WEBCAT manifest goes along.
				m, err := webcat.Of(files.Manifest(t))
				if err != nil {
					t.Fatal(err)
				}
				data, err := m.Marshal()
				if err != nil {
					t.Fatal(err)
				}
				files.Replace(t, release.WebcatManifestPath, data)
			}
			report := check(artifact.NewSet(files), releasecheck.Options{})
			want := []reason{{c.step, path}}
			assertRefuted(t, report, want)
			for _, got := range report.Checks() {
				isListed := got.Step == verdict.WAICT || got.Step == verdict.WEBCAT
				if got.Result == verdict.Refuted && (!isListed || got.Subject != path && got.Subject != release.WebcatManifestPath) {
					t.Errorf("also refuted %s on %s: %s", got.Step, got.Subject, got.Found)
				}
			}
		})
	}
}

func TestDocumentsMustNameTheWAICTManifest(t *testing.T) {
	for _, value := range []string{
		"max-age=0, mode=enforce, manifest=\"/other\"",
		"max-age=60, mode=enforce, manifest=\"/" + "X\"",
		"max-age=0, mode=report, manifest=\"/X\"",
	} {
		files := releasetest.Build(t)
		value = strings.Replace(value, "X", waictPath(t, files, false), 1)
		files.SetHeader(t, "index.html", waict.HeaderName, value)
		assertRefuted(t, check(artifact.NewSet(files), releasecheck.Options{}), []reason{{verdict.WAICT, "index.html"}})
	}
}

func TestReleaseInTheFirstFormatIsVerified(t *testing.T) {
	files := releasetest.Build(t).First(t)
	if !bytes.Contains(files[release.ManifestPath], []byte(release.FirstFormat)) {
		t.Fatal("not in the first format")
	}
	report := check(artifact.NewSet(files), releasecheck.Options{Expect: files.Digest()})
	if report.Conclude() != verdict.ConcludeVerified {
		t.Fatal(describe(report))
	}
}

// signed adds to a release what signing adds for WEBCAT, for one deployment.
func signed(t *testing.T) releasetest.Release {
	t.Helper()
	files := releasetest.Build(t)
	template, err := webcat.ParseManifest(files[release.WebcatManifestPath])
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := template.Expand(release.Deployment{Embedders: []string{"https://app.example"}}.Expand).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	enrollment, err := webcat.Enrollment{
		TrustedRoot: []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`),
		Claims:      map[string]string{webcat.ClaimSubject: "https://ci.example/release", webcat.ClaimIssuer: "https://issuer.example"},
		MaxAge:      3600,
	}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	signature := []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","messageSignature":{}}`)
	bundle, err := webcat.Bundle(enrollment, manifest, [][]byte{signature})
	if err != nil {
		t.Fatal(err)
	}
	files[release.WebcatEnrollmentPath], files[release.WebcatBundlePath] = enrollment, bundle
	return files
}

func TestWhatSigningAddsIsAllowed(t *testing.T) {
	files := signed(t)
	for _, path := range append(release.CompanionPaths(), "release.json.sigstore.json") {
		if files[path] == nil {
			files[path] = []byte("{}\n")
		}
	}
	report := check(artifact.NewSet(files), releasecheck.Options{})
	if report.Conclude() != verdict.ConcludeVerified {
		t.Fatal(describe(report))
	}
}

func TestWEBCATBundleOfAnotherReleaseIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		path     string
		old, new string
	}{
		"another version":    {release.WebcatBundlePath, releasetest.Version, "9.9.9"},
		"another policy":     {release.WebcatBundlePath, "base-uri 'none'", "base-uri 'self'"},
		"several policies":   {release.WebcatBundlePath, "https://app.example;", "https://app.example; script-src *;"},
		"another enrollment": {release.WebcatBundlePath, `"max_age":3600`, `"max_age":7200`},
		"template":           {release.WebcatBundlePath, "https://app.example", "{embedders}"},
		"no signature":       {release.WebcatBundlePath, "messageSignature", "dsseEnvelope"},
		"enrollment broken":  {release.WebcatEnrollmentPath, "sigstore\"}", "sigsum\"}"},
	} {
		files := signed(t)
		changed := bytes.Replace(files[c.path], []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(changed, files[c.path]) {
			t.Fatalf("%s: nothing changed in %s", name, changed)
		}
		files[c.path] = changed
		t.Run(name, func(t *testing.T) {
			assertRefuted(t, check(artifact.NewSet(files), releasecheck.Options{}), []reason{{verdict.WEBCAT, c.path}})
		})
	}
}

func TestOtherFileUnderWellKnownIsRefused(t *testing.T) {
	for _, path := range []string{".well-known/security.txt", ".well-known/kms-enclave/other.json", "a/release.json.sigstore.json", ".well-known/webauthn"} {
		files := releasetest.Build(t)
		files[path] = []byte("{}")
		assertRefuted(t, check(artifact.NewSet(files), releasecheck.Options{}), []reason{{verdict.Listing, path}})
	}
}
