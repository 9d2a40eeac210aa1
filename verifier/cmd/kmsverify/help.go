// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/monitor"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/verdict"
)

const introduction = `kmsverify tells whether an enclave is one that was published: whole, unaltered,
signed, logged and rebuilt by others; and whether an audit log that it exported is.

Usage:
  kmsverify COMMAND [flags] ARGUMENT    flags may also stand after the argument

Commands:
`

const closing = `  version           say which formats this program knows
  help [COMMAND]    say this, or what a command's flags are

Exit codes:
   0  VERIFIED         every check passed
   1  REFUTED          at least one check failed: do not use it
   2  COULD NOT CHECK  nothing is known to be wrong, but something could not be
                       looked at (missing file, network, time)
  64  the command line is wrong

Colours are used on terminals unless NO_COLOR is set.

What is checked:
`

const commonHelp = `  --json             write JSON; its member "schema" names the form
  --verbose          also list each check that passed
`

func helpText() string {
	var b strings.Builder
	b.WriteString(introduction)
	for _, c := range commands() {
		if !c.hidden {
			fmt.Fprintf(&b, "  %-17s %s\n", c.name+" "+c.argument, c.summary)
		}
	}
	b.WriteString(closing)
	for _, info := range verdict.Steps() {
		fmt.Fprintf(&b, "  %-13s %s\n", info.Step, info.Meaning)
	}
	return b.String()
}

// help returns what "kmsverify help NAME" says.
func (c command) help() string {
	return "kmsverify " + c.name + ": " + c.summary + "\n\nUsage:\n  kmsverify " + c.name + " [flags] " + c.argument +
		"\n\nFlags:\n" + c.flags + commonHelp
}

// versionText names formats, not a build: equal sources give equal programs.
func versionText() string {
	var b strings.Builder
	b.WriteString("kmsverify\n")
	for _, format := range []string{
		release.Format, release.FirstFormat, release.DeploymentFormat, auditlog.BundleFormat, policy.Format,
	} {
		b.WriteString("reads  " + format + "\n")
	}
	for _, format := range []string{
		verdict.Schema, verdict.BundleSchema, trustSchema, monitor.Format, monitor.ForkFormat,
	} {
		b.WriteString("writes " + format + "\n")
	}
	return b.String()
}
