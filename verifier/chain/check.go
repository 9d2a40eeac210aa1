// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"slices"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

const advice = "Do not use this copy: its files do not pin each other. Rebuild the release, or get it again."

// Check records, for each file that code is in, whether its references are
// right, and for each content-addressed file, whether it is reached from the
// entry document. Files whose content is not there are left to others.
func Check(report *verdict.Report, m *release.Manifest, content func(path string) ([]byte, bool)) {
	c := &checker{report, m, make(map[string][]string)}
	for _, f := range m.Files {
		data, ok := content(f.Path)
		switch {
		case !ok:
		case f.Role == release.RoleDocument:
			c.document(f.Path, data)
		case f.Role == release.RoleScript, f.Role == release.RoleWorker:
			c.script(f.Path, data)
		}
	}
	c.reach()
}

type checker struct {
	report   *verdict.Report
	manifest *release.Manifest
	edges    map[string][]string // what a file names together with its integrity
}

func (c *checker) refute(path, expected, found string) {
	c.report.Refute(verdict.Chain, path, expected, found, advice)
}

func (c *checker) document(path string, data []byte) {
	references, err := parseDocument(data)
	if err != nil {
		c.refute(path, "a document that loads listed files only", err.Error())
		return
	}
	right := true
	for _, r := range references {
		f, ok := c.manifest.File(r.path)
		switch {
		case !ok || f.Role == release.RoleHosting:
			right = false
			c.refute(path, "references to served files of the release", "a reference to "+verdict.Quote(r.path))
		case r.hint && (r.integrity == "" || r.integrity == f.Integrity): // neither a pin nor wrong
		case isCode(f.Role) && r.integrity != f.Integrity:
			right = false
			c.refute(path, f.Path+" with "+f.Integrity, "integrity "+verdict.Quote(r.integrity))
		default:
			c.edges[path] = append(c.edges[path], f.Path)
		}
	}
	if right {
		c.report.Pass(verdict.Chain, path)
	}
}

func (c *checker) script(path string, data []byte) {
	names, integrities := findNames(data), findIntegrities(data)
	pinned := make(map[string]bool) // the integrity values of the files it names
	right := true
	refute := func(expected, found string) {
		right = false
		c.refute(path, expected, found)
	}
	for _, name := range names {
		f, ok := c.manifest.File(name)
		switch {
		case !ok:
			refute("names of listed files only", verdict.Quote(name))
		case !slices.Contains(integrities, f.Integrity):
			refute(f.Path+" together with "+f.Integrity, "the name without the integrity value")
		default:
			c.edges[path] = append(c.edges[path], f.Path)
		}
		pinned[f.Integrity] = true
	}
	for _, value := range integrities {
		if !pinned[value] {
			refute("integrity values of the listed files that it names", value)
		}
	}
	if right {
		c.report.Pass(verdict.Chain, path)
	}
}

// reach follows the references from the entry document.
func (c *checker) reach() {
	reached := map[string]bool{c.manifest.Entry: true}
	for queue := []string{c.manifest.Entry}; len(queue) > 0; queue = queue[1:] {
		for _, path := range c.edges[queue[0]] {
			if !reached[path] {
				reached[path] = true
				queue = append(queue, path)
			}
		}
	}
	for _, f := range c.manifest.Files {
		switch {
		case !isCode(f.Role):
		case !reached[f.Path]:
			c.refute(f.Path, "to be reached from "+c.manifest.Entry+" over references with integrity", "no such reference")
		case f.Role == release.RoleWasm || f.Role == release.RoleStyle:
			c.report.Pass(verdict.Chain, f.Path)
		}
	}
}

// isCode says whether files of a role are loaded by name and integrity.
func isCode(role release.Role) bool {
	return role == release.RoleScript || role == release.RoleWorker ||
		role == release.RoleWasm || role == release.RoleStyle
}
