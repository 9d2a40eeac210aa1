// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
)

// signed is a signed release in a folder, its policy and root beside it.
type signed struct {
	folder, release, policy, root string
}

func newSigned(t *testing.T) signed {
	t.Helper()
	w := evidencetest.New(t)
	s := signed{folder: t.TempDir()}
	s.release, s.policy, s.root = filepath.Join(s.folder, "release"), filepath.Join(s.folder, "policy.json"), filepath.Join(s.folder, "root.json")
	if err := os.Mkdir(s.release, 0o700); err != nil {
		t.Fatal(err)
	}
	w.Files.WriteTo(t, s.release)
	for name, data := range w.Bundles {
		s.write(t, filepath.Join(s.release, name), data)
	}
	s.write(t, s.policy, w.PolicyJSON())
	s.write(t, s.root, w.Root)
	return s
}

func (signed) write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// now is a day after the signatures.
const now = "2026-03-03T10:00:00Z"

// kmsverify runs the program and returns its exit code and both outputs.
func kmsverify(t *testing.T, arguments ...string) (code int, output string) {
	t.Helper()
	var out bytes.Buffer
	p := &program{stdout: &out, stderr: &out}
	code = p.run(t.Context(), arguments)
	return code, out.String()
}

func TestReleaseIsJudgedByItsPolicy(t *testing.T) {
	for _, c := range []struct {
		name      string
		alter     func(t *testing.T, s *signed)
		arguments func(s signed) []string
		code      int
		says      string
	}{
		{"fulfilled", nil, nil, 0, "publisher   acme: release.json"},
		{"without a policy", nil, func(s signed) []string { return []string{} }, 0, "no policy was given, so signatures were not judged"},
		{"root without a policy", nil, func(s signed) []string { return []string{"--trusted-root", s.root} }, 64, "expected --policy too"},
		{"no root", nil, func(s signed) []string { return []string{"--policy", s.policy} }, 2, "Give the trusted_root.json"},
		{"no such policy", nil, func(s signed) []string { return []string{"--policy", s.root + "x"} }, 2, "Check the path of the policy"},
		{"no such root", nil, func(s signed) []string { return []string{"--policy", s.policy, "--trusted-root", s.root + "x"} }, 2, "Check the path of the trust root"},
		{"time that is none", nil, func(s signed) []string { return []string{"--policy", s.policy, "--now", "today"} }, 64, "--now: expected a time"},
		{"signatures missing", func(t *testing.T, s *signed) {
			if err := os.Remove(filepath.Join(s.release, "release.json.sigstore.json")); err != nil {
				t.Fatal(err)
			}
		}, nil, 1, "wrong required: release.json"},
		{"policy that allows too much", func(t *testing.T, s *signed) {
			data, err := os.ReadFile(s.policy)
			if err != nil {
				t.Fatal(err)
			}
			s.write(t, s.policy, bytes.Replace(data, []byte("refs/tags/*"), []byte("refs/*"), 1))
		}, nil, 1, "wrong rules: "},
		{"root that is none", func(t *testing.T, s *signed) { s.write(t, s.root, []byte("{}")) }, nil, 1, "wrong trust-root: "},
		{"root that was changed", func(t *testing.T, s *signed) {
			data, err := os.ReadFile(s.root)
			if err != nil {
				t.Fatal(err)
			}
			s.write(t, s.root, append(data, '\n'))
		}, nil, 1, "wrong trust-root: "},
		{"too old", nil, func(s signed) []string {
			return []string{"--policy", s.policy, "--trusted-root", s.root, "--now", "2027-01-01T00:00:00Z"}
		}, 1, "wrong freshness: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSigned(t)
			if c.alter != nil {
				c.alter(t, &s)
			}
			arguments := []string{"--policy", s.policy, "--trusted-root", s.root, "--now", now}
			if c.arguments != nil {
				arguments = c.arguments(s)
			}
			code, output := kmsverify(t, append([]string{"release", s.release}, arguments...)...)
			if code != c.code || !strings.Contains(output, c.says) {
				t.Errorf("exit code %d, want %d and %q\n%s", code, c.code, c.says, output)
			}
		})
	}
}

func TestAttestationsMayLieElsewhere(t *testing.T) {
	s := newSigned(t)
	elsewhere := filepath.Join(s.folder, "attestations")
	if err := os.Mkdir(elsewhere, 0o700); err != nil {
		t.Fatal(err)
	}
	bundles, err := filepath.Glob(filepath.Join(s.release, "*"+release.SignatureSuffix))
	if err != nil || len(bundles) != 4 {
		t.Fatal(bundles, err)
	}
	var lines []byte
	for _, path := range bundles {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, data...), '\n')
		if err := os.Rename(path, filepath.Join(elsewhere, filepath.Base(path))); err != nil {
			t.Fatal(err)
		}
	}
	all := filepath.Join(s.folder, "all.jsonl")
	s.write(t, all, lines)
	base := []string{"release", s.release, "--policy", s.policy, "--trusted-root", s.root, "--now", now}
	for name, c := range map[string]struct {
		more []string
		code int
	}{
		"none":   {nil, 1},
		"folder": {[]string{"--attestations", elsewhere}, 0},
		"file":   {[]string{"--attestations", all}, 0},
		"both":   {[]string{"--attestations", elsewhere, "--attestations", all}, 0},
		"nosuch": {[]string{"--attestations", all, "--attestations", all + "x"}, 2},
	} {
		if code, output := kmsverify(t, append(base, c.more...)...); code != c.code {
			t.Errorf("%s: exit code %d, want %d\n%s", name, code, c.code, output)
		}
	}
}

func TestWhoSignedIsInTheJSON(t *testing.T) {
	s := newSigned(t)
	_, output := kmsverify(t, "release", "--json", s.release, "--policy", s.policy, "--trusted-root", s.root, "--now", now)
	var report struct {
		Policy struct{ Name, TrustRoot string }
		Signed []struct {
			What, Role, Party, Identity, Time, Log, Result string
			Index                                          int64
			Witnesses                                      []string
		}
	}
	if err := json.Unmarshal([]byte(output), &report); err != nil {
		t.Fatal(err)
	}
	if report.Policy.Name != "test" || len(report.Policy.TrustRoot) != 64 || len(report.Signed) != 4 {
		t.Fatalf("%+v", report)
	}
	first := report.Signed[0]
	if first.What != release.ManifestPath || report.Signed[1].What != attest.ProvenanceType || first.Role != "publisher" || first.Party != "acme" || first.Log != "log.sigtest.example" ||
		first.Index != 0 || len(first.Witnesses) != 3 || first.Time != "2026-03-02T10:00:01Z" || report.Signed[3].Result != "PASSED" {
		t.Errorf("%+v", report.Signed)
	}
}

func TestTrustShowsWhomARootTrusts(t *testing.T) {
	s := newSigned(t)
	for _, c := range []struct {
		arguments []string
		code      int
		says      []string
	}{
		{nil, 0, []string{"public-good\n", "https://log2025-1.rekor.sigstore.dev", "2022-12-31", "unless a policy names it"}},
		{[]string{"--json"}, 0, []string{`"schema": "` + trustSchema + `"`, `"kind": "ct-log"`, `"to": "2022-12-31T23:59:59Z"`}},
		{[]string{s.root}, 0, []string{s.root, "https://ca.sigtest.example", "https://log.sigtest.example", "    verifier key log.sigtest.example+"}},
		{[]string{"--json", s.root}, 0, []string{`"key": "log.sigtest.example+`}},
		{[]string{s.policy}, 64, []string{"expected a trusted_root.json of Sigstore"}},
		{[]string{s.root + "x"}, 64, []string{"no such file"}},
	} {
		code, output := kmsverify(t, append([]string{"trust"}, c.arguments...)...)
		for _, want := range c.says {
			if code != c.code || !strings.Contains(output, want) {
				t.Errorf("%v: exit code %d, want %d and %q\n%s", c.arguments, code, c.code, want, output)
			}
		}
	}
}
