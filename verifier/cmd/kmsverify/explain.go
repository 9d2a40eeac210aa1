// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/verdict"
)

// explainer writes what a policy asks for. What the policy's author has chosen is
// quoted or plain, never as it is.
type explainer struct{ strings.Builder }

func (e *explainer) line(format string, arguments ...any) {
	for i, argument := range arguments {
		if s, ok := argument.(string); ok {
			arguments[i] = verdict.Plain(s)
		}
	}
	fmt.Fprintf(e, format+"\n", arguments...)
}

// list writes lines of their own.
func (e *explainer) list(items []string) {
	for _, item := range items {
		e.line("    - %s", item)
	}
}

func (e *explainer) from(p *policy.Policy) {
	e.line("  It was built from %s, target %s, as %s says, at one of", p.Source.Repository, p.Source.Target, p.Source.BuildType)
	e.list(p.Source.Refs)
}

func (e *explainer) signed(p *policy.Policy) {
	e.line("  It was signed in the last %s by one of", policy.FormatDuration(p.MaxAge))
	for _, publisher := range p.Publishers {
		e.line("    - %s: %s", publisher.Name, publisher.Identity.String())
		e.line("      who built it with %s", publisher.Builder)
	}
	e.line("  who also signed statements of the types")
	e.list(p.Require)
	e.line("  Each of those signatures has the times of %s, and is in %s of the logs", counted(p.Timestamps, "timestamp authority", "timestamp authorities"), strconv.Itoa(p.Log.Threshold))
	e.list(p.Log.Origins)
	if p.Witnesses.Threshold == 0 {
		e.line("  No witness has to have seen the log: it could show others another version of itself")
	} else {
		e.line("  as seen by %d of %s", p.Witnesses.Threshold, counted(len(p.Witnesses.Keys), "witness", "witnesses"))
		e.list(p.Witnesses.Keys)
	}
	if len(p.TrustRoot) == 64 {
		e.line("  Authorities and logs are those of the trusted_root.json with SHA-256 %s", p.TrustRoot)
	} else {
		e.line("  Authorities and logs are those of the embedded trust root %s, see \"kmsverify trust\"", p.TrustRoot)
	}
}

func (e *explainer) rebuilt(r policy.RebuilderRule) {
	if r.Threshold == 0 {
		e.line("  Nobody has to have rebuilt it: that it is its source, the publisher alone says")
		return
	}
	e.line("  %d of %s got the same bytes from the source, and none of them says that it got others", r.Threshold, counted(len(r.Members), "rebuilder", "rebuilders"))
	for _, member := range r.Members {
		e.line("    - %s: %s", member.Name, member.Identity.String())
	}
}

func (e *explainer) allowed(p *policy.Policy) {
	e.line("  Its version is %s or later, its protocol one of %s, and it is not revoked", p.Minimum, strings.Trim(fmt.Sprint(p.Protocols), "[]"))
	for _, r := range p.Revoked {
		e.line("    - %s: %s", r.Digest, r.Reason)
	}
}

func (e *explainer) updates(p *policy.Policy) {
	if p.Update == nil {
		e.line("\nIt says nothing about updates: apps that pin a release follow to no other by it.")
		return
	}
	e.line("\nApps that pin an earlier release follow to it %s after %d of the witnesses saw that it", policy.FormatDuration(p.Update.Delay), p.Witnesses.Threshold)
	e.line("was signed by one of these keys, in one of the logs. See --update-rule.")
	for _, key := range p.Update.Keys {
		e.line("  - %s", key)
	}
}

// counted returns a number of things.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}
