// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
)

// Config is what a check of a site needs from outside.
type Config struct {
	Transport http.RoundTripper // must follow no redirects and not decode bodies
	Random    io.Reader         // for addresses that no release has
	Expect    string            // release digest, or "" if any will do
}

// Required returns the steps without which no site is verified.
func Required(expect string) []verdict.Step {
	return append(releasecheck.Required(releasecheck.Options{Expect: expect}),
		verdict.Fetch, verdict.Deployment, verdict.MediaType, verdict.Headers, verdict.Entry, verdict.Unknown)
}

// Check records everything about what is served at base.
func Check(ctx context.Context, report *verdict.Report, base origin.Origin, config Config) {
	c := &checker{
		report: report,
		client: client{base, config.Transport},
		files:  make(map[string][]byte),
	}
	if !c.start(ctx) {
		return
	}
	answers := c.client.fetchAll(ctx, c.requests())
	c.deployment(answers)
	for group := range slices.Chunk(answers, len(ways())) {
		c.record(group)
	}
	c.unknown(ctx, config.Random)
	releasecheck.Check(report, artifact.NewSet(c.files), releasecheck.Options{
		Expect: config.Expect,
		Absent: append(c.absent, c.hostingPaths()...),
	})
	report.Leave(verdict.Fetch, base.String(), "whether the host answers others differently",
		"Run this from other networks and again later, and pin the release in the app.")
}

type checker struct {
	report     *verdict.Report
	client     client
	manifest   *release.Manifest
	digest     string // of the manifest, when it was read first
	operator   release.Deployment
	isDeployed bool // operator is known
	files      map[string][]byte
	absent     []string // paths whose absence is recorded
}

const adviceHost = "Do not use this site until its operator has put the release there again, unaltered."

// start fetches the manifest, and says whether there is one to go on with.
func (c *checker) start(ctx context.Context) bool {
	a := c.client.fetch(ctx, request{path: release.ManifestPath, way: plain, limit: wire.MaxBytes})
	if !c.seen(a) {
		return false
	}
	m, err := release.Parse(a.body)
	if err != nil {
		c.report.Refute(verdict.Manifest, release.ManifestPath, "a manifest in canonical JSON", err.Error(), adviceHost)
		return false
	}
	c.manifest, c.digest = m, release.Digest(a.body)
	return c.fits()
}

// fits says whether the listed sizes are within the limits of a release, and
// records it if not: nothing beyond them is fetched.
func (c *checker) fits() bool {
	var total int64
	for _, f := range c.manifest.Files {
		if f.Size > artifact.MaxFile || total+f.Size > artifact.MaxTotal {
			c.report.Refute(verdict.Input, f.Path,
				fmt.Sprintf("at most %d bytes, and %d in all files", artifact.MaxFile, artifact.MaxTotal), "more", adviceHost)
			return false
		}
		total += f.Size
	}
	return true
}

// requests returns what to fetch: for each path one for each of ways, in that
// order.
func (c *checker) requests() []request {
	var all []request
	add := func(path string, limit int64) {
		for _, way := range ways() {
			all = append(all, request{path: path, way: way, limit: limit})
		}
	}
	for _, path := range c.manifest.ServedPaths() {
		add(path, c.limit(path))
	}
	add(release.DeploymentPath, wire.MaxBytes)
	add("", c.limit(c.manifest.Entry))
	return all
}

// limit returns how many bytes to read at most of a path.
func (c *checker) limit(path string) int64 {
	f, ok := c.manifest.File(path)
	if !ok {
		return wire.MaxBytes
	}
	return f.Size
}

func (c *checker) hostingPaths() []string {
	var paths []string
	for _, f := range c.manifest.Files {
		if f.Role == release.RoleHosting {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// deployment reads deployment.json, by which promised headers are expanded.
func (c *checker) deployment(answers []answer) {
	i := slices.IndexFunc(answers, func(a answer) bool { return a.path == release.DeploymentPath })
	if answers[i].status != http.StatusOK || answers[i].body == nil {
		return // recorded with the other answers
	}
	d, err := release.ParseDeployment(answers[i].body)
	if err != nil {
		c.report.Refute(verdict.Deployment, release.DeploymentPath, "the embedders that the operator allows", err.Error(),
			"If you run this site, put a deployment.json beside the release that says who may embed it.")
		return
	}
	c.operator, c.isDeployed = d, true
	c.report.Pass(verdict.Deployment, release.DeploymentPath)
}
