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

	Rounds   int       // how often everything is asked for, one after the other; 0 is 1
	Vantages []Vantage // other ways to the same site
	// Evidence judges the attestations and the proof for updates that are served;
	// nil for nobody.
	Evidence func(*verdict.Report, *artifact.Set, *release.Manifest)
}

// Required returns the steps without which no site is verified.
func Required(expect string) []verdict.Step {
	return append(releasecheck.Required(releasecheck.Options{Expect: expect}),
		verdict.Fetch, verdict.Deployment, verdict.MediaType, verdict.Headers, verdict.Entry, verdict.Unknown, verdict.WellKnown, verdict.Same)
}

// Check records everything about what is served at base.
func Check(ctx context.Context, report *verdict.Report, base origin.Origin, config Config) {
	if len(config.Vantages) > maxVantages || config.Rounds > maxRounds {
		report.Miss(verdict.Fetch, base.String(), "too many rounds or vantages",
			fmt.Sprintf("Ask in at most %d rounds, through at most %d vantages.", maxRounds, maxVantages))
		return
	}
	c := &checker{
		report: report,
		config: config,
		client: client{base: base, transports: []http.RoundTripper{config.Transport}},
		files:  make(map[string][]byte),
	}
	for _, vantage := range config.Vantages {
		c.client.transports = append(c.client.transports, vantage.Transport)
	}
	if !c.start(ctx) {
		return
	}
	c.fetch(ctx)
	c.unknown(ctx, config.Random)
	set := artifact.NewSet(c.files)
	releasecheck.Check(report, set, releasecheck.Options{
		Expect: config.Expect,
		Absent: append(c.absent, c.hostingPaths()...),
		Judged: config.Evidence != nil,
	})
	c.wellKnown()
	if config.Evidence != nil {
		config.Evidence(report, set, c.manifest)
	}
	report.Leave(verdict.Fetch, base.String(), "whether the host answers others differently",
		"Run this from other networks and again later, and pin the release in the app.")
}

// fetch asks for everything, round by round, and records what came.
func (c *checker) fetch(ctx context.Context) {
	paths := c.paths()
	groups := make([][]answer, len(paths))
	for round := range c.rounds() {
		answers := c.client.fetchAll(ctx, c.requests(paths, round))
		if round == 0 {
			c.deployment(answers)
		}
		for i := range groups {
			n := len(answers) / len(paths)
			groups[i] = append(groups[i], answers[i*n:(i+1)*n]...)
		}
	}
	for _, group := range groups {
		if release.IsCompanion(group[0].path) {
			c.companion(group)
		} else {
			c.record(group)
		}
	}
}

type checker struct {
	report     *verdict.Report
	config     Config
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
	a := c.client.fetch(ctx, request{path: release.ManifestPath, asking: asking{way: plain}, limit: wire.MaxBytes})
	if !c.seen(a, false) {
		return false
	}
	m, err := release.Parse(a.body)
	if err != nil {
		c.report.Refute(verdict.Manifest, release.ManifestPath, "a manifest in canonical JSON", err.Error(), adviceHost)
		return false
	}
	c.manifest, c.digest = m, release.Digest(a.body)
	c.client.embedder = c.embedder(ctx)
	return c.fits() && !c.isTooMuch(len(c.paths()))
}

// embedder returns the first origin that may embed the enclave: whoever serves
// something else to the users of an app has to look at where they come from.
func (c *checker) embedder(ctx context.Context) string {
	a := c.client.fetch(ctx, request{path: release.DeploymentPath, asking: asking{way: plain}, limit: wire.MaxBytes})
	d, err := release.ParseDeployment(a.body)
	if err != nil || len(d.Embedders) == 0 {
		return "https://app.example"
	}
	return d.Embedders[0]
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
