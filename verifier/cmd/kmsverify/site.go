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
	flags: func(set *flag.FlagSet, o *options) {
		expectFlag(set, o)
		set.DurationVar(&o.timeout, "timeout", 2*time.Minute, "")
	},
	run: checkSite,
}

func checkSite(ctx context.Context, p *program, address string, o options) (*verdict.Report, error) {
	base, err := origin.Parse(strings.TrimSuffix(address, "/"))
	if err != nil {
		return nil, fmt.Errorf("expected the origin of an enclave, such as https://kms.example: %w", err)
	}
	if o.timeout <= 0 {
		return nil, errors.New("--timeout: expected a time, such as 30s")
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	config := p.site
	config.Expect = o.expect
	report := verdict.New("site", base.String(), site.Required(o.expect)...)
	site.Check(ctx, report, base, config)
	return report, nil
}
