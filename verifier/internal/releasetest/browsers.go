// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasetest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/waict"
	"ats.run/kms-enclave/kmslib/webcat"
)

// UpdateBrowserManifests makes what browsers and embedders read say what
// release.json does: the WAICT manifests under their new names, the headers
// that name them, embed.json and the WEBCAT manifest.
func (r Release) UpdateBrowserManifests(t testing.TB) {
	t.Helper()
	m := r.Manifest(t)
	if m.Version == "" {
		return
	}
	active := waict.Of(m)
	draft, firefox := active.Marshal(), active.MarshalFirefox()
	for _, f := range m.Files {
		if f.Role != release.RoleWAICT {
			continue
		}
		content, isFirefox := draft, strings.HasSuffix(f.Path, ".json")
		if isFirefox {
			content = firefox
		}
		r.move(m, f.Path, release.WAICTName(waict.Stem, isFirefox, content), content)
	}
	entry, _ := m.File(m.Entry)
	embed, err := release.EmbedOf(entry).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	r.replace(m, release.EmbedPath, embed)
	extension, err := webcat.Of(m)
	if err != nil {
		t.Fatal(err)
	}
	content, err := extension.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	r.replace(m, release.WebcatManifestPath, content)
	r.SetManifest(t, m)
}

// replace gives a listed file another content.
func (r Release) replace(m *release.Manifest, path string, content []byte) {
	for i, f := range m.Files {
		if f.Path == path {
			r[path] = content
			m.Files[i] = release.Describe(path, f.Role, content)
		}
	}
}

// move gives a listed file another name and content, in the headers and host
// configurations too.
func (r Release) move(m *release.Manifest, from, to string, content []byte) {
	delete(r, from)
	for i, f := range m.Files {
		if f.Path == from {
			m.Files[i].Path = to
		}
		if f.Role == release.RoleHosting {
			r.replace(m, f.Path, bytes.ReplaceAll(r[f.Path], []byte(from), []byte(to)))
		}
	}
	r.replace(m, to, content)
	for _, rule := range m.Headers {
		if i := slices.Index(rule.Paths, from); i >= 0 {
			rule.Paths[i] = to
		}
		for i := range rule.Headers {
			rule.Headers[i].Value = strings.ReplaceAll(rule.Headers[i].Value, `"/`+from+`"`, `"/`+to+`"`)
		}
	}
}

// Replace gives a listed file another content, and brings release.json, the
// provenance and the checksums up to date: a forgery by who controls all of
// those. A WAICT manifest gets the name that its content asks for.
func (r Release) Replace(t testing.TB, path string, content []byte) {
	t.Helper()
	m := r.Manifest(t)
	if f, _ := m.File(path); f.Role == release.RoleWAICT {
		r.move(m, path, release.WAICTName(waict.Stem, strings.HasSuffix(path, ".json"), content), content)
	} else {
		r.replace(m, path, content)
	}
	r.SetManifest(t, m)
	r.UpdateProvenance(t)
	r.UpdateChecksums(t)
}

// First returns a release in the first format, made from this one.
func (r Release) First(t testing.TB) Release {
	t.Helper()
	c := r.Clone()
	m := c.Manifest(t)
	isLater := func(role release.Role) bool {
		return role == release.RoleWAICT || role == release.RoleWebcat || role == release.RoleEmbed
	}
	m.Version = ""
	for _, f := range m.Files {
		if isLater(f.Role) {
			delete(c, f.Path)
		}
	}
	m.Files = slices.DeleteFunc(m.Files, func(f release.File) bool { return isLater(f.Role) })
	for i, rule := range m.Headers {
		m.Headers[i].Paths = slices.DeleteFunc(rule.Paths, func(path string) bool {
			_, listed := m.File(path)
			return !listed && !slices.Contains(m.ServedPaths(), path)
		})
		m.Headers[i].Headers = slices.DeleteFunc(rule.Headers, func(h release.Header) bool { return h.Name == waict.HeaderName })
	}
	c.SetManifest(t, m)
	c.UpdateProvenance(t)
	c.UpdateChecksums(t)
	return c
}
