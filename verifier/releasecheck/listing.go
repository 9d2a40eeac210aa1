// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck

import (
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

// ownPaths are the files that every release has and no manifest lists.
func ownPaths() []string {
	return []string{release.ChecksumsPath, release.ProvenancePath, release.ManifestPath}
}

// own records whether the files that no manifest lists are there.
func (c *checker) own() {
	for _, path := range ownPaths() {
		c.present(path)
	}
}

// listing records whether every file that must be there is, and no other.
func (c *checker) listing() {
	c.own()
	for _, f := range c.manifest.Files {
		c.present(f.Path)
	}
	for _, name := range c.set.Names() {
		if !c.expected(name) {
			c.report.Refute(verdict.Listing, name, "only files that release.json lists", "a file that it does not list", adviceRemove)
		}
	}
}

// present records whether a file was found. One that was refused when it was
// read is recorded already.
func (c *checker) present(path string) {
	if _, ok := c.set.Content(path); ok {
		c.report.Pass(verdict.Listing, path)
		return
	}
	if !c.set.Refused(path) && !slices.Contains(c.options.Absent, path) {
		c.report.Refute(verdict.Listing, path, "the file", "no such file", adviceAgain)
	}
}

// expected says whether a file may be in a release.
func (c *checker) expected(name string) bool {
	if release.IsCompanion(name) {
		return true
	}
	for _, path := range ownPaths() {
		if name == path {
			return true
		}
	}
	_, listed := c.manifest.File(name)
	return listed
}

func isAddressed(role release.Role) bool {
	return role == release.RoleScript || role == release.RoleWorker ||
		role == release.RoleWasm || role == release.RoleStyle
}

// nameOf returns the name stem.H.ext with H from the given SHA-256.
func nameOf(path, sha256 string) string {
	stem, rest, _ := strings.Cut(path, ".")
	_, extension, _ := strings.Cut(rest, ".")
	return stem + "." + sha256[:32] + "." + extension
}
