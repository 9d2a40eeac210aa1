// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/site"
)

// updatable is a world whose policy has an update rule, and its files.
type updatable struct {
	*evidencetest.World
	signed
}

func newUpdatable(t *testing.T) *updatable {
	t.Helper()
	w := &updatable{World: evidencetest.New(t)}
	der, err := x509.MarshalPKIXPublicKey(w.Stack.Key("update").Public())
	if err != nil {
		t.Fatal(err)
	}
	w.World.Policy["update"] = map[string]any{"delay": "3d", "keys": []string{base64.StdEncoding.EncodeToString(der)}}
	w.folder = t.TempDir()
	w.policy, w.root = filepath.Join(w.folder, "policy.json"), filepath.Join(w.folder, "root.json")
	w.save(t)
	return w
}

func (w *updatable) save(t *testing.T) {
	w.write(t, w.policy, w.PolicyJSON())
	w.write(t, w.root, w.Root)
}

func TestSiteIsJudgedByTheUpdateRule(t *testing.T) {
	w := newUpdatable(t)
	var lines [][]byte
	for _, bundle := range w.Bundles {
		lines = append(lines, bundle)
	}
	slices.SortFunc(lines, bytes.Compare)
	for _, c := range []struct {
		name  string
		proof []byte
		code  int
		says  string
	}{
		{"no proof", nil, 1, "wrong update: .well-known/kms-enclave/release.tlog-proof"},
		{"a proof", w.Stack.UpdateProof(w.Stack.Key("update"), w.Files[release.ManifestPath]), 0, "apps with the delay of 3d follow from 2026-03-05T10:00:05Z on, not yet"},
		{"a proof for another release", w.Stack.UpdateProof(w.Stack.Key("update"), []byte("x")), 1, "none of the update keys made the signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := w.Files.Clone()
			files[release.AttestationsPath] = append(bytes.Join(lines, []byte("\n")), '\n')
			if c.proof != nil {
				files[release.UpdateProofPath] = c.proof
			}
			address := (&releasetest.Host{Files: files}).Start(t)
			transport := site.NewTransport()
			defer transport.CloseIdleConnections()
			var out bytes.Buffer
			p := &program{stdout: &out, stderr: &out, site: site.Config{Transport: transport, Random: rand.Reader}}
			arguments := []string{"site", address, "--rounds", "1", "--policy", w.policy, "--trusted-root", w.root, "--now", now}
			if code := p.run(t.Context(), arguments); code != c.code || !strings.Contains(out.String(), c.says) {
				t.Errorf("exit code %d, want %d and %q\n%s", code, c.code, c.says, out.String())
			}
		})
	}
}

func TestReleaseByItselfNeedsNoUpdateProof(t *testing.T) {
	w := newUpdatable(t)
	for name, data := range w.Bundles {
		w.Files[name] = data
	}
	code, output := kmsverify(t, "release", w.Files.Folder(t), "--policy", w.policy, "--trusted-root", w.root, "--now", now)
	if code != 0 || !strings.Contains(output, "there is no update proof") {
		t.Errorf("exit code %d\n%s", code, output)
	}
}

func TestUpdateRuleForAppsIsThePolicys(t *testing.T) {
	w := newUpdatable(t)
	w.World.Policy["revoked"] = []any{map[string]any{"digest": strings.Repeat("5f", 32), "reason": "leaks"}}
	w.save(t)
	code, output := kmsverify(t, "policy", w.policy, "--update-rule", "--trusted-root", w.root)
	var rule sdkRule
	if err := json.Unmarshal([]byte(output), &rule); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, output)
	}
	parsed := w.Parsed()
	if !slices.Equal(rule.Keys, parsed.Update.Keys) || rule.Log != w.Stack.LogVKey() || !slices.Equal(rule.Witnesses, w.Stack.WitnessKeys()) ||
		rule.Threshold != 2 || rule.Delay != 259200 || rule.MinimumVersion != "1.0.0" || !slices.Equal(rule.Revoked, []string{strings.Repeat("5f", 32)}) {
		t.Errorf("%+v", rule)
	}
	if strings.Contains(output, `\u002b`) {
		t.Error("keys are escaped")
	}
}

func TestUpdateRuleHasTheOneLogThatCounts(t *testing.T) {
	old := func(r *prototrustroot.TrustedRoot) {
		sigtest.New(t, sigtest.Options{Seed: "old"}).EditRoot(func(other *prototrustroot.TrustedRoot) {
			other.Tlogs[0].PublicKey.ValidFor.End = r.Tlogs[0].PublicKey.ValidFor.Start
			r.Tlogs = append(r.Tlogs, other.Tlogs[0])
		})
	}
	earlier := func(r *prototrustroot.TrustedRoot) {
		sigtest.New(t, sigtest.Options{Seed: "old"}).EditRoot(func(other *prototrustroot.TrustedRoot) {
			from := r.Tlogs[0].PublicKey.ValidFor.Start.AsTime().AddDate(-1, 0, 0)
			other.Tlogs[0].PublicKey.ValidFor.Start = timestamppb.New(from)
			r.Tlogs = append(r.Tlogs, other.Tlogs[0])
		})
	}
	another := func(r *prototrustroot.TrustedRoot) {
		sigtest.New(t, sigtest.Options{Seed: "another", Origin: "another.example"}).EditRoot(func(other *prototrustroot.TrustedRoot) {
			r.Tlogs = append(r.Tlogs, other.Tlogs[0])
		})
	}
	ended := func(r *prototrustroot.TrustedRoot) {
		r.Tlogs[0].PublicKey.ValidFor.End = timestamppb.New(sigtest.Epoch)
	}
	for _, c := range []struct {
		name   string
		change func(*prototrustroot.TrustedRoot)
		more   []string
		code   int
		says   string
	}{
		{"an old key", old, nil, 0, `"log": "log.sigtest.example+`},
		{"an earlier key that counts still", earlier, nil, 0, `"log": "log.sigtest.example+`},
		{"two logs", another, nil, 64, "choose one of the policy's with --log"},
		{"two logs, one chosen", another, []string{"--log", "another.example"}, 0, `"log": "another.example+`},
		{"none of that name", another, []string{"--log", "x"}, 64, "no Ed25519 key that counts now"},
		{"a key that ended", ended, []string{"--now", now}, 64, "no Ed25519 key that counts now"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newUpdatable(t)
			w.Root = w.Stack.EditRoot(c.change)
			w.World.Policy["trustRoot"] = release.Digest(w.Root)
			w.World.Policy["log"] = map[string]any{"threshold": 1, "origins": []string{w.Stack.LogOrigin(), "another.example"}}
			w.save(t)
			code, output := kmsverify(t, append([]string{"policy", "--update-rule", "--trusted-root", w.root, w.policy}, c.more...)...)
			if code != c.code || !strings.Contains(output, c.says) {
				t.Errorf("exit code %d, want %d and %q\n%s", code, c.code, c.says, output)
			}
			if strings.HasPrefix(c.name, "an ") && !strings.Contains(output, w.Stack.LogVKey()) {
				t.Error("the old key was taken")
			}
		})
	}
}

func TestPolicyIsExplained(t *testing.T) {
	w := newUpdatable(t)
	without := newSigned(t)
	for _, c := range []struct {
		name      string
		arguments []string
		code      int
		says      string
	}{
		{"whole", []string{w.policy}, 0, "2 of 3 rebuilders got the same bytes"},
		{"updates", []string{w.policy}, 0, "follow to it 3d after 2 of the witnesses"},
		{"with its root", []string{w.policy, "--trusted-root", w.root}, 0, "Authorities and logs are those of"},
		{"with another root", []string{w.policy, "--trusted-root", otherRoot(t, w)}, 1, "wrong trust-root: "},
		{"rule with another root", []string{w.policy, "--update-rule", "--trusted-root", otherRoot(t, w)}, 1, "wrong trust-root: "},
		{"rule without a root", []string{w.policy, "--update-rule"}, 2, "Give the trusted_root.json"},
		{"no updates", []string{without.policy}, 0, "It says nothing about updates"},
		{"rule without updates", []string{without.policy, "--update-rule", "--trusted-root", without.root}, 64, `the policy has no "update"`},
		{"no policy", []string{w.root}, 1, "wrong rules: "},
		{"nothing there", []string{w.root + "x"}, 2, "Check the path of the policy"},
		{"as JSON", []string{w.policy, "--json"}, 64, "--json: expected --update-rule too"},
		{"a log for nothing", []string{w.policy, "--log", "x"}, 64, "--log and --now"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, output := kmsverify(t, append([]string{"policy"}, c.arguments...)...)
			if code != c.code || !strings.Contains(output, c.says) {
				t.Errorf("exit code %d, want %d and %q\n%s", code, c.code, c.says, output)
			}
		})
	}
}

func otherRoot(t *testing.T, w *updatable) string {
	path := filepath.Join(t.TempDir(), "other.json")
	w.write(t, path, sigtest.New(t, sigtest.Options{Seed: "other"}).TrustedRoot())
	return path
}
