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

// reason is a refuted check that a mutation must lead to. An empty path means
// any.
type reason struct {
	step verdict.Step
	path string
}

// mutation alters one file of a release and says what must be noticed.
type mutation struct {
	name  string
	apply func(files releasetest.Release, name string)
	// caught returns the reasons; every one must be among the refuted checks.
	caught func(t *testing.T, files releasetest.Release, name string) []reason
}

var mutations = []mutation{
	{"first byte flipped", flip(func(int) int { return 0 }), contentReasons},
	{"middle byte flipped", flip(func(n int) int { return n / 2 }), contentReasons},
	{"last byte flipped", flip(func(n int) int { return n - 1 }), contentReasons},
	{"last byte cut off", edit(func(b []byte) []byte { return b[:len(b)-1] }), contentReasons},
	{"cut to half", edit(func(b []byte) []byte { return b[:len(b)/2] }), contentReasons},
	{"emptied", edit(func([]byte) []byte { return []byte{} }), contentReasons},
	{"newline appended", edit(func(b []byte) []byte { return append(b, '\n') }), contentReasons},
	{"NUL appended", edit(func(b []byte) []byte { return append(b, 0) }), contentReasons},
	{"removed", func(files releasetest.Release, name string) { delete(files, name) }, missingReasons},
	{"swapped with the next", swapWithNext, swapReasons},
	{"copied beside itself", copyTo(func(name string) string { return name + ".new" }), extraReasons(func(name string) string { return name + ".new" })},
	{"hidden copy added", copyTo(func(name string) string { return "." + name }), extraReasons(func(name string) string { return "." + name })},
	{"renamed", renameTo(func(name string) string { return name + ".bak" }), renameReasons(func(name string) string { return name + ".bak" })},
	{"case of the name changed", renameTo(otherCase), renameReasons(otherCase)},
}

// Mistake M19 (docs/mistakes.md).
func TestEveryMutationOfEveryFileIsRefutedForTheRightReason(t *testing.T) {
	original := releasetest.Load(t)
	for _, name := range original.Names() {
		for _, m := range mutations {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				files := original.Clone()
				m.apply(files, name)
				want := m.caught(t, original, name)
				report := check(artifact.NewSet(files), releasecheck.Options{})
				assertRefuted(t, report, want)
			})
		}
	}
}

// assertRefuted fails unless the report is refuted for every wanted reason.
func assertRefuted(t *testing.T, report *verdict.Report, want []reason) {
	t.Helper()
	if report.Conclude() != verdict.ConcludeRefuted {
		t.Fatalf("concluded %s, want refuted\n%s", report.Conclude(), describe(report))
	}
	for _, r := range want {
		found := slices.ContainsFunc(report.Checks(), func(c verdict.Check) bool {
			return c.Result == verdict.Refuted && c.Step == r.step && (r.path == "" || c.Subject == r.path) &&
				c.Expected != "" && c.Found != "" && c.Advice != ""
		})
		if !found {
			t.Errorf("no refuted check %s on %q\n%s", r.step, r.path, describe(report))
		}
	}
}

func flip(position func(size int) int) func(releasetest.Release, string) {
	return func(files releasetest.Release, name string) { files[name][position(len(files[name]))] ^= 1 }
}

func edit(change func([]byte) []byte) func(releasetest.Release, string) {
	return func(files releasetest.Release, name string) { files[name] = change(files[name]) }
}

func copyTo(newName func(string) string) func(releasetest.Release, string) {
	return func(files releasetest.Release, name string) { files[newName(name)] = bytes.Clone(files[name]) }
}

func renameTo(newName func(string) string) func(releasetest.Release, string) {
	return func(files releasetest.Release, name string) {
		files[newName(name)] = files[name]
		delete(files, name)
	}
}

func otherCase(name string) string {
	if upper := strings.ToUpper(name); upper != name {
		return upper
	}
	return strings.ToLower(name)
}

// next returns the file after name, with another content.
func next(files releasetest.Release, name string) string {
	names := files.Names()
	at := slices.Index(names, name)
	for i := 1; ; i++ {
		other := names[(at+i)%len(names)]
		if !bytes.Equal(files[other], files[name]) {
			return other
		}
	}
}

func swapWithNext(files releasetest.Release, name string) {
	other := next(files, name)
	files[name], files[other] = files[other], files[name]
}

// contentReasons is what must be noticed if the content of a file changes.
func contentReasons(t *testing.T, files releasetest.Release, name string) []reason {
	switch name {
	case release.ManifestPath:
		return []reason{{verdict.Checksums, name}, {verdict.Provenance, name}}
	case release.ProvenancePath:
		return []reason{{verdict.Checksums, name}}
	case release.ChecksumsPath:
		return []reason{{verdict.Checksums, ""}}
	}
	reasons := []reason{{verdict.Content, name}, {verdict.Checksums, name}, {verdict.Provenance, name}}
	f, ok := files.Manifest(t).File(name)
	if !ok {
		t.Fatalf("%s is not listed", name)
	}
	switch f.Role {
	case release.RoleScript, release.RoleWorker, release.RoleWasm, release.RoleStyle:
		reasons = append(reasons, reason{verdict.Name, name})
	case release.RoleSRI:
		reasons = append(reasons, reason{verdict.SRI, name})
	}
	return reasons
}

func missingReasons(_ *testing.T, _ releasetest.Release, name string) []reason {
	return []reason{{verdict.Listing, name}}
}

func swapReasons(t *testing.T, files releasetest.Release, name string) []reason {
	other := next(files, name)
	if name == release.ManifestPath || other == release.ManifestPath {
		// Without a readable manifest the files are held against the statements.
		return []reason{{verdict.Manifest, release.ManifestPath}, {verdict.Checksums, ""}}
	}
	reasons := append(contentReasons(t, files, name), contentReasons(t, files, other)...)
	for step, path := range map[verdict.Step]string{
		verdict.Checksums: release.ChecksumsPath, verdict.Provenance: release.ProvenancePath,
	} {
		if name == path || other == path {
			// The statement is not readable, so it is not held against others.
			reasons = slices.DeleteFunc(reasons, func(r reason) bool { return r.step == step })
			reasons = append(reasons, reason{step, path})
		}
	}
	return reasons
}

func extraReasons(newName func(string) string) func(*testing.T, releasetest.Release, string) []reason {
	return func(_ *testing.T, _ releasetest.Release, name string) []reason {
		return []reason{{verdict.Listing, newName(name)}}
	}
}

func renameReasons(newName func(string) string) func(*testing.T, releasetest.Release, string) []reason {
	return func(_ *testing.T, _ releasetest.Release, name string) []reason {
		if name == release.ManifestPath {
			return []reason{{verdict.Listing, name}}
		}
		return []reason{{verdict.Listing, name}, {verdict.Listing, newName(name)}}
	}
}
