// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/updateproof"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/sign"
)

const exitHelp = `
Exit codes:
   0  done
   1  REFUSED          what was given, or what a service answered, is not what may be
                       signed or published
   2  COULD NOT DO IT  something could not be read, written or reached
  64  the command line is wrong
Unless the exit code is 0, no file was written. What a log has accepted stays there.
`

func helpText() string {
	var b strings.Builder
	b.WriteString("kmssign signs releases of the enclave and what is said about them.\n\nUsage:\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  kmssign %s\n      %s\n", strings.TrimSpace(c.name+" [flags] "+c.argument), c.summary)
	}
	b.WriteString("  kmssign help [COMMAND]\n      say this, or the flags of a command\n" +
		"  kmssign version\n      say which formats this program knows\n" + exitHelp)
	return b.String()
}

func (c command) help() string {
	return "kmssign " + strings.TrimSpace(c.name+" [flags] "+c.argument) + "\n" +
		strings.ToUpper(c.summary[:1]) + c.summary[1:] + ".\n\nFlags, before or after the argument:\n" + c.flags + exitHelp
}

// versionText names formats, not a build: equal sources give equal programs.
func versionText() string {
	return "kmssign\nreads  " + release.Format + "\nreads  " + policy.Format + "\nspeaks " + sign.SignerFormat +
		"\nwrites " + sigbundle.MediaType + "\nwrites " + updateproof.Header + "\n"
}
