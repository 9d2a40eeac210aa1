// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vsa_test

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/vsa"
)

var update = flag.Bool("update", false, "write the golden files anew")

// summary returns a statement of a rebuilder that got the same, or did not.
func summary(passed bool) *vsa.Summary {
	s := &vsa.Summary{
		Verifier:     "https://rebuild.example/bob",
		Versions:     map[string]string{"bazel": "8.4.2", "go": "1.26.8"},
		Time:         time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Resource:     vsa.Resource("https://git.example/kms-enclave", "0123456789abcdef0123456789abcdef01234567"),
		PolicyURI:    vsa.PolicyURI("https://git.example/kms-enclave", "//enclave:release"),
		PolicySHA256: strings.Repeat("e3b0c442", 8),
		Passed:       passed,
		Subjects: []attest.Subject{
			{Name: "index.html", SHA256: strings.Repeat("02", 32)},
			{Name: "release.json", SHA256: strings.Repeat("5f", 32), SHA384: strings.Repeat("0a", 48)},
		},
	}
	if passed {
		s.Levels = []string{vsa.Level}
	}
	return s
}

func marshal(t testing.TB, s *vsa.Summary) string {
	t.Helper()
	data, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestStatementsAreTheGoldenFiles(t *testing.T) {
	for name, passed := range map[string]bool{"passed.json": true, "failed.json": false} {
		path := filepath.Join("testdata", name)
		got := marshal(t, summary(passed))
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: wrote %s", name, got)
		}
		parsed, err := vsa.Parse(want)
		if err != nil {
			t.Fatal(err)
		}
		if want := summary(passed); parsed.Passed != passed || !reflect.DeepEqual(parsed.Subjects, want.Subjects) ||
			!parsed.Time.Equal(want.Time) || !reflect.DeepEqual(parsed.Versions, want.Versions) || parsed.Resource != want.Resource {
			t.Errorf("%s: read %+v", name, parsed)
		}
	}
}

func TestStatementThatIsNotStrictIsRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, reason string }{
		{"other statement type", attest.StatementType, "https://in-toto.io/Statement/v0.1", "_type"},
		{"other predicate type", vsa.PredicateType, attest.ProvenanceType, "predicateType"},
		{"member too many", `{"_type"`, `{"a":1,"_type"`, "unknown field"},
		{"member of the predicate too many", `"predicate":{`, `"predicate":{"a":1,`, "unknown field"},
		{"member of the verifier too many", `"verifier":{`, `"verifier":{"a":1,`, "unknown field"},
		{"member of the policy too many", `"policy":{`, `"policy":{"a":1,`, "unknown field"},
		{"member of the digest too many", `"policy":{"digest":{`, `"policy":{"digest":{"md5":"",`, "unknown field"},
		{"dependency levels", `"slsaVersion"`, `"dependencyLevels":{},"slsaVersion"`, "unknown field"},
		{"attestations relied on", `"slsaVersion"`, `"inputAttestations":[{}],"slsaVersion"`, "inputAttestations"},
		{"result in other case", `"PASSED"`, `"Passed"`, "verificationResult"},
		{"failed with a level", `"PASSED"`, `"FAILED"`, "verifiedLevels"},
		{"passed without a level", `["` + vsa.Level + `"]`, `[]`, "verifiedLevels"},
		{"passed with another level", vsa.Level, "SLSA_BUILD_LEVEL_3", "verifiedLevels"},
		{"passed with two levels", `["` + vsa.Level + `"]`, `["` + vsa.Level + `","` + vsa.Level + `"]`, "verifiedLevels"},
		{"no verifier id", `"id":"https://rebuild.example/bob"`, `"id":""`, "verifier.id"},
		{"verifier that is no URI", `"https://rebuild.example/bob"`, `"bob"`, "verifier.id"},
		{"no versions", `{"bazel":"8.4.2","go":"1.26.8"}`, `{}`, "version"},
		{"version that is no text", `"8.4.2"`, `8`, "version"},
		{"version that is empty", `"8.4.2"`, `""`, "version"},
		{"program of another name", `"bazel":`, `"Ba zel":`, "unknown field"},
		{"time with an offset", `05Z`, `05+00:00`, "timeVerified"},
		{"time with a fraction", `05Z`, `05.5Z`, "timeVerified"},
		{"resource over http", `git+https`, `git+http`, "resourceUri"},
		{"resource without commit", `@0123456789abcdef0123456789abcdef01234567`, ``, "resourceUri"},
		{"resource with a branch", `@0123456789abcdef0123456789abcdef01234567`, `@main`, "resourceUri"},
		{"policy without target", `#//enclave:release`, ``, "policy.uri"},
		{"policy digest short", `e3b0c442e3b0`, `e3b0`, "policy.digest"},
		{"other SLSA version", `"1.1"`, `"1.0"`, "slsaVersion"},
		{"no subjects", `"subject":[`, `"subject":[],"x":[`, "unknown field"},
		{"subjects out of order", `"index.html"`, `"zzz"`, "order of names"},
		{"subject with short digest", `"` + strings.Repeat("02", 32), `"` + strings.Repeat("02", 31), "sha256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := marshal(t, summary(true))
			if !strings.Contains(text, c.old) {
				t.Fatalf("the statement does not contain %s", c.old)
			}
			_, err := vsa.Parse([]byte(strings.Replace(text, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("error %v, want one about %q", err, c.reason)
			}
		})
	}
}

func TestMarshalRefusesWhatParseWould(t *testing.T) {
	for name, mutate := range map[string]func(*vsa.Summary){
		"no verifier":      func(s *vsa.Summary) { s.Verifier = "" },
		"no versions":      func(s *vsa.Summary) { s.Versions = nil },
		"other program":    func(s *vsa.Summary) { s.Versions = map[string]string{"A": "1"} },
		"no time":          func(s *vsa.Summary) { s.Time = time.Time{} },
		"no resource":      func(s *vsa.Summary) { s.Resource = "" },
		"no policy":        func(s *vsa.Summary) { s.PolicyURI = "" },
		"no policy digest": func(s *vsa.Summary) { s.PolicySHA256 = "" },
		"no level":         func(s *vsa.Summary) { s.Levels = nil },
		"failed, level":    func(s *vsa.Summary) { s.Passed = false },
		"no subjects":      func(s *vsa.Summary) { s.Subjects = nil },
	} {
		s := summary(true)
		mutate(s)
		if _, err := s.Marshal(); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(marshal(f, summary(true))))
	f.Add([]byte(marshal(f, summary(false))))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := vsa.Parse(data)
		if err != nil {
			return
		}
		if s.Passed != (len(s.Levels) == 1) || len(s.Subjects) == 0 {
			t.Fatalf("accepted %+v", s)
		}
		again, err := s.Marshal()
		if err != nil {
			t.Fatalf("accepted, but not written again: %v", err)
		}
		if parsed, err := vsa.Parse(again); err != nil || !reflect.DeepEqual(parsed, s) {
			t.Fatalf("read back as %+v, %v", parsed, err)
		}
	})
}
