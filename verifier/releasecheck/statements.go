// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck

import (
	"bytes"
	"maps"
	"slices"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/verdict"
)

// described returns, by path, what release.json and the files that it lists
// are: as measured, or as listed where there is no file to measure. Without a
// manifest it is about the files that are there.
func (c *checker) described() map[string]release.File {
	files := make(map[string]release.File)
	if c.manifest == nil {
		maps.Copy(files, c.measured)
		delete(files, release.ChecksumsPath)
		delete(files, release.ProvenancePath)
		maps.DeleteFunc(files, func(path string, _ release.File) bool { return release.IsCompanion(path) })
		return files
	}
	for _, f := range c.manifest.Files {
		files[f.Path] = f
		if got, ok := c.measured[f.Path]; ok {
			files[f.Path] = got
		}
	}
	files[release.ManifestPath] = c.measured[release.ManifestPath]
	return files
}

// sri compares the sri file with the manifest.
func (c *checker) sri() {
	for _, f := range c.manifest.Files {
		data, ok := c.set.Content(f.Path)
		if !ok || f.Role != release.RoleSRI {
			continue
		}
		if want := release.SRI(c.manifest.Files); !bytes.Equal(data, want) {
			c.report.Refute(verdict.SRI, f.Path, string(want), verdict.Quote(string(data)), adviceAgain)
			continue
		}
		c.report.Pass(verdict.SRI, f.Path)
	}
}

// checksums compares SHA256SUMS with the files.
func (c *checker) checksums() {
	data, ok := c.set.Content(release.ChecksumsPath)
	if !ok {
		return // recorded as missing
	}
	lines, err := release.ParseChecksums(data)
	if err != nil {
		c.report.Refute(verdict.Checksums, release.ChecksumsPath, "lines as sha256sum writes them, sorted", err.Error(), adviceAgain)
		return
	}
	want := c.described()
	if file, ok := c.measured[release.ProvenancePath]; ok {
		want[release.ProvenancePath] = file
	}
	got := make(map[string]string, len(lines))
	for _, line := range lines {
		got[line.Path] = line.SHA256
		if _, ok := want[line.Path]; !ok && line.Path != release.ProvenancePath {
			c.report.Refute(verdict.Checksums, line.Path, "lines for files of the release only", "a line for another name", adviceAgain)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		c.checksum(path, want[path].SHA256, got[path])
	}
}

func (c *checker) checksum(path, want, got string) {
	switch got {
	case want:
		c.report.Pass(verdict.Checksums, path)
	case "":
		c.report.Refute(verdict.Checksums, path, "a line in SHA256SUMS with "+want, "none", adviceAgain)
	default:
		c.report.Refute(verdict.Checksums, path, "the file's "+want+" in SHA256SUMS", got, adviceAgain)
	}
}

// provenance compares the provenance statement with the files.
func (c *checker) provenance() {
	data, ok := c.set.Content(release.ProvenancePath)
	if !ok {
		return // recorded as missing
	}
	s, err := attest.Parse(data)
	if err != nil {
		c.report.Refute(verdict.Provenance, release.ProvenancePath, "an in-toto statement with SLSA provenance", err.Error(), adviceAgain)
		return
	}
	s.CheckSubjects(c.report, c.described())
	if c.manifest != nil {
		s.CheckSource(c.report, c.manifest.Source)
	}
}
