// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"

	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/verdict"
)

var keygenCommand = command{
	name:    "keygen",
	summary: "make an update key or a rebuilder's key, and print its public half",
	flags: `  --out FILE             where to write the private key: PEM, PKCS#8, not encrypted,
                         readable by you alone; an existing file is never replaced
`,
	bind: func(set *flag.FlagSet) runner {
		out := set.String("out", "", "")
		return func(_ context.Context, p *program, _ string) error { return p.keygen(*out) }
	},
}

func (p *program) keygen(out string) error {
	if out == "" {
		return usage("--out", "the file to write", "none", "")
	}
	key, err := sign.NewKey()
	if err != nil {
		return err
	}
	text, err := sign.MarshalKey(key)
	if err != nil {
		return err
	}
	spki, err := sign.SPKI(key.Public())
	if err != nil {
		return err
	}
	path := p.fromCaller(out)
	if err := sign.WriteSecret(filepath.Dir(path), filepath.Base(path), text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s\nThis is the public key, for policies and for apps. The private key is in %s: keep a copy offline.\n", spki, verdict.Plain(path))
	return err
}
