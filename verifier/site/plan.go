// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"fmt"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/verdict"
)

// Limits of one check.
const (
	maxRounds       = 20
	maxVantages     = 32
	maxRequests     = 20_000
	maxAttestations = 8 << 20 // bytes of the attestations that a host serves
)

// asking is one way in which every path is asked for.
type asking struct {
	way
	round   int // from 0
	vantage int // 0 for the way that the system has, else a number of Config.Vantages, from 1
}

// askings returns in which ways each path is asked for in a round: in all of
// ways in the first; as every visitor in each; and by no browser.
func (c *checker) askings(round int) []asking {
	var all []asking
	for vantage := range len(c.config.Vantages) + 1 {
		first := ways()[:1]
		if round == 0 && vantage == 0 {
			first = ways()
		}
		for _, w := range first {
			all = append(all, asking{w, round, vantage})
		}
		for i := range visitors {
			all = append(all, asking{way{coding: visitors[i].coding, visitor: &visitors[i]}, round, vantage})
		}
	}
	return all
}

// paths returns what is asked for, and how many bytes to read of it at most.
func (c *checker) paths() []request {
	var all []request
	for _, path := range c.manifest.ServedPaths() {
		f, _ := c.manifest.File(path)
		all = append(all, request{path: path, limit: c.limit(path), use: destinationOf(f.Role)})
	}
	all = append(all,
		request{path: release.DeploymentPath, limit: wire.MaxBytes, use: "empty"},
		request{path: "", limit: c.limit(c.manifest.Entry), use: "iframe"})
	for _, path := range c.companions() {
		limit := int64(wire.MaxBytes)
		if path == release.AttestationsPath {
			limit = maxAttestations
		}
		all = append(all, request{path: path, limit: limit, use: "empty"})
	}
	return all
}

// companions are the paths that a host may serve beside the release.
func (c *checker) companions() []string {
	if c.manifest.Version == "" {
		return nil // the first format has none
	}
	return release.CompanionPaths()
}

// requests returns what to fetch in a round: for each of paths one for each of
// askings, in that order.
func (c *checker) requests(paths []request, round int) []request {
	var all []request
	for _, r := range paths {
		for _, a := range c.askings(round) {
			r.asking = a
			all = append(all, r)
		}
	}
	return all
}

// isTooMuch says whether the check would ask too often, and records it.
func (c *checker) isTooMuch(paths int) bool {
	n := 0
	for round := range c.rounds() {
		n += paths * len(c.askings(round))
	}
	if n <= maxRequests {
		return false
	}
	c.report.Miss(verdict.Fetch, "requests", fmt.Sprintf("%d would be needed, and at most %d are sent", n, maxRequests), "Ask in fewer rounds, or from fewer addresses.")
	return true
}

func (c *checker) rounds() int { return max(c.config.Rounds, 1) }

// who says how, when and from where an answer was asked for.
func (a asking) who(vantages []Vantage) string {
	text := a.way.String()
	if a.round > 0 {
		text += fmt.Sprintf(", in round %d", a.round+1)
	}
	if a.vantage > 0 {
		text += ", through " + vantages[a.vantage-1].Name
	}
	return text
}
