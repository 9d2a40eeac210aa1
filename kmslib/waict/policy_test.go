// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package waict_test

import (
	"reflect"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/waict"
)

func TestPolicyIsReadAsABrowserReadsIt(t *testing.T) {
	for value, want := range map[string]waict.Policy{
		waict.PolicyOf(".well-known/waict/manifests/a_b").String():                    {Mode: waict.Enforce, Manifest: "/.well-known/waict/manifests/a_b"},
		waict.FirefoxPolicyOf("a.json").String():                                      {Mode: waict.Enforce, Manifest: "/a.json", Destinations: []string{"script", "style"}},
		`max-age=90, mode=report, preload=?0, endpoints=(foo-reports), manifest="/a"`: {MaxAge: 90, Mode: waict.Report, Manifest: "/a"},
		`manifest="/a",max-age=0,	mode=enforce, blocked-destinations=(image script)`:  {Mode: waict.Enforce, Manifest: "/a", Destinations: []string{"image", "script"}},
		`mode=report, mode=enforce, manifest="/a", max-age=1, GREASE_x`:               {},
		`mode=report, mode=enforce, manifest="/a", max-age=1, grease-x`:               {MaxAge: 1, Mode: waict.Enforce, Manifest: "/a"},
		`max-age=0, mode=enforce, manifest="/a", blocked-destinations=()`:             {Mode: waict.Enforce, Manifest: "/a", Destinations: []string{}},
		`max-age=0, mode=enforce, manifest="/a", other=("x" 1 ?1  y)`:                 {Mode: waict.Enforce, Manifest: "/a"},
	} {
		got, err := waict.ParsePolicy(value)
		if want.Mode == "" {
			if err == nil {
				t.Errorf("%s is accepted", value)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as %+v, %v", value, got, err)
		}
	}
}

func TestPolicyThatIsRefused(t *testing.T) {
	for _, value := range []string{
		"", " ", ",", "max-age", `mode=enforce, manifest="/a"`, `max-age=0, manifest="/a"`, `max-age=0, mode=enforce`,
		`max-age=-1, mode=enforce, manifest="/a"`, `max-age="0", mode=enforce, manifest="/a"`, `max-age=9999999999999999, mode=enforce, manifest="/a"`,
		`max-age=0.5, mode=enforce, manifest="/a"`, `max-age=0, mode="enforce", manifest="/a"`, `max-age=0, mode=block, manifest="/a"`,
		`max-age=0, mode=enforce, manifest=/a`, `max-age=0, mode=enforce, manifest=""`, `max-age=0, mode=enforce, manifest="/a`,
		`max-age=0, mode=enforce, manifest="/a\x"`, `max-age=0, mode=enforce, manifest="/é"`, `max-age=0, mode=enforce, manifest="/a",`,
		`max-age=0; x=1, mode=enforce, manifest="/a"`, `max-age=0 mode=enforce manifest="/a"`, `Max-Age=0, mode=enforce, manifest="/a"`,
		`max-age=0, mode=enforce, manifest="/a", blocked-destinations=script`, `max-age=0, mode=enforce, manifest="/a", blocked-destinations=("script")`,
		`max-age=0, mode=enforce, manifest="/a", blocked-destinations=(script script)`, `max-age=0, mode=enforce, manifest="/a", x=(a`,
		`max-age=0, mode=enforce, manifest="/a", x=("a""b")`, strings.Repeat(" ", 5000) + `max-age=0, mode=enforce, manifest="/a"`,
	} {
		_, err := waict.ParsePolicy(value)
		expectTyped(t, value, err)
	}
}

// The form that a release promises is one that Firefox, in its own dialect,
// refuses as a whole: it must not read the draft's manifest.
func TestPromisedPolicyIsTheDraftsAlone(t *testing.T) {
	p := waict.PolicyOf("m")
	if p.Destinations != nil || p.MaxAge != 0 || p.Mode != waict.Enforce || p.String() != `max-age=0, mode=enforce, manifest="/m"` {
		t.Errorf("%s", p)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(waict.PolicyOf("a").String())
	f.Add(waict.FirefoxPolicyOf("a").String())
	f.Add(`a=("x\"" ?1 -5), b;c=d`)
	f.Fuzz(func(t *testing.T, value string) {
		p, err := waict.ParsePolicy(value)
		if err != nil {
			expectTyped(t, "fuzz", err)
			return
		}
		if again, err := waict.ParsePolicy(p.String()); err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%q is written as %q, read as %+v, %v", value, p, again, err)
		}
	})
}
