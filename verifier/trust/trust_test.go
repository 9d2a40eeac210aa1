// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"ats.run/kms-enclave/verifier/trust"
)

// publicGood is the digest that roots/ORIGIN.md records.
const publicGood = "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66"

func TestEmbeddedRootIsTheOneRecorded(t *testing.T) {
	if names := trust.Embedded(); !slices.Equal(names, []string{"public-good"}) {
		t.Fatalf("embedded are %q", names)
	}
	r, err := trust.Named("public-good")
	if err != nil {
		t.Fatal(err)
	}
	if r.SHA256 != publicGood {
		t.Errorf("SHA-256 %s, want %s", r.SHA256, publicGood)
	}
}

func TestAuthoritiesAreAllTold(t *testing.T) {
	r, err := trust.Named("public-good")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range r.Authorities() {
		end := "-"
		if !a.To.IsZero() {
			end = a.To.Format("2006")
		}
		got = append(got, strings.Join([]string{a.Kind, a.Name, a.From.Format("2006"), end}, " "))
		if len(a.ID) != 64 && a.Kind != trust.KindLog {
			t.Errorf("%s has the ID %q", a.Name, a.ID)
		}
	}
	want := []string{
		"certificate-authority https://fulcio.sigstore.dev 2021 2022",
		"certificate-authority https://fulcio.sigstore.dev 2022 -",
		"timestamp-authority https://timestamp.sigstore.dev/api/v1/timestamp 2025 -",
		"log https://rekor.sigstore.dev 2021 -",
		"log https://log2025-1.rekor.sigstore.dev 2025 -",
		"ct-log https://ctfe.sigstore.dev/test 2021 2022",
		"ct-log https://ctfe.sigstore.dev/2022 2022 -",
	}
	if !slices.Equal(got, want) {
		t.Errorf("authorities\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLogsHaveTheirVerifierKeys(t *testing.T) {
	r, err := trust.Named("public-good")
	if err != nil {
		t.Fatal(err)
	}
	logs := r.Logs()
	if len(logs) != 2 || logs[0].Origin != "log2025-1.rekor.sigstore.dev" || logs[1].Origin != "rekor.sigstore.dev" || len(r.LogsOf("rekor.sigstore.dev")) != 1 {
		t.Fatalf("logs %+v", logs)
	}
	const key = "log2025-1.rekor.sigstore.dev+cf119915+AbfK5adZJxsI323FwGD2AJJ9F4i89cfDuLdGJBIYntuO"
	if logs[0].Key != key || logs[1].Key != "" { // the second is ECDSA
		t.Errorf("keys %q and %q", logs[0].Key, logs[1].Key)
	}
	verifier, err := note.NewVerifier(key)
	if err != nil || verifier.KeyHash() != logs[0].Verifier.KeyHash() || verifier.Name() != logs[0].Verifier.Name() {
		t.Errorf("the key is not the verifier's: %v", err)
	}
	for _, a := range r.Authorities() {
		if (a.Key != "") != (a.Name == "https://log2025-1.rekor.sigstore.dev") || a.Key != "" && a.Key != key {
			t.Errorf("%s has the key %q", a.Name, a.Key)
		}
	}
}

func TestLogKeyCountsFromBeginningToEnd(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(1, 0, 0)
	for _, c := range []struct {
		log  trust.Log
		at   time.Time
		want bool
	}{
		{trust.Log{From: from, To: to}, from, true},
		{trust.Log{From: from, To: to}, to, true},
		{trust.Log{From: from, To: to}, from.Add(-1), false},
		{trust.Log{From: from, To: to}, to.Add(1), false},
		{trust.Log{From: from}, to.Add(1), true},
	} {
		if c.log.Counts(c.at) != c.want {
			t.Errorf("%+v at %v: not %v", c.log, c.at, c.want)
		}
	}
}

func TestNoRootIsTrustedByAnotherName(t *testing.T) {
	for _, name := range []string{"", "default", "Public-Good", "public-good ", publicGood} {
		_, err := trust.Named(name)
		var refused *trust.Error
		if !errors.As(err, &refused) {
			t.Errorf("%q gave error %v", name, err)
		}
	}
}

// public returns the embedded root's bytes.
func public(t testing.TB) string {
	r, err := trust.Named("public-good")
	if err != nil {
		t.Fatal(err)
	}
	return string(r.JSON)
}

func TestWhatIsNoRootIsRefused(t *testing.T) {
	for name, data := range map[string]string{
		"empty":               "",
		"other JSON":          "[]",
		"empty object":        "{}",
		"unknown member":      strings.Replace(public(t), "{", `{"extra": 1,`, 1),
		"other media type":    strings.Replace(public(t), "trustedroot", "bundle", 1),
		"cut off":             public(t)[:3000],
		"long":                strings.Repeat(" ", trust.MaxSize) + "{}",
		"no timestamps":       strings.Replace(public(t), `"timestampAuthorities": [`, `"timestampAuthorities": [], "x": [`, 1),
		"no authority at all": `{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`,
	} {
		_, err := trust.Parse("test", []byte(data))
		var refused *trust.Error
		if !errors.As(err, &refused) || refused.Advice == "" || refused.Expected == "" || refused.Found == "" {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(public(f)))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := trust.Parse("fuzz", data)
		if err != nil {
			return
		}
		if len(r.SHA256) != 64 || len(r.Authorities()) == 0 {
			t.Fatalf("accepted with %d authorities", len(r.Authorities()))
		}
	})
}
