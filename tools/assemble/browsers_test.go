// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/waict"
	"ats.run/kms-enclave/kmslib/webcat"
)

func assembled(t *testing.T) *Release {
	t.Helper()
	r, err := New(input(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// header returns a header of a path, or "".
func header(r *Release, path, name string) string {
	for _, h := range r.Manifest.HeadersOf(path) {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

func TestVersionIsOneOfSemanticVersioning(t *testing.T) {
	for _, version := range []string{"", "v1.0.0", "1.0", "1.0.0+build", "1.0.0\n"} {
		in := input(t, t.TempDir())
		in.Version = version
		if _, err := New(in); err == nil || !strings.Contains(err.Error(), "Semantic Versioning") {
			t.Errorf("%q: error = %v", version, err)
		}
	}
	if pin := string(assembled(t).Pin()); !strings.Contains(pin, "  version: \"1.2.3\",\n") {
		t.Errorf("the pin has no version:\n%s", pin)
	}
}

func TestBrowsersReadWhatTheReleaseIs(t *testing.T) {
	r := assembled(t)
	found := map[release.Role]int{}
	for _, f := range r.Manifest.Files {
		found[f.Role]++
		var err error
		switch {
		case f.Role == release.RoleWAICT && strings.HasSuffix(f.Path, ".json"):
			var m *waict.Manifest
			if m, err = waict.ParseFirefox(r.Files[f.Path]); err == nil {
				err = m.CheckRelease(r.Manifest, false)
			}
		case f.Role == release.RoleWAICT:
			var m *waict.Manifest
			if m, err = waict.Parse(r.Files[f.Path]); err == nil {
				err = m.CheckRelease(r.Manifest, true)
			}
			for _, path := range []string{entry, window} {
				if got := header(r, path, waict.HeaderName); got != waict.PolicyOf(f.Path).String() {
					t.Errorf("%s: the header is %q", path, got)
				}
			}
		case f.Role == release.RoleWebcat:
			var m *webcat.Manifest
			if m, err = webcat.ParseManifest(r.Files[f.Path]); err == nil {
				err = m.CheckRelease(r.Manifest)
			}
		case f.Role == release.RoleEmbed:
			_, err = release.ParseEmbed(r.Files[f.Path])
		}
		if err != nil {
			t.Errorf("%s: %v", f.Path, err)
		}
	}
	if found[release.RoleWAICT] != 2 || found[release.RoleWebcat] != 1 || found[release.RoleEmbed] != 1 {
		t.Errorf("roles %v", found)
	}
}

// The extension serves itself from the manifest of one deployment: each served
// file and its policy must be what a host of that deployment sends.
func TestExtensionTakesEveryServedFileOfADeployment(t *testing.T) {
	r := assembled(t)
	template, err := webcat.ParseManifest(r.Files[release.WebcatManifestPath])
	if err != nil {
		t.Fatal(err)
	}
	deployment := release.Deployment{Embedders: []string{"https://app.example", "https://b.example"}}
	m := template.Expand(deployment.Expand)
	if !template.IsTemplate() || m.IsTemplate() {
		t.Error("the manifest of a release is a template, that of a deployment is not")
	}
	for _, path := range r.Manifest.ServedPaths() {
		want := deployment.Expand(header(r, path, "content-security-policy"))
		if got := m.PolicyFor("/" + path); got != want {
			t.Errorf("%s: policy %q, served with %q", path, got, want)
		}
		if _, listed := m.Files["/"+path]; listed {
			if err := m.CheckFile("/"+path, r.Files[path]); err != nil {
				t.Error(err)
			}
		}
	}
	if err := m.CheckFile("/", r.Files[entry]); err != nil {
		t.Error(err)
	}
	if got := m.PolicyFor("/"); got != deployment.Expand(header(r, entry, "content-security-policy")) {
		t.Errorf("/: policy %q", got)
	}
}

func TestEvidenceIsForEveryOriginAndNothingElseIs(t *testing.T) {
	r := assembled(t)
	shared := map[string]bool{release.ManifestPath: true, release.AttestationsPath: true, release.UpdateProofPath: true}
	paths := append(r.Manifest.ServedPaths(), release.CompanionPaths()...)
	for _, path := range append(paths, release.DeploymentPath) {
		want := ""
		if shared[path] {
			want = "*"
		}
		if got := header(r, path, "access-control-allow-origin"); got != want {
			t.Errorf("%s: access-control-allow-origin is %q, want %q", path, got, want)
		}
		if shared[path] && header(r, path, "cross-origin-resource-policy") != "cross-origin" {
			t.Errorf("%s is not for other origins", path)
		}
		if listed, ok := r.Manifest.File(path); !ok && header(r, path, "content-type") != release.UnlistedMediaType(path) {
			t.Errorf("%s: media type %q, %v", path, header(r, path, "content-type"), listed)
		}
	}
}

func TestEveryHostHasARuleForWhatSigningAdds(t *testing.T) {
	r := assembled(t)
	for _, file := range []string{"_headers", "nginx.conf", "Caddyfile"} {
		for _, path := range append(release.CompanionPaths(), release.WebcatManifestPath) {
			if !strings.Contains(string(r.Files[file]), "/"+path) {
				t.Errorf("%s does not name %s", file, path)
			}
		}
		if !strings.Contains(string(r.Files[file]), waict.HeaderName) {
			t.Errorf("%s has no %s", file, waict.HeaderName)
		}
	}
}
