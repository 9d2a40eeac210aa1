// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/verifier/audit"
	"ats.run/kms-enclave/verifier/verdict"
)

var auditCommand = command{
	name:     "audit",
	argument: "BUNDLE",
	summary:  "check an exported audit log",
	flags: `  --since FILE       the log must go on from the checkpoint in this file, which you
                     kept from earlier; without it nobody can say that nothing was
                     taken from the log's end
  --key KEY          accept only the log with this key, as the enclave shows it: 87
                     characters that begin with B; without it nobody can say whose
                     log it is
`,
	bind: func(set *flag.FlagSet) runner {
		var since, key text
		set.Var(&since, "since", "")
		set.Var(&key, "key", "")
		return func(_ context.Context, _ *program, path string) (*verdict.Report, error) {
			return checkAudit(path, since.value, key.value)
		}
	},
}

// maxCheckpoint is the size in bytes above which a file is no checkpoint.
const maxCheckpoint = 64 << 10

func checkAudit(path, sinceFile, key string) (*verdict.Report, error) {
	var options audit.Options
	if key != "" {
		point, err := auditlog.ParsePoint(key)
		if err != nil {
			return nil, errors.New("--key: expected a log key as the enclave shows it, 87 characters of base64url that begin with B")
		}
		options.Key = point
	}
	required := audit.Required(options)
	if sinceFile != "" {
		required = append(required, verdict.Since)
	}
	report := verdict.New("audit", path, required...)
	if sinceFile != "" {
		since, err := readCheckpoint(sinceFile)
		if err != nil {
			report.Miss(verdict.Since, sinceFile, reason(err), "Give a file that holds a checkpoint, byte by byte as it was handed out.")
		}
		options.Since = since
	}
	if err := checkBundle(report, path, options); err != nil {
		report.Miss(verdict.Input, path, reason(err), "Check the path, and that you may read what is there.")
	}
	return report, nil
}

func checkBundle(report *verdict.Report, path string, options audit.Options) error {
	file, err := os.Open(fromCaller(path))
	if err != nil {
		return err
	}
	defer file.Close() // only read
	return audit.Check(report, file, options)
}

func readCheckpoint(path string) (*auditlog.Checkpoint, error) {
	file, err := os.Open(fromCaller(path))
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	text, err := io.ReadAll(io.LimitReader(file, maxCheckpoint+1))
	if err != nil {
		return nil, err
	}
	return auditlog.ParseCheckpoint(text)
}
