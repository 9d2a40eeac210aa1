// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"ats.run/kms-enclave/verifier/verdict"
)

// judgedRelease is the report on one release of several.
type judgedRelease struct {
	report *verdict.Report
	err    error // about usage
}

// releases checks many releases by one judgement. In JSON each report is one
// line; in text one that is verified is its first line alone.
func (p *program) releases(list text, expect string, judgement *judgement) error {
	count := make(tally)
	var failed error
	look := func(j job) judgedRelease {
		if j.err != nil {
			report := verdict.New("release", j.path)
			report.Miss(verdict.Input, j.path, j.err.Error(), "Correct the list of paths.")
			return judgedRelease{report: report}
		}
		report, err := checkRelease(j.path, expect, judgement)
		return judgedRelease{report, err}
	}
	eachInOrder(p.jobs(p.arguments, list), look, func(r judgedRelease) {
		if r.err != nil || failed != nil {
			failed = errors.Join(failed, r.err)
			return
		}
		count[r.report.Conclude()]++
		failed = p.tellRelease(r.report)
	})
	if failed == nil && !p.common.json {
		_, failed = fmt.Fprintf(p.stdout, "%d releases: %d verified, %d refuted, %d could not be checked\n", count.total(),
			count[verdict.ConcludeVerified], count[verdict.ConcludeRefuted], count[verdict.ConcludeUnchecked])
	}
	if failed != nil {
		fmt.Fprintf(p.stderr, "kmsverify: writing the report: %v\n", failed)
		return exitCode(exitNoOutput)
	}
	return exitCode(count.worst().ExitCode())
}

// tellRelease writes the report on one release of several.
func (p *program) tellRelease(report *verdict.Report) error {
	var b bytes.Buffer
	if p.common.json {
		var line bytes.Buffer
		if err := report.WriteJSON(&b); err != nil {
			return err
		}
		if err := json.Compact(&line, b.Bytes()); err != nil {
			return err
		}
		_, err := p.stdout.Write(append(line.Bytes(), '\n'))
		return err
	}
	if err := report.WriteText(&b, verdict.Style{Colour: p.colour, Verbose: p.common.verbose}); err != nil {
		return err
	}
	text := append(b.Bytes(), '\n') // an empty line ends it
	if report.Conclude() == verdict.ConcludeVerified && !p.common.verbose {
		text = text[:bytes.IndexByte(text, '\n')+1]
	}
	_, err := p.stdout.Write(text)
	return err
}
