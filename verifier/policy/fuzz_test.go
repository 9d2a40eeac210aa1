// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/policy"
)

// FuzzParse checks that what is accepted has what callers rely on.
func FuzzParse(f *testing.F) {
	f.Add(marshal(f, good(f)))
	f.Add([]byte(`{"format":"kms-enclave-trust-policy/1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := policy.Parse(data)
		if err != nil {
			var refused *policy.Error
			if !errors.As(err, &refused) {
				t.Fatalf("error %v is no policy.Error", err)
			}
			return
		}
		if len(p.Publishers) == 0 || p.Log.Threshold < 1 || p.Timestamps < 1 || p.MaxAge <= 0 || len(p.Require) == 0 ||
			p.Rebuilders.Threshold > len(p.Rebuilders.Members) || p.Witnesses.Threshold > len(p.Witnesses.Keys) {
			t.Fatalf("accepted %+v", p)
		}
		for _, publisher := range p.Publishers {
			if publisher.Identity.Matches("https://anybody.example/x") && publisher.Identity.SubjectPattern != "" &&
				!strings.HasPrefix(publisher.Identity.SubjectPattern, "^https://anybody") {
				t.Fatalf("accepted the pattern %q", publisher.Identity.SubjectPattern)
			}
		}
	})
}
