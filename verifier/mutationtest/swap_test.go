// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

// world is what the meaning of can be altered.
type world struct{ *evidencetest.World }

func (w world) message(signer sigtest.Signer, faults sigtest.Faults) {
	w.Bundles[messageBundle] = w.Stack.With(faults).SignMessage(signer, w.Files[release.ManifestPath])
}

func (w world) provenance() {
	w.Bundles[provenanceBundle] = w.Stack.SignStatement(w.Publisher, w.Provenance())
}

func (w world) replaced(old, other string) {
	statement := bytes.Replace(w.Provenance(), []byte(old), []byte(other), 1)
	w.Bundles[provenanceBundle] = w.Stack.SignStatement(w.Publisher, statement)
}

func (w world) summary(signer, name string, alter func(*vsa.Summary)) {
	w.Bundles[bobBundle] = w.Stack.SignStatement(evidencetest.Rebuilder(signer), w.Summary(name, alter))
}

// pin makes the policy name a root.
func (w world) pin(change func(*prototrustroot.TrustedRoot)) {
	w.Root = w.Stack.EditRoot(change)
	w.Policy["trustRoot"] = release.Digest(w.Root)
}

func (w world) policy(name string) map[string]any { return w.Policy[name].(map[string]any) }

// nopTB is for helpers that cannot fail here.
type nopTB struct{ testing.TB }

func (nopTB) Helper() {}

func publicDER(key *ecdsa.PrivateKey) []byte {
	der, _ := x509.MarshalPKIXPublicKey(key.Public()) // P-256 always does
	return der
}

func ended(at time.Time) *protocommon.TimeRange {
	return &protocommon.TimeRange{Start: timestamppb.New(at.Add(-time.Hour * 9999)), End: timestamppb.New(at)}
}

// fault returns an alteration of how release.json is signed.
func fault(f sigtest.Faults) func(world) { return func(w world) { w.message(w.Publisher, f) } }

func signer(change func(*sigtest.Signer)) func(world) {
	return func(w world) {
		other := w.Publisher
		change(&other)
		w.message(other, sigtest.Faults{})
	}
}

func edited(name string, change func(*protobundle.Bundle)) func(world) {
	return func(w world) { w.Bundles[name] = w.Stack.Edit(w.Bundles[name], change) }
}

// swap is something that is right by itself, in the wrong place.
type swap struct {
	name    string
	subject string // "" for any
	step    verdict.Step
	apply   func(world)
}

var swaps = []swap{
	{"bundle of another release", messageBundle, verdict.Signature, func(w world) {
		w.Bundles[messageBundle] = w.Stack.SignMessage(w.Publisher, []byte("another"))
	}},
	{"signature by a rebuilder", messageBundle, verdict.Signature, func(w world) { w.message(evidencetest.Rebuilder("ann"), sigtest.Faults{}) }},
	{"signature by a stranger", messageBundle, verdict.Signature, func(w world) { w.message(stranger, sigtest.Faults{}) }},
	{"signature by a key", messageBundle, verdict.Signature, func(w world) { w.message(sigtest.Signer{Key: w.Stack.Key("x")}, sigtest.Faults{}) }},
	{"subject of another issuer", messageBundle, verdict.Signature, signer(func(s *sigtest.Signer) { s.Issuer = "https://other.example" })},
	{"certificate with two subjects", messageBundle, verdict.Bundle, fault(sigtest.Faults{AlsoSubject: "a@b.example"})},
	{"certificate of another authority", messageBundle, verdict.Signature, fault(sigtest.Faults{StrangeCA: true})},
	{"certificate without SCT", messageBundle, verdict.Signature, fault(sigtest.Faults{NoSCT: true})},
	{"certificate with the SCT of another log", messageBundle, verdict.Signature, fault(sigtest.Faults{StrangeCT: true})},
	{"certificate of another repository", messageBundle, verdict.BuiltFrom, signer(func(s *sigtest.Signer) { s.Repository = "https://git.example/fork" })},
	{"certificate of another commit", messageBundle, verdict.BuiltFrom, signer(func(s *sigtest.Signer) { s.Commit = strings.Repeat("9", 40) })},
	{"certificate of another ref", messageBundle, verdict.BuiltFrom, signer(func(s *sigtest.Signer) { s.Ref = "refs/heads/wip" })},
	{"timestamp after the certificate", messageBundle, verdict.Timestamp, fault(sigtest.Faults{TimestampAfter: time.Hour})},
	{"timestamp of another signature", messageBundle, verdict.Timestamp, fault(sigtest.Faults{OtherTimestamp: true})},
	{"no timestamp", messageBundle, verdict.Timestamp, fault(sigtest.Faults{Timestamps: -1})},
	{"not in the log", messageBundle, verdict.Logged, fault(sigtest.Faults{Unlogged: true})},
	{"forged canonicalizedBody", messageBundle, verdict.Logged, fault(sigtest.Faults{ForgedBody: true})},
	{"entry for another signature", messageBundle, verdict.Logged, fault(sigtest.Faults{OtherSignature: true})},
	{"entry for another certificate", messageBundle, verdict.Logged, fault(sigtest.Faults{OtherVerifier: true})},
	{"checkpoint of another origin", messageBundle, verdict.Logged, fault(sigtest.Faults{Origin: "other.example"})},
	{"checkpoint by another key", messageBundle, verdict.Logged, fault(sigtest.Faults{StrangeLog: true})},
	{"unwitnessed checkpoint", messageBundle, verdict.Witness, fault(sigtest.Faults{Cosigners: []int{}})},
	{"checkpoint with one witness less", messageBundle, verdict.Witness, fault(sigtest.Faults{Cosigners: []int{0, 1}})},
	{"checkpoint with one witness twice", messageBundle, verdict.Witness, fault(sigtest.Faults{Cosigners: []int{0, 1, 1}})},
	{"witnessed long before", messageBundle, verdict.Witness, fault(sigtest.Faults{CosignAfter: -48 * time.Hour})},
	{"log entry of another bundle", messageBundle, verdict.Logged, func(w world) {
		other := w.Bundles[provenanceBundle]
		w.Stack.Edit(other, func(from *protobundle.Bundle) {
			edited(messageBundle, func(b *protobundle.Bundle) {
				b.VerificationMaterial.TlogEntries = from.VerificationMaterial.TlogEntries
			})(w)
		})
	}},
	{"certificate of another bundle", messageBundle, verdict.Signature, func(w world) {
		w.Stack.Edit(w.Bundles[provenanceBundle], func(from *protobundle.Bundle) {
			edited(messageBundle, func(b *protobundle.Bundle) { b.VerificationMaterial.Content = from.VerificationMaterial.Content })(w)
		})
	}},
	{"timestamp of another bundle", messageBundle, verdict.Timestamp, func(w world) {
		w.Stack.Edit(w.Bundles[provenanceBundle], func(from *protobundle.Bundle) {
			edited(messageBundle, func(b *protobundle.Bundle) {
				b.VerificationMaterial.TimestampVerificationData = from.VerificationMaterial.TimestampVerificationData
			})(w)
		})
	}},
	{"bundles under each other's name", "", verdict.Required, func(w world) {
		w.Bundles[messageBundle] = w.Bundles[annBundle]
	}},

	{"log key that ended", messageBundle, verdict.Timestamp, func(w world) {
		w.pin(func(r *prototrustroot.TrustedRoot) {
			r.Tlogs[0].PublicKey.ValidFor = ended(sigtest.Epoch.Add(-time.Hour))
		})
	}},
	{"log key that begins later", messageBundle, verdict.Timestamp, func(w world) {
		w.pin(func(r *prototrustroot.TrustedRoot) {
			r.Tlogs[0].PublicKey.ValidFor.Start = timestamppb.New(sigtest.Epoch.Add(time.Hour))
		})
	}},
	{"log at another address", messageBundle, verdict.Logged, func(w world) {
		w.pin(func(r *prototrustroot.TrustedRoot) { r.Tlogs[0].BaseUrl = "https://other.example" })
	}},
	{"certificate authority that ended", messageBundle, verdict.Timestamp, func(w world) {
		w.pin(func(r *prototrustroot.TrustedRoot) {
			r.CertificateAuthorities[0].ValidFor = ended(sigtest.Epoch.Add(-time.Hour))
		})
	}},
	{"timestamp authority that ended", messageBundle, verdict.Timestamp, func(w world) {
		w.pin(func(r *prototrustroot.TrustedRoot) {
			r.TimestampAuthorities[0].ValidFor = ended(sigtest.Epoch.Add(-time.Hour))
		})
	}},
	{"certificate log that ended", messageBundle, verdict.Signature, func(w world) {
		w.pin(func(r *prototrustroot.TrustedRoot) {
			r.Ctlogs[0].PublicKey.ValidFor = ended(sigtest.Epoch.Add(-time.Hour))
		})
	}},
	{"another trust root", "", verdict.TrustRoot, func(w world) { w.Root = sigtest.New(nopTB{}, sigtest.Options{Seed: "other"}).TrustedRoot() }},
	{"log that the policy does not name", messageBundle, verdict.Logged, func(w world) { w.policy("log")["origins"] = []string{"other.example"} }},
	{"witnesses that the policy does not name", messageBundle, verdict.Witness, func(w world) {
		w.policy("witnesses")["keys"] = sigtest.New(nopTB{}, sigtest.Options{Seed: "other"}).WitnessKeys()
	}},

	{"predicate type", "", verdict.Required, func(w world) { w.replaced(attest.ProvenanceType, "https://slsa.dev/provenance/v0.2") }},
	{"subject name", provenanceBundle, verdict.Statement, func(w world) { w.replaced(`"name":"icon.svg"`, `"name":"icon.svgz"`) }},
	{"external parameter", provenanceBundle, verdict.Statement, func(w world) { w.replaced(`"ref":`, `"define":"x=y","ref":`) }},
	{"provenance that is not completed", provenanceBundle, verdict.Statement, func(w world) {
		w.Bundles[provenanceBundle] = w.Stack.SignStatement(w.Publisher, w.Files[release.ProvenancePath])
	}},
	{"builder id", provenanceBundle, verdict.Builder, func(w world) { w.Run.Builder = "https://laptop.example"; w.provenance() }},
	{"ref", provenanceBundle, verdict.BuiltFrom, func(w world) { w.Run.Ref, w.Publisher.Ref = "refs/heads/main", ""; w.provenance() }},
	{"commit", provenanceBundle, verdict.BuiltFrom, func(w world) {
		w.Publisher.Commit = ""
		w.Files.SetProvenance(w.Files.Subjects(), release.Source{Repository: releasetest.Repository, Commit: strings.Repeat("9", 40)})
		w.Files.UpdateChecksums(nopTB{})
		w.provenance()
	}},
	{"provenance by a rebuilder", "", verdict.Required, func(w world) {
		w.Bundles[provenanceBundle] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Provenance())
	}},
	{"statement of another payload type", provenanceBundle, verdict.Bundle, func(w world) {
		w.Bundles[provenanceBundle] = w.Stack.With(sigtest.Faults{PayloadType: "text/plain"}).SignStatement(w.Publisher, w.Provenance())
	}},

	{"one rebuilder twice", "", verdict.Rebuilders, func(w world) { w.summary("ann", "ann", nil) }},
	{"rebuilder for another", bobBundle, verdict.Rebuilders, func(w world) { w.summary("bob", "ann", nil) }},
	{"rebuilder that is a stranger", bobBundle, verdict.Signature, func(w world) { w.summary("mallory", "bob", nil) }},
	{"publisher as rebuilder", "", verdict.Rebuilders, func(w world) {
		w.Bundles[bobBundle] = w.Stack.SignStatement(w.Publisher, w.Summary("bob", nil))
	}},
	{"rebuilder that got something else", "bob", verdict.Rebuilders, func(w world) { w.summary("bob", "bob", evidencetest.Failed) }},
	{"rebuild of another commit", bobBundle, verdict.Rebuilders, func(w world) {
		w.summary("bob", "bob", func(s *vsa.Summary) { s.Resource = vsa.Resource(releasetest.Repository, strings.Repeat("9", 40)) })
	}},
	{"two rebuilders with one key", "policy", verdict.Rules, func(w world) {
		members := w.policy("rebuilders")["members"].([]any)
		for _, m := range members {
			m.(map[string]any)["identity"] = map[string]any{"key": base64.StdEncoding.EncodeToString(publicDER(w.Stack.Key("one")))}
		}
	}},
	{"two rebuilders of one account", "policy", verdict.Rules, func(w world) {
		for i, m := range w.policy("rebuilders")["members"].([]any) {
			m.(map[string]any)["identity"] = map[string]any{"issuer": evidencetest.Issuer, "subject": fmt.Sprintf("https://forge.example/ann/%d", i)}
		}
	}},

	{"protocol", release.ManifestPath, verdict.Allowed, func(w world) { w.Policy["protocols"] = []int{2} }},
	{"version below the minimum", release.ManifestPath, verdict.Allowed, func(w world) { w.Policy["minimum"] = "1.2.4" }},
	{"revoked", release.ManifestPath, verdict.Allowed, func(w world) {
		w.Policy["revoked"] = []any{map[string]any{"digest": w.Files.Digest(), "reason": "leaks keys"}}
	}},
	{"stale", release.ManifestPath, verdict.Freshness, func(w world) { w.Now = w.Now.Add(30 * 24 * time.Hour) }},
	{"from the future", release.ManifestPath, verdict.Freshness, func(w world) { w.Now = sigtest.Epoch.Add(-time.Hour) }},
}

func TestEveryRightThingInTheWrongPlaceIsRefused(t *testing.T) {
	var rules []rule
	var all []mutation
	for _, s := range swaps {
		rules = append(rules, rule{pattern: "swap : " + s.name, steps: []verdict.Step{s.step}})
		all = append(all, mutation{"swap", "", s.name, s.subject, func(k *parsed) *verdict.Report {
			w := world{newWorld(t, "ann", "bob")}
			s.apply(w)
			return k.judge(inputOf(w.World))
		}})
	}
	tb := newTable(t, newParsed().judge(inputOf(newWorld(t, "ann", "bob"))), rules)
	tb.run(all)
	tb.print()
}
