// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sbom_test

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/sbom"
	"ats.run/kms-enclave/verifier/verdict"
)

// bill returns the component list of the small release.
func bill(t testing.TB) string {
	files := releasetest.Build(t)
	return string(files[files.Named(t, release.RoleSBOM)])
}

func TestBillThatDoesNotNameWhatItMustIsRefused(t *testing.T) {
	const std = `{"type":"library","name":"std","version":"1.26.8","purl":"pkg:golang/std@1.26.8","bom-ref":"std"}`
	file := release.Describe("icon.svg", release.RoleIcon, []byte("<svg/>"))
	ofFile := func(sha256 string) string {
		return std + `,{"type":"file","name":"icon.svg","hashes":[{"alg":"SHA-256","content":"` + sha256 + `"}]}`
	}
	for _, c := range []struct{ name, old, new, found string }{
		{"as released", "", "", ""},
		{"file with its digest", std, ofFile(file.SHA256), ""},
		{"file that is not of the release", std, strings.Replace(ofFile("00"), "icon.svg", "main.go", 1), ""},
		{"component without references", std, std + `,{"type":"library","name":"a","version":"1"},{"type":"library","name":"b","version":"1"}`, ""},
		{"serial number", `"version":1`, `"serialNumber":"urn:uuid:x","version":1`, ""},
		{"file with another digest", std, ofFile(release.Digest(nil)), "sbom.cdx.json"},
		{"file without digest", std, std + `,{"type":"file","name":"icon.svg"}`, "none"},
		{"not JSON", `{"bomFormat"`, `{bomFormat`, "malformed JSON"},
		{"member twice", `{"bomFormat"`, `{"bomFormat":"","bomFormat"`, "malformed JSON"},
		{"other format", "CycloneDX", "SPDX", "bomFormat"},
		{"other version of the format", `"1.6"`, `"1.2"`, "specVersion"},
		{"later revision", `"version":1`, `"version":2`, "version"},
		{"timestamp", `"metadata":{`, `"metadata":{"timestamp":"2026-01-01T00:00:00Z",`, "timestamp"},
		{"no main component", `"component":`, `"componnet":`, "metadata.component is missing"},
		{"main component of another type", `"application"`, `"library"`, "metadata.component.type"},
		{"main component without name", `"name":"kms-enclave"`, `"name":""`, "name is missing"},
		{"no components", std, "", "components: expected"},
		{"component without type", `"type":"library"`, `"kind":"library"`, "type is missing"},
		{"component without version", `"version":"1.26.8",`, ``, "version is missing"},
		{"component twice", std, std + "," + std, "another has its bom-ref"},
		{"purl that is none", "pkg:golang", "golang", "purl"},
		{"no standard library", "pkg:golang/std@", "pkg:golang/stdx@", "none"},
		{"dependency on something else", `"dependsOn":["std"]`, `"dependsOn":["x"]`, "not listed"},
		{"dependency of something else", `"ref":"kms-enclave"`, `"ref":"x"`, "not listed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := bill(t)
			if !strings.Contains(text, c.old) {
				t.Fatalf("no %s in %s", c.old, text)
			}
			text = strings.Replace(text, c.old, c.new, 1)
			report := verdict.New("test", "test", verdict.SBOM)
			sbom.Check(report, "sbom.cdx.json", []byte(text), map[string]release.File{"icon.svg": file})
			got := report.Checks()[0]
			if (got.Result == verdict.OK) != (c.found == "") || !strings.Contains(got.Found, c.found) {
				t.Errorf("%+v", report.Checks())
			}
		})
	}
}

// FuzzParse checks that what is accepted has what callers rely on.
func FuzzParse(f *testing.F) {
	f.Add([]byte(bill(f)))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","version":1}`))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"application","name":"x"}},"components":[1]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := sbom.Parse(data)
		if err != nil {
			return
		}
		if b.Name == "" || len(b.Components) == 0 {
			t.Fatalf("accepted %+v", b)
		}
		for _, c := range b.Components {
			if c.Type == "" || c.Name == "" || c.Version == "" && c.Type != "file" {
				t.Fatalf("accepted the component %+v", c)
			}
		}
	})
}
