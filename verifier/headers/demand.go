// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package headers

import (
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
)

// demand is what a directive must be.
type demand struct {
	directive string
	expected  string
	accepts   func(values []string, present bool) bool
}

// demands returns what a policy of a path of that kind must say.
func demands(k kind) []demand {
	all := []demand{exactly("default-src", "'none'")}
	switch k {
	case entryKind, windowKind:
		ancestors := release.EmbeddersPlaceholder
		if k == windowKind {
			ancestors = "'none'"
		}
		return append(all,
			exactly("base-uri", "'none'"),
			exactly("form-action", "'none'"),
			exactly("frame-ancestors", ancestors),
			exactly("require-trusted-types-for", "'script'"),
			demand{"trusted-types", "with names of policies only", areNames},
		)
	case workerKind:
		all = append(all, exactly("require-trusted-types-for", "'script'"))
	}
	return append(all, demand{"frame-ancestors", "'none' or " + release.EmbeddersPlaceholder, areNarrow})
}

func exactly(directive, value string) demand {
	return demand{directive, value, func(values []string, present bool) bool {
		return present && slices.Equal(values, []string{value})
	}}
}

// areNames says whether values are names of Trusted Types policies: neither
// "*" nor 'allow-duplicates'. 'none' is a name for none.
func areNames(values []string, present bool) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-#=_/@.%"
	for _, name := range values {
		if name != "'none'" && strings.Trim(name, letters) != "" {
			return false
		}
	}
	return present
}

// areNarrow says whether frame-ancestors, which may be missing, lets only the
// embedders in.
func areNarrow(values []string, present bool) bool {
	return !present || slices.Equal(values, []string{"'none'"}) ||
		slices.Equal(values, []string{release.EmbeddersPlaceholder})
}
