// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
)

// forgery is an alteration that brings some statements up to date with it.
type forgery struct {
	name  string
	forge func(t *testing.T, files releasetest.Release)
	want  []reason
}

var forgeries = []forgery{
	{"file and manifest changed, statements stale", func(t *testing.T, files releasetest.Release) {
		files["icon.svg"] = []byte("<svg/>")
		files.Redescribe(t)
	}, []reason{
		{verdict.Checksums, "icon.svg"}, {verdict.Checksums, "release.json"},
		{verdict.Provenance, "icon.svg"}, {verdict.Provenance, "release.json"},
		{verdict.WEBCAT, release.WebcatManifestPath},
	}},
	{"file, manifest and checksums changed, provenance stale", func(t *testing.T, files releasetest.Release) {
		files["icon.svg"] = []byte("<svg/>")
		files.Redescribe(t)
		files.UpdateChecksums(t)
	}, []reason{
		{verdict.Provenance, "icon.svg"}, {verdict.Provenance, "release.json"}, {verdict.WEBCAT, release.WebcatManifestPath},
	}},
	{"file, manifest and provenance changed, checksums stale", func(t *testing.T, files releasetest.Release) {
		files["icon.svg"] = []byte("<svg/>")
		files.Redescribe(t)
		files.UpdateProvenance(t)
	}, []reason{
		{verdict.Checksums, "icon.svg"}, {verdict.Checksums, "release.json"},
		{verdict.Checksums, "provenance.intoto.json"}, {verdict.WEBCAT, release.WebcatManifestPath},
	}},
	{"manifest changed alone", func(t *testing.T, files releasetest.Release) {
		m := files.Manifest(t)
		m.Protocol++
		files.SetManifest(t, m)
	}, []reason{{verdict.Checksums, "release.json"}, {verdict.Provenance, "release.json"}}},
	{"names of two subjects swapped", func(t *testing.T, files releasetest.Release) {
		subjects := files.Subjects()
		subjects["index.html"], subjects["icon.svg"] = subjects["icon.svg"], subjects["index.html"]
		files.SetProvenance(subjects, files.Manifest(t).Source)
		files.UpdateChecksums(t)
	}, []reason{{verdict.Provenance, "index.html"}, {verdict.Provenance, "icon.svg"}}},
	{"subject missing", func(t *testing.T, files releasetest.Release) {
		subjects := files.Subjects()
		delete(subjects, "index.html")
		files.SetProvenance(subjects, files.Manifest(t).Source)
		files.UpdateChecksums(t)
	}, []reason{{verdict.Provenance, "index.html"}}},
	{"subject too many", func(t *testing.T, files releasetest.Release) {
		subjects := files.Subjects()
		subjects["evil.js"] = release.Digest(nil)
		files.SetProvenance(subjects, files.Manifest(t).Source)
		files.UpdateChecksums(t)
	}, []reason{{verdict.Provenance, "evil.js"}}},
	{"provenance of another commit", func(t *testing.T, files releasetest.Release) {
		other := release.Source{Repository: releasetest.Repository, Commit: release.Unreleased}
		files.SetProvenance(files.Subjects(), other)
		files.UpdateChecksums(t)
	}, []reason{{verdict.Provenance, "provenance.intoto.json"}}},
	{"provenance of another repository", func(t *testing.T, files releasetest.Release) {
		other := release.Source{Repository: "https://evil.example", Commit: releasetest.Commit}
		files.SetProvenance(files.Subjects(), other)
		files.UpdateChecksums(t)
	}, []reason{{verdict.Provenance, "provenance.intoto.json"}}},
	{"line of the checksums missing", func(t *testing.T, files releasetest.Release) {
		line := release.Digest(files["index.html"]) + "  index.html\n"
		files[release.ChecksumsPath] = bytes.Replace(files[release.ChecksumsPath], []byte(line), nil, 1)
	}, []reason{{verdict.Checksums, "index.html"}}},
	{"line of the checksums too many", func(t *testing.T, files releasetest.Release) {
		files[release.ChecksumsPath] = append(files[release.ChecksumsPath], release.Digest(nil)+"  zzz\n"...)
	}, []reason{{verdict.Checksums, "zzz"}}},
	{"checksums with CRLF", func(t *testing.T, files releasetest.Release) {
		files[release.ChecksumsPath] = bytes.ReplaceAll(files[release.ChecksumsPath], []byte("\n"), []byte("\r\n"))
	}, []reason{{verdict.Checksums, "SHA256SUMS"}}},
	{"header of the document weakened", func(t *testing.T, files releasetest.Release) {
		files.SetHeader(t, "index.html", "content-security-policy", "default-src 'self' 'unsafe-inline'")
	}, weakened("index.html")},
	{"header of the worker weakened", func(t *testing.T, files releasetest.Release) {
		files.SetHeader(t, files.Named(t, release.RoleWorker), "content-security-policy",
			"default-src 'none'; script-src 'unsafe-eval'; require-trusted-types-for 'script'")
	}, weakened("role:worker")},
	{"host configuration weakened", func(t *testing.T, files releasetest.Release) {
		files["nginx.conf"] = bytes.ReplaceAll(files["nginx.conf"], []byte("nosniff"), []byte("sniff"))
		files.UpdateAll(t)
	}, []reason{{verdict.Hosting, "nginx.conf"}}},
	{"component list without the standard library", func(t *testing.T, files releasetest.Release) {
		name := files.Named(t, release.RoleSBOM)
		files[name] = bytes.ReplaceAll(files[name], []byte("pkg:golang/std@"), []byte("pkg:golang/other@"))
		files.UpdateAll(t)
	}, []reason{{verdict.SBOM, "sbom.cdx.json"}}},
	{"integrity value of the frame missing in the document", func(t *testing.T, files releasetest.Release) {
		f, _ := files.Manifest(t).File(files.Named(t, release.RoleScript))
		files["index.html"] = bytes.ReplaceAll(files["index.html"], []byte(" integrity=\""+f.Integrity+"\""), nil)
		files.UpdateAll(t)
	}, []reason{
		{verdict.Chain, "index.html"}, {verdict.Chain, "role:script"}, {verdict.Chain, "role:worker"}, {verdict.Chain, "role:wasm"},
	}},
	{"integrity table of another release", func(t *testing.T, files releasetest.Release) {
		files["sri.json"] = []byte("{}")
		files.UpdateAll(t)
	}, []reason{{verdict.SRI, "sri.json"}}},
}

// weakened is why a weaker header is refused: too little is promised, and the
// host configurations and the WEBCAT manifest, which are as before, do not
// carry it.
func weakened(path string) []reason {
	return []reason{
		{verdict.Policy, path},
		{verdict.Hosting, "Caddyfile"}, {verdict.Hosting, "_headers"}, {verdict.Hosting, "nginx.conf"},
		{verdict.WEBCAT, release.WebcatManifestPath},
	}
}

func TestForgeryIsRefutedForTheRightReason(t *testing.T) {
	for _, c := range forgeries {
		t.Run(c.name, func(t *testing.T) {
			files := releasetest.Build(t)
			want := resolve(t, files, c.want)
			c.forge(t, files)
			report := check(artifact.NewSet(files), releasecheck.Options{})
			assertRefuted(t, report, want)
			assertOnly(t, report, want)
		})
	}
}

// resolve replaces "role:worker" by the name of the worker, and so on.
func resolve(t *testing.T, files releasetest.Release, reasons []reason) []reason {
	resolved := slices.Clone(reasons)
	for i, r := range resolved {
		if role, ok := strings.CutPrefix(r.path, "role:"); ok {
			resolved[i].path = files.Named(t, release.Role(role))
		}
	}
	return resolved
}

// assertOnly fails if the report refutes anything that was not wanted: who
// forges one thing well must not be told about others.
func assertOnly(t *testing.T, report *verdict.Report, want []reason) {
	t.Helper()
	for _, c := range report.Checks() {
		if c.Result == verdict.Refuted && !slices.Contains(want, reason{c.Step, c.Subject}) {
			t.Errorf("also refuted %s on %s: expected %s, found %s", c.Step, c.Subject, c.Expected, c.Found)
		}
	}
}
