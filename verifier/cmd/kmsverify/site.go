// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/verdict"
)

var siteCommand = command{
	name:     "site",
	argument: "URL",
	summary:  "check what a host serves, such as https://kms.example",
	flags: expectHelp + policyHelp + `  --rounds N         ask for everything N times (default 2, at most 20)
  --vantage WHERE    also ask through this way; may be repeated. WHERE is an address
                     to connect to instead of what DNS says, as 192.0.2.1 or
                     [2001:db8::1]:443, or a proxy: http://…, https://…, socks5://…
  --all-addresses    also ask each address that DNS has for the host
  --timeout TIME     give up after TIME, such as 30s (default 2m)
`,
	bind: func(set *flag.FlagSet) runner {
		f := &siteFlags{policy: bindPolicy(set)}
		set.Var(&f.expect, "expect", "")
		set.IntVar(&f.rounds, "rounds", 2, "")
		set.Var(&f.vantages, "vantage", "")
		set.BoolVar(&f.allAddresses, "all-addresses", false, "")
		set.DurationVar(&f.timeout, "timeout", 2*time.Minute, "")
		return f.run
	},
}

type siteFlags struct {
	policy       *policyFlags
	expect       digest
	rounds       int
	vantages     texts
	allAddresses bool
	timeout      time.Duration
}

func (f *siteFlags) run(ctx context.Context, p *program, address string) (*verdict.Report, error) {
	base, err := origin.Parse(strings.TrimSuffix(address, "/"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("expected the origin of an enclave, such as https://kms.example: %w", err)
	case f.timeout <= 0:
		return nil, errors.New("--timeout: expected a time, such as 30s")
	case f.rounds < 1 || f.rounds > 20:
		return nil, errors.New("--rounds: expected a number from 1 to 20")
	}
	config := p.site
	config.Expect, config.Rounds = f.expect.value, f.rounds
	for _, where := range f.vantages {
		vantage, err := site.Via(where)
		if err != nil {
			return nil, fmt.Errorf("--vantage: %w", err)
		}
		config.Vantages = append(config.Vantages, vantage)
	}
	judgement, err := f.policy.load()
	if err != nil {
		return nil, err
	}
	config = judged(config, judgement)
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	report := verdict.New("site", base.String(), append(site.Required(f.expect.value), judgement.required()...)...)
	if f.allAddresses {
		config.Vantages = append(config.Vantages, allAddresses(ctx, report, base)...)
	}
	site.Check(ctx, report, base, config)
	return report, nil
}

// allAddresses returns a vantage for each address of the host.
func allAddresses(ctx context.Context, report *verdict.Report, base origin.Origin) []site.Vantage {
	host := base.String()
	if parsed, err := url.Parse(host); err == nil {
		host = parsed.Hostname()
	}
	all, err := site.Addresses(ctx, net.DefaultResolver, host)
	if err != nil {
		report.Miss(verdict.Same, host, err.Error(), "Try again, or name addresses with --vantage.")
	}
	return all
}

// judged lets a judgement see what the site serves.
func judged(config site.Config, j *judgement) site.Config {
	if j == nil {
		return config
	}
	j.published = true
	config.Evidence = j.check
	return config
}
