// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"fmt"
	"strings"

	"ats.run/kms-enclave/verifier/verdict"
)

// Describe says what Sign would sign, as whom and where, for a dry run. It opens
// no connection.
func (s *Signer) Describe(plan *Plan) (string, error) {
	var b strings.Builder
	b.WriteString("DRY RUN: nothing was signed, no connection was opened.\n\n")
	if plan.Digest != "" {
		row(&b, "release", plan.Digest)
	}
	if m := plan.Manifest; m != nil {
		if m.Version != "" {
			row(&b, "version", m.Version)
		}
		row(&b, "built from", m.Source.Repository)
		row(&b, "at commit", m.Source.Commit)
	}
	identity, err := s.identity()
	if err != nil {
		return "", err
	}
	row(&b, "signed as", identity)
	if s.Key == nil {
		row(&b, "certificate", s.Services.Authority)
	}
	for _, address := range s.Services.Logs {
		row(&b, "log", address)
	}
	for _, address := range s.Services.Timestamps {
		row(&b, "timestamp", address)
	}
	if s.Trust != nil {
		row(&b, "trust root", s.Trust.Name+", SHA-256 "+s.Trust.SHA256)
	}
	row(&b, "witnesses", fmt.Sprintf("%d of %d must cosign", s.Witnesses.Threshold, len(s.Witnesses.Keys)))
	for _, job := range plan.Jobs {
		job.describe(&b)
	}
	return b.String(), nil
}

func (j Job) describe(b *strings.Builder) {
	how := "message signature over the file as it is"
	if j.Statement {
		how = "DSSE envelope, payload type " + StatementMediaType
	}
	fmt.Fprintf(b, "\n%s\n", verdict.Plain(j.Subject))
	row(b, "bundle", j.File)
	row(b, "form", how)
	row(b, "size", fmt.Sprintf("%d bytes", len(j.Payload)))
	row(b, "SHA-256", j.Digest())
	if j.Statement {
		row(b, "statement", "")
		b.Write(plainLines(j.Payload))
		b.WriteByte('\n')
	}
}

// row writes a name and a value, which may come from elsewhere.
func row(b *strings.Builder, name, value string) {
	line := fmt.Sprintf("  %-12s %s", name, verdict.Plain(value))
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// plainLines shows a statement exactly, save for what a terminal acts upon.
func plainLines(data []byte) []byte {
	shown := make([]byte, 0, len(data))
	for _, c := range data {
		if c < ' ' && c != '\n' || c == 0x7f {
			shown = fmt.Appendf(shown, "\\x%02x", c)
			continue
		}
		shown = append(shown, c)
	}
	return shown
}

func (s *Signer) identity() (string, error) {
	if s.Key != nil {
		spki, err := SPKI(s.Key.Public())
		if err != nil {
			return "", asFault(err)
		}
		return "key " + spki, nil
	}
	if s.Tokens == nil {
		return "", misused(tokenName, "a token or a key", "neither", adviceToken+"; or give --key")
	}
	return s.Tokens.Describe(), nil
}
