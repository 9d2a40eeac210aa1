// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/policy"
)

func TestWhatIsUsualIsAccepted(t *testing.T) {
	for name, alter := range map[string]func(object){
		"issuer on loopback":   func(p object) { identity(p, 0)["issuer"] = "http://127.0.0.1:5557" },
		"issuer on localhost":  func(p object) { identity(p, 0)["issuer"] = "http://localhost:5557" },
		"trust root by digest": func(p object) { p["trustRoot"] = strings.Repeat("0a", 32) },
		"no witnesses":         func(p object) { p["witnesses"] = object{"threshold": 0, "keys": []any{}}; delete(p, "update") },
		"no rebuilders":        func(p object) { p["rebuilders"] = object{"threshold": 0, "members": []any{}} },
		"nothing revoked":      func(p object) { p["revoked"] = []any{} },
		"release branches":     func(p object) { at(p, "source")["refs"] = []any{"refs/heads/release/*"} },
		"alternatives": func(p object) {
			identity(p, 0)["subjectPattern"] = `^https://forge\.example/acme/kms/(a|b)$`
		},
		"another statement": func(p object) { p["require"] = []any{policy.ProvenanceType, "https://a.example/review/v1"} },
		"members at different hosts": func(p object) {
			memberIdentity(p, 0)["subject"], memberIdentity(p, 1)["subject"] = "https://a.example/x/a", "https://b.example/x/a"
		},
		"members with different accounts": func(p object) {
			memberIdentity(p, 0)["subject"], memberIdentity(p, 1)["subject"] = "https://forge.example/a/r", "https://forge.example/b/r"
		},
		"minutes": func(p object) { p["maxAge"] = "90m" },
	} {
		p := good(t)
		alter(p)
		if _, err := policy.Parse(marshal(t, p)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefsAreAllowedExactlyOrBelowAFolder(t *testing.T) {
	s := policy.Source{Refs: []string{"refs/tags/*", "refs/heads/main"}}
	for ref, want := range map[string]bool{
		"refs/tags/v1": true, "refs/tags/a/b": true, "refs/heads/main": true,
		"refs/tags/": false, "refs/tags": false, "refs/tags/*": true, "refs/*": false, "refs/heads/main2": false, "refs/heads/mai": false,
		"": false, "main": false, "refs/heads/x": false, "xrefs/tags/v1": false,
	} {
		if got := s.AllowsRef(ref); got != want {
			t.Errorf("%q: %v, want %v", ref, got, want)
		}
	}
}

func TestDurationsAreWrittenAsTheyAreRead(t *testing.T) {
	for _, text := range []string{"0s", "1s", "90s", "2m", "36h", "7d", "3650d"} {
		p := good(t)
		at(p, "update")["delay"] = text
		parsed, err := policy.Parse(marshal(t, p))
		if err != nil {
			t.Fatal(err)
		}
		if got := policy.FormatDuration(parsed.Update.Delay); got != text {
			t.Errorf("%s is written %s", text, got)
		}
	}
}
