// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rebuild

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/explain"
	"ats.run/kms-enclave/verifier/verdict"
)

const (
	adviceDiffers = "Do not publish, and do not use, this release until somebody knows why: its bytes do not follow from its source."
	adviceCopy    = "Check the published copy first: kmsverify release."
)

// tarName stands for the tar in the report.
const tarName = "release.tar"

// pair is a published file and what was built in its place.
type pair struct {
	path    string // as published; of an extra file, as built
	role    release.Role
	want    []byte       // nil if not at hand
	listed  release.File // if release.json lists it
	got     []byte       // nil if there is none
	gotPath string       // differs from path if the content-addressed name does
	extra   bool         // built, and not published
}

func (p *pair) wantSum() string {
	if p.want != nil {
		return release.Digest(p.want)
	}
	return p.listed.SHA256
}

func (p *pair) same() bool {
	return !p.extra && p.got != nil && p.path == p.gotPath && release.Digest(p.got) == p.wantSum()
}

// compare records a check for each file and returns the differences.
func (r *rebuilder) compare(ctx context.Context) []explain.Difference {
	r.say("comparing")
	var differing []*pair
	for _, p := range r.pairs(ctx) {
		switch {
		case p.want == nil && p.listed.SHA256 == "" && !p.extra:
			r.report.Leave(verdict.Reproduced, p.path, "the published file is not at hand", "Give the whole release, a folder or a tar, to compare it as well.")
		case p.want != nil && p.listed.SHA256 != "" && p.listed.SHA256 != release.Digest(p.want):
			r.report.Refute(verdict.Reproduced, p.path, "sha256 "+p.listed.SHA256+", as release.json lists it", "sha256 "+release.Digest(p.want)+" in the published copy", adviceCopy)
		case p.same():
			r.report.Pass(verdict.Reproduced, p.path)
		default:
			differing = append(differing, p)
		}
	}
	r.strays()
	return r.explain(ctx, differing)
}

// pairs returns all files, sorted by path.
func (r *rebuilder) pairs(ctx context.Context) []*pair {
	var list []*pair
	taken := make(map[string]bool)
	counterparts := r.counterparts()
	for _, f := range r.expect.manifest.Files {
		p := &pair{path: f.Path, role: f.Role, listed: f, gotPath: f.Path}
		p.want, _ = r.expect.set.Content(f.Path)
		var ok bool
		if p.got, ok = r.rebuilt.Content(f.Path); !ok {
			if other, ok := counterparts[stem(f)]; ok {
				p.gotPath = other
				p.got, _ = r.rebuilt.Content(other)
			}
		}
		taken[p.gotPath] = true
		list = append(list, p)
	}
	for _, path := range []string{release.ManifestPath, release.ProvenancePath, release.ChecksumsPath} {
		p := &pair{path: path, gotPath: path}
		p.want, _ = r.content(ctx, path)
		p.got, _ = r.rebuilt.Content(path)
		taken[path] = true
		list = append(list, p)
	}
	if r.expect.tar != nil {
		list = append(list, &pair{path: tarName, gotPath: tarName, want: r.expect.tar, got: r.tar})
	}
	for _, path := range r.rebuilt.Names() {
		if !taken[path] {
			list = append(list, &pair{path: path, extra: true})
		}
	}
	slices.SortStableFunc(list, func(a, b *pair) int { return strings.Compare(a.path, b.path) })
	return list
}

// counterparts returns, by stem, the built files that are not published under
// their name.
func (r *rebuilder) counterparts() map[string]string {
	found := make(map[string]string)
	content, _ := r.rebuilt.Content(release.ManifestPath)
	manifest, err := release.Parse(content)
	if err != nil {
		return found // release.json itself differs then
	}
	for _, f := range manifest.Files {
		if _, ok := r.expect.manifest.File(f.Path); !ok {
			found[stem(f)] = f.Path
		}
	}
	return found
}

// stem is what stays of the name of a file when its content changes.
func stem(f release.File) string {
	path := f.Path
	if digits := f.SHA256[:32]; strings.Contains(path, digits) {
		path = strings.Replace(path, digits, "", 1)
	} else if f.Role == release.RoleWAICT {
		path = path[:strings.LastIndexByte(path, '_')+1] + path[len(strings.TrimSuffix(path, ".json")):]
	}
	return string(f.Role) + " " + path
}

// strays records files of the published copy that nothing accounts for.
func (r *rebuilder) strays() {
	for _, name := range r.expect.set.Names() {
		_, listed := r.expect.manifest.File(name)
		_, built := r.rebuilt.Content(name)
		if !listed && !built && !release.IsCompanion(name) && name != release.DeploymentPath {
			r.report.Refute(verdict.Reproduced, verdict.FileName(name), "no such file: the build does not make it", "one in the published copy", adviceCopy)
		}
	}
	if !r.expect.whole() {
		return
	}
	for _, f := range r.expect.manifest.Files {
		if _, ok := r.expect.set.Content(f.Path); !ok {
			r.report.Refute(verdict.Reproduced, f.Path, "the file in the published copy, which lists it", "none", adviceCopy)
		}
	}
}

// explain records the pairs that differ, and returns their differences: first
// those that are not merely a consequence of others, inputs before what is made
// of them.
func (r *rebuilder) explain(ctx context.Context, differing []*pair) []explain.Difference {
	for _, p := range differing {
		if p.want == nil && !p.extra && p.got != nil {
			p.want, _ = r.content(ctx, p.path) // may stay nil: then only digests are told
		}
	}
	follows := make(map[*pair]bool)
	for _, p := range differing {
		follows[p] = isConsequence(p, differing)
	}
	slices.SortStableFunc(differing, func(a, b *pair) int {
		if follows[a] != follows[b] {
			if follows[a] {
				return 1
			}
			return -1
		}
		return cmp.Compare(rank(a), rank(b))
	})
	var list []explain.Difference
	for i, p := range differing {
		d := difference(p)
		list = append(list, d)
		found := found(p, d)
		if follows[p] {
			found = "sha256 " + release.Digest(p.got) + "; it differs only where it names other files that differ"
		}
		r.report.Refute(verdict.Reproduced, p.path, expected(p), found, adviceDiffers)
		if i == 0 && r.Progress != nil {
			d.WriteTo(r.Progress) // nobody to tell if that fails
		}
	}
	return list
}

func difference(p *pair) explain.Difference {
	switch {
	case p.extra:
		return explain.Extra(p.path)
	case p.got == nil:
		return explain.Missing(p.path)
	case p.want == nil:
		return explain.Difference{Path: p.path, Where: "an unknown place: the published file is not at hand"}
	}
	return explain.Compare(p.want, p.got, p.path)
}

func expected(p *pair) string {
	if p.extra {
		return "no such file"
	}
	return "sha256 " + p.wantSum()
}

func found(p *pair, d explain.Difference) string {
	switch {
	case p.extra:
		return "one that the build makes and the release does not have"
	case p.got == nil:
		return "none: the build does not make it"
	}
	text := "sha256 " + release.Digest(p.got)
	if p.gotPath != p.path {
		text += " under the name " + verdict.FileName(p.gotPath)
	}
	return text + "; " + d.String()
}

// rank orders files by what is made of what.
func rank(p *pair) int {
	switch p.role {
	case release.RoleWasm:
		return 0
	case release.RoleStyle, release.RoleIcon, release.RoleLicense:
		return 1
	case release.RoleWorker:
		return 2
	case release.RoleScript:
		return 3
	case release.RoleDocument:
		return 4
	case "":
		return 6 // release.json and what names all the others
	}
	return 5
}

// isConsequence says whether a file is the same once the names and digests of
// the other files that differ are put in.
func isConsequence(p *pair, differing []*pair) bool {
	if p.want == nil || p.got == nil {
		return false
	}
	var changes []string
	for _, other := range differing {
		if other == p || other.want == nil || other.got == nil {
			continue
		}
		a := release.Describe(other.path, other.role, other.want)
		b := release.Describe(other.gotPath, other.role, other.got)
		changes = append(changes, a.Path, b.Path, a.SHA256, b.SHA256, a.Integrity, b.Integrity)
	}
	changed := strings.NewReplacer(changes...).Replace(string(p.want))
	return bytes.Equal([]byte(changed), p.got)
}
