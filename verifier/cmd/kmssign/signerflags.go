// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"time"

	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// signerFlags say as whom and where to sign.
type signerFlags struct {
	config, root, policy    string
	key, passphrase, signer string
	tokenFile, tokenURL     string
	timeout                 time.Duration
	out                     string
	force, dryRun           bool
}

const instanceHelp = `  --signing-config FILE  the services of a Sigstore instance: signing_config.json
  --trusted-root FILE    its trusted_root.json, or the name of an embedded root; what
                         was signed is verified with it before anything is written
  --policy FILE          also hold the result against this policy.json: who signs,
                         and which witnesses must have cosigned
  --timeout TIME         how long to wait for one answer, such as 30s (default 40s)
`

const keyHelp = `  --key FILE             sign with this P-256 key: PEM, PKCS#8 or SEC 1
  --passphrase-file FILE its passphrase; or the environment variable KMSSIGN_PASSPHRASE
  --signer 'PROGRAM ARGS'
                         sign with a key in another program, such as a token's
                         ("go doc ./verifier/sign" specifies the protocol)
`

const tokenHelp = `  --identity-token-file FILE
                         sign keyless with this OpenID Connect token; without it,
                         with the one in SIGSTORE_ID_TOKEN, or that of GitHub Actions
  --token-url URL        get the token there, for private instances
`

const outHelp = `  --out DIR              where to write; default: beside a release that is a folder
  --force                replace what is there
  --dry-run              say exactly what would be signed; no connection is opened
`

func (f *signerFlags) bind(set *flag.FlagSet) {
	set.StringVar(&f.config, "signing-config", "", "")
	set.StringVar(&f.root, "trusted-root", "", "")
	set.StringVar(&f.policy, "policy", "", "")
	set.StringVar(&f.key, "key", "", "")
	set.StringVar(&f.passphrase, "passphrase-file", "", "")
	set.StringVar(&f.signer, "signer", "", "")
	set.DurationVar(&f.timeout, "timeout", sign.DefaultTimeout, "")
	f.bindOut(set)
	set.BoolVar(&f.dryRun, "dry-run", false, "")
}

func (f *signerFlags) bindTokens(set *flag.FlagSet) {
	set.StringVar(&f.tokenFile, "identity-token-file", "", "")
	set.StringVar(&f.tokenURL, "token-url", "", "")
}

func (f *signerFlags) bindOut(set *flag.FlagSet) {
	set.StringVar(&f.out, "out", "", "")
	set.BoolVar(&f.force, "force", false, "")
}

// open returns the signer that the flags describe, and the policy or nil.
func (f *signerFlags) open(ctx context.Context, p *program) (*sign.Signer, *policy.Policy, error) {
	if f.config == "" || f.root == "" {
		return nil, nil, usage("signing", "--signing-config and --trusted-root", "one of them missing",
			"Both describe the Sigstore instance; docs/signing.md says where to get them")
	}
	if f.timeout <= 0 {
		return nil, nil, usage("--timeout", "a time above zero", "none", "")
	}
	s := &sign.Signer{Transport: p.transport, Timeout: f.timeout}
	config, err := p.readFile(f.config)
	if err != nil {
		return nil, nil, err
	}
	services, err := sign.ParseServices(config, p.now())
	if err != nil {
		return nil, nil, err
	}
	s.Services = *services
	if s.Trust, err = f.trust(p); err != nil {
		return nil, nil, err
	}
	rules, err := f.readPolicy(p, s.Trust)
	if err != nil {
		return nil, nil, err
	}
	if rules != nil {
		s.Witnesses = rules.Witnesses
	}
	return s, rules, f.identify(ctx, p, s)
}

func (f *signerFlags) trust(p *program) (*trust.Root, error) {
	if root, err := trust.Named(f.root); err == nil {
		return root, nil
	}
	data, err := p.readFile(f.root)
	if err != nil {
		return nil, err
	}
	root, err := trust.Parse(f.root, data)
	if err != nil {
		return nil, usage(verdict.FileName(f.root), "a Sigstore trusted_root.json", "something else", "")
	}
	return root, nil
}

func (f *signerFlags) readPolicy(p *program, root *trust.Root) (*policy.Policy, error) {
	if f.policy == "" {
		return nil, nil
	}
	data, err := p.readFile(f.policy)
	if err != nil {
		return nil, err
	}
	rules, err := policy.Parse(data)
	if err != nil {
		return nil, usage(verdict.FileName(f.policy), "a policy in the format "+policy.Format, verdict.Plain(err.Error()), "")
	}
	if rules.TrustRoot != root.SHA256 && rules.TrustRoot != root.Name {
		return nil, &sign.Fault{Kind: sign.Refused, Subject: verdict.FileName(f.policy), Expected: "the trust root " + verdict.Quote(rules.TrustRoot),
			Found: "SHA-256 " + root.SHA256, Advice: "Sign at the Sigstore instance that the policy trusts"}
	}
	return rules, nil
}

// identify finds the key or the token; exactly one way.
func (f *signerFlags) identify(ctx context.Context, p *program, s *sign.Signer) error {
	given := 0
	for _, way := range []string{f.key, f.signer, f.tokenFile, f.tokenURL} {
		if way != "" {
			given++
		}
	}
	if given > 1 {
		return usage("signing", "one of --key, --signer, --identity-token-file and --token-url", "more", "Choose one identity")
	}
	var err error
	switch {
	case f.signer != "":
		s.Key, err = sign.OpenProgram(ctx, f.signer, p.stderr)
	case f.key != "":
		s.Key, err = f.readKey(p)
	default:
		s.Tokens, err = f.tokens(p)
	}
	return err
}

func (f *signerFlags) readKey(p *program) (sign.Key, error) {
	data, err := p.readFile(f.key)
	if err != nil {
		return nil, err
	}
	passphrase := []byte(p.getenv("KMSSIGN_PASSPHRASE"))
	if f.passphrase != "" {
		if passphrase, err = p.readFile(f.passphrase); err != nil {
			return nil, err
		}
	}
	return sign.ParseKey(data, firstLine(passphrase))
}

// firstLine is the text without the line break that editors put at the end.
func firstLine(text []byte) []byte {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			return text[:i]
		}
	}
	return text
}

// tokens returns where a token comes from, or nil if nothing says.
func (f *signerFlags) tokens(p *program) (sign.TokenSource, error) {
	text := p.getenv(sign.TokenVariable)
	address := p.getenv("ACTIONS_ID_TOKEN_REQUEST_URL")
	switch {
	case f.tokenURL != "":
		return sign.URLToken(f.tokenURL, p.transport)
	case f.tokenFile != "":
		data, err := p.readFile(f.tokenFile)
		if err != nil {
			return nil, err
		}
		text = string(data)
	case text == "" && address != "":
		return sign.GitHubToken(address, p.getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"), p.transport)
	case text == "":
		return nil, nil
	}
	token, err := sign.ParseToken(text, p.now())
	if err != nil {
		return nil, err
	}
	return sign.GivenToken(token), nil
}

func usage(subject, expected, found, advice string) *sign.Fault {
	return &sign.Fault{Kind: sign.Usage, Subject: subject, Expected: expected, Found: found, Advice: advice}
}
