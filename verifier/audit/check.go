// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/verifier/verdict"
)

// Options say what is known of the log from elsewhere.
type Options struct {
	Since *auditlog.Checkpoint // kept earlier, or nil
	Key   []byte               // the log key as an uncompressed point, or nil
}

// Required returns the steps without which no bundle is verified.
func Required(o Options) []verdict.Step {
	steps := []verdict.Step{verdict.Form, verdict.Order, verdict.Signer, verdict.Checkpoint}
	if o.Key != nil {
		steps = append(steps, verdict.LogKey)
	}
	if o.Since != nil {
		steps = append(steps, verdict.Since)
	}
	return steps
}

// Check records everything about a bundle. The error is one of reading.
func Check(report *verdict.Report, bundle io.Reader, o Options) error {
	result, err := auditlog.Verify(bundle, auditlog.Options{Since: o.Since, Key: o.Key, Verify: verifyECDSA})
	if err != nil {
		return err
	}
	c := &checker{report: report, result: result, o: o}
	c.findings()
	if result.User == "" {
		return nil // not even a header: a finding says so
	}
	report.IdentifyLog(identity(result))
	c.passes()
	c.logKey()
	c.since()
	for _, r := range result.Remarks {
		report.Leave(verdict.Order, r.Subject(), r.Text, adviceRemark)
	}
	return nil
}

type checker struct {
	report *verdict.Report
	result *auditlog.Result
	o      Options
}

const adviceRemark = "Keep earlier exports and checkpoints to know what was there."

func (c *checker) findings() {
	for _, f := range c.result.Findings {
		j := judge(f.Kind)
		c.report.Refute(j.step, f.Subject(), f.Expected, f.Text, j.advice)
	}
	if c.result.More > 0 {
		c.report.Refute(verdict.Form, "bundle", "no faults", fmt.Sprintf("%d more like these", c.result.More), adviceExport)
	}
}

// passes records the steps in which nothing was found, as far as they were taken.
func (c *checker) passes() {
	r := c.result
	all := fmt.Sprintf("entries %d to %d", r.First, r.Size-1)
	c.pass(verdict.Form, "bundle")
	c.pass(verdict.Order, all)
	if r.Unchecked > 0 {
		c.report.Miss(verdict.Signer, all, fmt.Sprintf("the signatures of %d entries cannot be checked without those before", r.Unchecked), adviceExport)
		return
	}
	c.pass(verdict.Signer, all)
	if r.Certificates > 0 {
		c.pass(verdict.Certificate, fmt.Sprintf("certificates %d, entries %d", r.Certificates, r.Covered))
	}
	if agreed(r) {
		c.pass(verdict.Checkpoint, fmt.Sprintf("checkpoint over %d entries", r.Checkpoint.Size))
	}
}

// agreed says whether entries and checkpoint are the same tree.
func agreed(r *auditlog.Result) bool {
	return r.Checkpoint != nil && r.Checkpoint.Size == r.Size && r.Checkpoint.Root == r.Root
}

func (c *checker) pass(step verdict.Step, subject string) {
	if !c.report.Failed(step) {
		c.report.Pass(step, subject)
	}
}

func (c *checker) logKey() {
	if c.o.Key == nil {
		c.report.Leave(verdict.LogKey, "log key", "whose key it is",
			"Compare it with the one that the enclave shows, and give that with --key.")
		return
	}
	c.pass(verdict.LogKey, "log key")
}

func (c *checker) since() {
	since := c.o.Since
	if since == nil {
		c.report.Leave(verdict.Since, "bundle", "whether it is the newest state of the log, and the only version",
			"Keep a checkpoint elsewhere each time, and give an earlier one with --since.")
		return
	}
	subject := fmt.Sprintf("checkpoint over %d entries", since.Size)
	switch c.result.Since {
	case auditlog.SinceContinued:
		c.pass(verdict.Since, subject)
	case auditlog.SinceUnreached:
		c.report.Miss(verdict.Since, subject, "the bundle does not show, without a break, the log from there on",
			"Export the log from the beginning, or from an entry that the checkpoint is over.")
	}
}

func identity(r *auditlog.Result) verdict.Log {
	l := verdict.Log{
		Origin: auditlog.Origin(r.User), Key: auditlog.EncodePoint(r.Point),
		First: r.First, Size: r.Size, Entries: r.Entries, Pruned: r.Pruned, Delegated: r.Delegated,
		From: date(r.From), To: date(r.To),
	}
	if agreed(r) {
		l.Root = base64.StdEncoding.EncodeToString(r.Root[:])
	}
	return l
}

func date(seconds int64) string {
	if seconds == 0 {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}
