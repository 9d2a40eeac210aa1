// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// newUpdatable returns a world whose policy has an update rule, with a proof
// that meets it.
func newUpdatable(t testing.TB) *world {
	w := newWorld(t)
	w.published = true
	w.Policy["update"] = map[string]any{"delay": "3d", "keys": []string{spki(t, w, "another update"), spki(t, w, "update")}}
	w.Bundles[release.UpdateProofPath] = w.proof(w.Stack)
	return w
}

func spki(t testing.TB, w *world, label string) string {
	der, err := x509.MarshalPKIXPublicKey(w.Stack.Key(label).Public())
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func (w *world) proof(stack *sigtest.Stack) []byte {
	return stack.UpdateProof(w.Stack.Key("update"), w.Files[release.ManifestPath])
}

// witnessWithTheLogsKey returns a witness's key that is the log's own.
func witnessWithTheLogsKey(w *world) string {
	const name = "both.example"
	typed, err := base64.StdEncoding.DecodeString(strings.SplitN(w.Stack.LogVKey(), "+", 3)[2])
	if err != nil {
		w.t.Fatal(err)
	}
	typed[0] = 4
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	return name + "+" + hex.EncodeToString(sum[:4]) + "+" + base64.StdEncoding.EncodeToString(typed)
}

// setRoot takes another trust root, and has the policy name it.
func (w *world) setRoot(change func(*prototrustroot.TrustedRoot)) {
	w.Root = w.Stack.EditRoot(change)
	w.Policy["trustRoot"] = release.Digest(w.Root)
}

// passes says whether the update proof held, and returns the report as text.
func (w *world) passes() (bool, string) {
	report := w.judge()
	for _, c := range report.Checks() {
		if c.Step == verdict.Update && c.Result == verdict.OK && c.Subject == release.UpdateProofPath {
			return true, text(report)
		}
	}
	return false, text(report)
}

func TestUpdateProofIsJudgedAsAppsDo(t *testing.T) {
	w := newUpdatable(t)
	w.expect(verdict.ConcludeVerified, "", "")
	held, report := w.passes()
	if !held || !strings.Contains(report, "apps with the delay of 3d follow from 2026-03-05T10:00:05Z on, not yet") {
		t.Error(report)
	}
	w.Now = w.Now.Add(3 * 24 * time.Hour)
	w.expect(verdict.ConcludeVerified, "", "")
	if _, report := w.passes(); strings.Contains(report, "not yet") || !strings.Contains(report, "follow from 2026-03-05T10:00:05Z on. ") {
		t.Error(report)
	}
}

func TestUpdateProofThatDoesNotMeetTheRuleIsRefuted(t *testing.T) {
	for _, c := range []struct {
		name  string
		alter func(w *world)
		found string
	}{
		{"no proof", func(w *world) { delete(w.Bundles, release.UpdateProofPath) }, "none"},
		{"no tlog-proof", func(w *world) { w.Bundles[release.UpdateProofPath] = []byte("x\n\n") }, "in line 1: expected c2sp.org"},
		{"by a key that is no update key", func(w *world) {
			w.Bundles[release.UpdateProofPath] = w.Stack.UpdateProof(w.Stack.Key("stranger"), w.Files[release.ManifestPath])
		}, "none of the update keys"},
		{"over another release", func(w *world) {
			w.Bundles[release.UpdateProofPath] = w.Stack.UpdateProof(w.Stack.Key("update"), []byte("another release"))
		}, "none of the update keys"},
		{"in a log of that name with another key", func(w *world) {
			w.Bundles[release.UpdateProofPath] = w.proof(w.Stack.With(sigtest.Faults{StrangeLog: true}))
		}, "no signature by the key of the log"},
		{"in a log that the policy does not name", func(w *world) {
			w.Bundles[release.UpdateProofPath] = w.proof(w.Stack.With(sigtest.Faults{Origin: "other.example"}))
		}, "of another log"},
		{"not in the tree", func(w *world) {
			w.Bundles[release.UpdateProofPath] = w.proof(w.Stack.With(sigtest.Faults{OtherSignature: true}))
		}, "does not lead"},
		{"with one witness", func(w *world) {
			w.Bundles[release.UpdateProofPath] = w.proof(w.Stack.With(sigtest.Faults{Cosigners: []int{1}}))
		}, "found 1"},
		{"with a cosignature that does not verify", func(w *world) {
			p := w.Bundles[release.UpdateProofPath]
			at := bytes.LastIndex(p, []byte(" ")) + 20
			p[at] ^= 1
		}, "does not verify"},
		{"seen after the log's key ended", func(w *world) {
			late := w.proof(w.Stack.With(sigtest.Faults{CosignAfter: time.Hour}))
			w.Bundles[release.UpdateProofPath] = late
			w.setRoot(func(r *prototrustroot.TrustedRoot) {
				r.Tlogs[0].PublicKey.ValidFor.End = timestamppb.New(sigtest.Epoch.Add(time.Minute))
			})
		}, "a proof of 2026-03-02T11:00:00Z"},
		{"seen in the future", func(w *world) {
			w.Bundles[release.UpdateProofPath] = w.proof(w.Stack.With(sigtest.Faults{CosignAfter: 25 * time.Hour}))
		}, "a proof of 2026-03-03T11:00:00Z"},
		{"by a rule that nobody can hold to", func(w *world) {
			w.Policy["witnesses"] = map[string]any{"threshold": 2, "keys": append(w.Stack.WitnessKeys(), witnessWithTheLogsKey(w))}
		}, "has the key of another witness, or of the log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newUpdatable(t)
			c.alter(w)
			w.expect(verdict.ConcludeRefuted, verdict.Update, c.found)
			if held, report := w.passes(); held {
				t.Error(report)
			}
		})
	}
}

func TestUpdateProofIsPromisedOnlyByWhatIsPublished(t *testing.T) {
	w := newUpdatable(t)
	good := w.Bundles[release.UpdateProofPath]
	for _, c := range []struct {
		name                  string
		published, incomplete bool
		proof                 []byte
		want                  verdict.Conclusion
	}{
		{"published", true, false, nil, verdict.ConcludeRefuted},
		{"published before all is there", true, true, nil, verdict.ConcludeVerified},
		{"a release by itself", false, false, nil, verdict.ConcludeVerified},
		{"a release by itself, proved", false, false, good, verdict.ConcludeVerified},
		{"a release by itself, with a wrong proof", false, false, []byte("x"), verdict.ConcludeRefuted},
		{"published before all is there, with a wrong proof", true, true, []byte("x"), verdict.ConcludeRefuted},
	} {
		w.published, w.incomplete = c.published, c.incomplete
		delete(w.Bundles, release.UpdateProofPath)
		if c.proof != nil {
			w.Bundles[release.UpdateProofPath] = c.proof
		}
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			w.expect(c.want, verdict.Update, "")
			held, report := w.passes()
			if held != (c.proof != nil && c.want == verdict.ConcludeVerified) {
				t.Error(report)
			}
			if c.proof == nil && c.want == verdict.ConcludeVerified && !strings.Contains(report, "there is no update proof") {
				t.Error(report)
			}
		})
	}
	delete(w.Policy, "update")
	w.Bundles[release.UpdateProofPath] = []byte("x")
	w.t = t
	w.expect(verdict.ConcludeVerified, "", "")
}

func TestUpdateProofMayBeOfAnyLogOfThePolicy(t *testing.T) {
	w := newUpdatable(t)
	w.Policy["log"] = map[string]any{"threshold": 1, "origins": []string{"another.example", w.Stack.LogOrigin()}}
	w.setRoot(func(r *prototrustroot.TrustedRoot) {
		// Another log that the policy names, an old key of the same log, and one
		// that no app takes.
		ecdsa := proto.Clone(r.Ctlogs[0]).(*prototrustroot.TransparencyLogInstance)
		ecdsa.BaseUrl = "https://another.example"
		r.Tlogs = append(r.Tlogs, ecdsa)
		another := sigtest.New(w.t, sigtest.Options{Seed: "another", Origin: "another.example"})
		old := sigtest.New(w.t, sigtest.Options{Seed: "old"})
		for _, stack := range []*sigtest.Stack{another, old} {
			stack.EditRoot(func(other *prototrustroot.TrustedRoot) { r.Tlogs = append(r.Tlogs, other.Tlogs[0]) })
		}
	})
	w.expect(verdict.ConcludeVerified, "", "")
	w.Bundles[release.UpdateProofPath] = w.proof(w.Stack.With(sigtest.Faults{Cosigners: []int{}}))
	w.expect(verdict.ConcludeRefuted, verdict.Update, "found 0") // what its own log finds, not what others say
}

func TestWhatIsMissingMayBeLeftOpen(t *testing.T) {
	w := newUpdatable(t)
	delete(w.Bundles, "rebuild-ann.sigstore.json")
	w.expect(verdict.ConcludeRefuted, verdict.Rebuilders, "1")
	w.incomplete = true
	report := w.judge()
	if report.Count(verdict.Refuted) > 0 || !strings.Contains(text(report), "it asks for 2 of 3 rebuilders with the same bytes, and there are 1") {
		t.Error(text(report))
	}
	// What is wrong stays so, also with what could have been the missing one.
	w.Bundles["x.sigstore.json"] = []byte("{}")
	w.expect(verdict.ConcludeRefuted, verdict.Bundle, "")
	delete(w.Bundles, "x.sigstore.json")
	w.Bundles["rebuild-ann.sigstore.json"] = w.Stack.SignStatement(evidencetest.Rebuilder("ann"), w.Summary("ann", evidencetest.Failed))
	w.expect(verdict.ConcludeRefuted, verdict.Rebuilders, "FAILED")
	delete(w.Bundles, "rebuild-ann.sigstore.json")
	delete(w.Bundles, "release.json.sigstore.json")
	w.expect(verdict.ConcludeRefuted, verdict.Required, "none")
}

func TestLogsForAppsHaveKeysThatTheyTake(t *testing.T) {
	w := newUpdatable(t)
	root, err := trust.Parse("root.json", w.Root)
	if err != nil {
		t.Fatal(err)
	}
	logs := evidence.UpdateLogs(w.Parsed(), root)
	if len(logs) != 1 || logs[0].Key != w.Stack.LogVKey() {
		t.Fatalf("logs %+v", logs)
	}
	rule := evidence.UpdateRule(w.Parsed(), logs[0])
	if err := rule.Validate(); err != nil || len(rule.Keys) != 2 || rule.Threshold != 2 {
		t.Errorf("rule %+v: %v", rule, err)
	}
}
