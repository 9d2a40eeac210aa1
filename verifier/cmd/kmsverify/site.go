// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
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
	flags: expectHelp + `  --timeout TIME     give up after TIME, such as 30s (default 2m)
`,
	bind: func(set *flag.FlagSet) runner {
		var expect digest
		set.Var(&expect, "expect", "")
		timeout := set.Duration("timeout", 2*time.Minute, "")
		return func(ctx context.Context, p *program, address string) (*verdict.Report, error) {
			config := p.site
			config.Expect = expect.value
			return checkSite(ctx, config, address, *timeout)
		}
	},
}

func checkSite(ctx context.Context, config site.Config, address string, timeout time.Duration) (*verdict.Report, error) {
	base, err := origin.Parse(strings.TrimSuffix(address, "/"))
	if err != nil {
		return nil, fmt.Errorf("expected the origin of an enclave, such as https://kms.example: %w", err)
	}
	if timeout <= 0 {
		return nil, errors.New("--timeout: expected a time, such as 30s")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	report := verdict.New("site", base.String(), site.Required(config.Expect)...)
	site.Check(ctx, report, base, config)
	return report, nil
}
