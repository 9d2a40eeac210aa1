// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

const usage = `kmsverify says whether something is one release of the enclave, whole and
unaltered, and whether an audit log that the enclave exported is.

Usage:
  kmsverify release [flags] DIR|TAR   check a release in a folder or a tar
  kmsverify site    [flags] URL       check what a host serves, such as
                                      https://kms.example (http only on loopback)
  kmsverify audit   [flags] BUNDLE    check an exported audit log
  kmsverify version                   say which formats this program knows
  kmsverify help                      say this

Flags, before or after the argument:
  --expect DIGEST   release, site: accept only the release with this digest: the
                    SHA-256 of its release.json, 64 lower-case hexadecimal digits
  --since FILE      audit: the log must go on from the checkpoint in this file,
                    which you kept from earlier
  --key KEY         audit: accept only the log with this key, as the enclave
                    shows it: 87 characters that begin with B
  --json            write JSON, schema "` + verdict.Schema + `"
  --verbose         also list each check that passed
  --timeout TIME    site: give up after TIME, such as 30s (default 2m)

Exit codes:
   0  VERIFIED         every check passed
   1  REFUTED          at least one check failed: do not use it
   2  COULD NOT CHECK  nothing is known to be wrong, but something could not be
                       looked at (missing file, network, time)
  64  the command line is wrong

Without --expect, VERIFIED says that the files belong together and are the
release whose digest is shown, not who made it. Without --key it does not say
whose log that is, and without --since not that nothing was taken from its end.
Colours are used on terminals unless NO_COLOR is set.

What is checked:
`

func helpText() string {
	var b strings.Builder
	b.WriteString(usage)
	for _, info := range verdict.Steps() {
		fmt.Fprintf(&b, "  %-13s %s\n", info.Step, info.Meaning)
	}
	return b.String()
}

// versionText names formats, not a build: equal sources give equal programs.
func versionText() string {
	return "kmsverify\nreads  " + release.Format + "\nreads  " + release.DeploymentFormat +
		"\nreads  " + auditlog.BundleFormat +
		"\nwrites " + verdict.Schema + "\n"
}
