// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// trustSchema is the value of "schema" in the JSON form: an object with "roots",
// each with name, sha256 and authorities {kind, name, id, key, from, to}; a time
// or key that there is none of is left out. Members may be added.
const trustSchema = "kmsverify-trust/1"

var trustCommand = command{
	name:     "trust",
	argument: "[ROOT.json]",
	summary:  "show whom a trust root trusts, or the embedded ones",
	bind: func(*flag.FlagSet) runner {
		return func(_ context.Context, p *program, path string) (*verdict.Report, error) {
			roots, err := trustRoots(path)
			if err != nil {
				return nil, err
			}
			text := trustTable(roots)
			if p.common.json {
				text = trustJSON(roots)
			}
			if code := p.print(text); code != exitOK {
				return nil, exitCode(code)
			}
			return nil, nil
		}
	},
}

// trustRoots returns the root in a file, or those that are embedded.
func trustRoots(path string) ([]*trust.Root, error) {
	var roots []*trust.Root
	if path != "" {
		data, err := readFile(path)
		if err != nil {
			return nil, errors.New(path + ": " + reason(err))
		}
		r, err := trust.Parse(path, data)
		return append(roots, r), err
	}
	for _, name := range trust.Embedded() {
		r, err := trust.Named(name)
		if err != nil {
			return nil, err
		}
		roots = append(roots, r)
	}
	return roots, nil
}

// trustTable returns the roots for people.
func trustTable(roots []*trust.Root) string {
	var b strings.Builder
	for _, r := range roots {
		fmt.Fprintf(&b, "%s\n  SHA-256 %s\n\n", verdict.Plain(r.Name), r.SHA256)
		fmt.Fprintf(&b, "  %-21s  %-10s  %-10s  %-16s  %s\n", "kind", "from", "to", "ID begins with", "name")
		for _, a := range r.Authorities() {
			fmt.Fprintf(&b, "  %-21s  %-10s  %-10s  %-16.16s  %s\n", a.Kind, day(a.From), day(a.To), a.ID, verdict.Plain(a.Name))
			if a.Key != "" {
				fmt.Fprintf(&b, "    verifier key %s\n", a.Key)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("None of this is trusted unless a policy names it: an embedded root by its name, any\nother by its SHA-256. See --policy of kmsverify release.\n")
	return b.String()
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

type jsonRoot struct {
	Name        string          `json:"name"`
	SHA256      string          `json:"sha256"`
	Authorities []jsonAuthority `json:"authorities"`
}

type jsonAuthority struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	ID   string `json:"id"`
	Key  string `json:"key,omitempty"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// trustJSON returns the roots for programs.
func trustJSON(roots []*trust.Root) string {
	out := struct {
		Schema string     `json:"schema"`
		Roots  []jsonRoot `json:"roots"`
	}{Schema: trustSchema}
	for _, r := range roots {
		root := jsonRoot{Name: verdict.Plain(r.Name), SHA256: r.SHA256}
		for _, a := range r.Authorities() {
			entry := jsonAuthority{Kind: a.Kind, Name: verdict.Plain(a.Name), ID: a.ID, Key: a.Key, From: instant(a.From), To: instant(a.To)}
			root.Authorities = append(root.Authorities, entry)
		}
		out.Roots = append(out.Roots, root)
	}
	data, _ := json.MarshalIndent(out, "", "  ") // strings and slices: cannot fail
	return string(data) + "\n"
}
