// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
)

// writeRelease writes a small release folder that release.Parse accepts.
func writeRelease(t *testing.T) string {
	t.Helper()
	contents := map[string][]byte{}
	m := &release.Manifest{
		Protocol: 1,
		Source:   release.Source{Repository: "https://example.com/enclave", Commit: release.Unreleased},
		Entry:    "index.html",
	}
	add := func(path string, role release.Role, content string) {
		contents[path] = []byte(content)
		m.Files = append(m.Files, release.Describe(path, role, []byte(content)))
	}
	add("index.html", release.RoleDocument, "<!doctype html><title>enclave</title>")
	add("LICENSE.txt", release.RoleLicense, "licence")
	add("sbom.cdx.json", release.RoleSBOM, "{}")
	add("nginx.conf", release.RoleHosting, "server {}")
	for _, f := range []struct {
		stem, extension string
		role            release.Role
	}{{"frame", "js", release.RoleScript}, {"worker", "js", release.RoleWorker}, {"enclave", "wasm", release.RoleWasm}} {
		add(release.ContentName(f.stem, f.extension, []byte(f.stem)), f.role, f.stem)
	}
	add("sri.json", release.RoleSRI, string(release.SRI(m.Files)))

	rule := release.HeaderRule{
		Paths:   m.ServedPaths(),
		Headers: []release.Header{{Name: "content-security-policy", Value: "frame-ancestors " + release.EmbeddersPlaceholder}},
	}
	rule.Paths = append(rule.Paths, release.DeploymentPath)
	m.Headers = []release.HeaderRule{rule}
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	contents[release.ManifestPath] = data
	contents[release.ProvenancePath] = []byte("{}")
	contents[release.ChecksumsPath] = []byte{}
	return writeFolder(t, contents)
}

// writeDemo writes a folder with as much of a demo as the server looks at.
func writeDemo(t *testing.T) string {
	t.Helper()
	return writeFolder(t, map[string][]byte{
		"index.html": []byte("<!doctype html><title>demo</title>"),
		"app.js":     []byte("export {};"),
	})
}

func writeFolder(t *testing.T, contents map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
