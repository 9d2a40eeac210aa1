// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

func TestSignedReleaseFulfilsThePolicy(t *testing.T) {
	w := newWorld(t)
	w.expect(verdict.ConcludeVerified, "", "")
	report := text(w.judge())
	for _, want := range []string{
		"publisher   acme: release.json", "publisher   acme: " + attest.ProvenanceType,
		"rebuilder   ann: PASSED", "rebuilder   bob: PASSED",
		"signed    2026-03-02T10:00:01Z by https://forge.example/acme/release.yml@refs/tags/v1.2.3 of https://issuer.example",
		"in log    log.sigtest.example, entry 0", "seen by   witness-1.sigtest.example, ",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not say %q\n%s", want, report)
		}
	}
}

// Each is one thing that is wrong, and how it must be refused.
func TestWhatThePolicyDoesNotAllowIsRefuted(t *testing.T) {
	const (
		message    = "release.json.sigstore.json"
		provenance = "provenance.intoto.json.sigstore.json"
	)
	resign := func(w *world) { w.Bundles[provenance] = w.Stack.SignStatement(w.Publisher, w.Provenance()) }
	source := func(w *world) map[string]any { return w.Policy["source"].(map[string]any) }
	for _, c := range []struct {
		name  string
		alter func(w *world)
		step  verdict.Step
		found string
	}{
		{"no signature over release.json", func(w *world) { delete(w.Bundles, message) }, verdict.Required, "none that holds"},
		{"no provenance", func(w *world) { delete(w.Bundles, provenance) }, verdict.Required, "none that holds"},
		{"no statement of another required type", func(w *world) {
			w.Policy["require"] = []string{attest.ProvenanceType, "https://a.example/review/v1"}
		}, verdict.Required, "none that holds"},
		{"nothing at all", func(w *world) { w.Bundles = nil }, verdict.Required, "none that holds"},
		{"signature over another file", func(w *world) {
			w.Bundles[message] = w.Stack.SignMessage(w.Publisher, []byte("other"))
		}, verdict.Signature, "one over"},
		{"signature by a stranger", func(w *world) {
			stranger := w.Publisher
			stranger.Subject = "https://forge.example/mallory/release.yml@" + evidencetest.Tag
			w.Bundles[message] = w.Stack.SignMessage(stranger, w.Files[release.ManifestPath])
		}, verdict.Signature, "mallory"},
		{"signature by a rebuilder", func(w *world) {
			w.Bundles[message] = w.Stack.SignMessage(evidencetest.Rebuilder("ann"), w.Files[release.ManifestPath])
		}, verdict.Signature, "one by a rebuilder"},
		{"provenance by a rebuilder", func(w *world) {
			w.Bundles[provenance] = w.Stack.SignStatement(evidencetest.Rebuilder("eve"), w.Provenance())
		}, verdict.Required, "none that holds"},
		{"signature without witnesses", func(w *world) {
			w.Bundles[message] = w.Stack.With(sigtest.Faults{Cosigners: []int{0}}).SignMessage(w.Publisher, w.Files[release.ManifestPath])
		}, verdict.Witness, ""},
		{"signature that is not in the log", func(w *world) {
			w.Bundles[message] = w.Stack.With(sigtest.Faults{Unlogged: true}).SignMessage(w.Publisher, w.Files[release.ManifestPath])
		}, verdict.Logged, ""},
		{"signature without timestamp", func(w *world) {
			w.Bundles[message] = w.Stack.With(sigtest.Faults{Timestamps: -1}).SignMessage(w.Publisher, w.Files[release.ManifestPath])
		}, verdict.Timestamp, "none"},
		{"log that the policy does not name", func(w *world) {
			w.Policy["log"] = map[string]any{"threshold": 1, "origins": []string{"other.example"}}
		}, verdict.Logged, ""},
		{"bundle that is none", func(w *world) { w.Bundles[message] = []byte("{}") }, verdict.Bundle, ""},
		{"certificate of another branch", func(w *world) {
			other := w.Publisher
			other.Ref = "refs/heads/wip"
			w.Bundles[message] = w.Stack.SignMessage(other, w.Files[release.ManifestPath])
		}, verdict.BuiltFrom, "refs/heads/wip"},
		{"certificate of another repository", func(w *world) {
			other := w.Publisher
			other.Repository = "https://git.example/fork"
			w.Bundles[message] = w.Stack.SignMessage(other, w.Files[release.ManifestPath])
		}, verdict.BuiltFrom, "fork"},
		{"certificate of another commit", func(w *world) {
			other := w.Publisher
			other.Commit = strings.Repeat("9", 40)
			w.Bundles[message] = w.Stack.SignMessage(other, w.Files[release.ManifestPath])
		}, verdict.BuiltFrom, "9999"},
		{"provenance with the certificate of another commit", func(w *world) {
			w.Publisher.Commit = strings.Repeat("9", 40)
			resign(w)
		}, verdict.BuiltFrom, "9999"},
		{"provenance of a run that ended after it was signed", func(w *world) {
			w.Run.Finished = sigtest.Epoch.Add(time.Hour)
			resign(w)
		}, verdict.Statement, "2026-03-02T11:00:00Z"},
		{"provenance of another builder", func(w *world) { w.Run.Builder = "https://laptop.example"; resign(w) }, verdict.Builder, "laptop"},
		{"provenance of a ref that is not allowed", func(w *world) {
			w.Run.Ref, w.Publisher.Ref = "refs/heads/main", ""
			resign(w)
		}, verdict.BuiltFrom, "refs/heads/main"},
		{"provenance and certificate of different refs", func(w *world) { w.Run.Ref = "refs/tags/v9"; resign(w) }, verdict.BuiltFrom, "refs/tags/v9"},
		{"provenance without any ref", func(w *world) { w.Run.Ref, w.Publisher.Ref = "", ""; resign(w) }, verdict.BuiltFrom, "neither"},
		{"policy for another repository", func(w *world) { source(w)["repository"] = "https://git.example/other" }, verdict.BuiltFrom, "kms-enclave"},
		{"release of another repository", func(w *world) {
			w.Publisher.Repository = ""
			m := w.Files.Manifest(t)
			m.Source.Repository = "https://git.example/fork"
			w.Files.SetManifest(t, m)
			w.Files.SetProvenance(w.Files.Subjects(), release.Source{Repository: releasetest.Repository, Commit: releasetest.Commit})
			w.Bundles[message] = w.Stack.SignMessage(w.Publisher, w.Files[release.ManifestPath])
			resign(w)
		}, verdict.BuiltFrom, "fork"},
		{"provenance of another repository", func(w *world) {
			w.Publisher.Repository = ""
			w.Files.SetProvenance(w.Files.Subjects(), release.Source{Repository: "https://git.example/fork", Commit: releasetest.Commit})
			resign(w)
		}, verdict.BuiltFrom, "fork"},
		{"provenance of another commit", func(w *world) {
			w.Publisher.Commit = ""
			w.Files.SetProvenance(w.Files.Subjects(), release.Source{Repository: releasetest.Repository, Commit: strings.Repeat("9", 40)})
			resign(w)
		}, verdict.BuiltFrom, "9999"},
		{"release of no commit", func(w *world) {
			w.Publisher.Commit = ""
			m := w.Files.Manifest(t)
			m.Source.Commit = release.Unreleased
			w.Files.SetManifest(t, m)
			w.Files.UpdateProvenance(t)
			w.Bundles[message] = w.Stack.SignMessage(w.Publisher, w.Files[release.ManifestPath])
			resign(w)
		}, verdict.BuiltFrom, release.Unreleased},
		{"builder of a publisher with another issuer", func(w *world) {
			first := w.Policy["publishers"].([]any)[0].(map[string]any)
			pattern := first["identity"].(map[string]any)["subjectPattern"]
			w.Policy["publishers"] = []any{first, map[string]any{"name": "other", "builder": "https://other.example",
				"identity": map[string]any{"issuer": "https://other.example", "subjectPattern": pattern}}}
			w.Run.Builder = "https://other.example"
			resign(w)
		}, verdict.Builder, "other.example"},
		{"policy for another target", func(w *world) { source(w)["target"] = "//other:release" }, verdict.BuiltFrom, evidencetest.Target},
		{"policy for another build type", func(w *world) { source(w)["buildType"] = "https://git.example/v2" }, verdict.BuiltFrom, "build/v1"},
		{"provenance with an unknown parameter", func(w *world) {
			w.Bundles[provenance] = w.Stack.SignStatement(w.Publisher, bytes.Replace(w.Provenance(), []byte(`"ref":`), []byte(`"define":"x=y","ref":`), 1))
		}, verdict.Statement, "a member other than"},
		{"provenance that is not completed", func(w *world) {
			w.Bundles[provenance] = w.Stack.SignStatement(w.Publisher, w.Files[release.ProvenancePath])
		}, verdict.Statement, "metadata is missing"},
		{"provenance with other dependencies", func(w *world) {
			w.Bundles[provenance] = w.Stack.SignStatement(w.Publisher, bytes.Replace(w.Provenance(), []byte("MODULE.bazel.lock"), []byte("other.lock"), 1))
		}, verdict.Statement, "differs elsewhere"},
		{"provenance that is no JSON", func(w *world) {
			w.Bundles[provenance] = w.Stack.SignStatement(w.Publisher, bytes.Replace(w.Provenance(), []byte(`{`), []byte(`{"_type":"",`), 1))
		}, verdict.Statement, "used twice"},
		{"provenance of another type", func(w *world) {
			w.Bundles[provenance] = w.Stack.SignStatement(w.Publisher, bytes.Replace(w.Provenance(), []byte(attest.ProvenanceType), []byte("https://slsa.dev/provenance/v0.2"), 1))
		}, verdict.Required, "none that holds"},
		{"provenance about a file by another name", func(w *world) {
			w.Bundles[provenance] = w.Stack.SignStatement(w.Publisher, bytes.Replace(w.Provenance(), []byte(`"name":"icon.svg"`), []byte(`"name":"icon.svgz"`), 1))
		}, verdict.Statement, "also icon.svgz"},
		{"provenance about another file", func(w *world) {
			digest := release.Digest(w.Files["icon.svg"])
			w.Bundles[provenance] = w.Stack.SignStatement(w.Publisher, bytes.Replace(w.Provenance(), []byte(digest), []byte(release.Digest(nil)), 1))
		}, verdict.Statement, release.Digest(nil)},
		{"provenance about fewer files", func(w *world) {
			subjects := w.Files.Subjects()
			delete(subjects, "icon.svg")
			w.Files.SetProvenance(subjects, w.Files.Manifest(t).Source)
			resign(w)
		}, verdict.Statement, "none for icon.svg"},
		{"other trust root", func(w *world) { w.Policy["trustRoot"] = "public-good" }, verdict.TrustRoot, "SHA-256"},
		{"old signature", func(w *world) { w.Now = w.Now.Add(30 * 24 * time.Hour) }, verdict.Freshness, "days old"},
		{"signature from the future", func(w *world) { w.Now = sigtest.Epoch.Add(-time.Hour) }, verdict.Freshness, "one of 2026"},
		{"protocol that is not allowed", func(w *world) { w.Policy["protocols"] = []int{2, 3} }, verdict.Allowed, "1"},
		{"version below the minimum", func(w *world) { w.Policy["minimum"] = "1.2.4" }, verdict.Allowed, "1.2.3"},
		{"versions compare as numbers", func(w *world) { w.Policy["minimum"] = "1.10.0" }, verdict.Allowed, "1.2.3"},
		{"revoked release", func(w *world) {
			w.Policy["revoked"] = []any{map[string]any{"digest": w.Files.Digest(), "reason": "leaks keys"}}
		}, verdict.Allowed, "leaks keys"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.alter(w)
			w.expect(verdict.ConcludeRefuted, c.step, c.found)
		})
	}
}

func TestRebuildersAreCounted(t *testing.T) {
	const bob = "rebuild-bob.sigstore.json"
	for _, c := range []struct {
		name  string
		alter func(w *world)
		want  verdict.Conclusion
		step  verdict.Step
		found string
	}{
		{"one is missing", func(w *world) { delete(w.Bundles, bob) }, verdict.ConcludeRefuted, verdict.Rebuilders, "1"},
		{"one twice is one", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("ann"), w.Summary("ann", nil))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, "1"},
		{"a stranger does not count", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("mallory"), w.Summary("bob", nil))
		}, verdict.ConcludeRefuted, verdict.Signature, "mallory"},
		{"the publisher does not count", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(w.Publisher, w.Summary("bob", nil))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, "1"},
		{"a member does not speak for another", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("eve"), w.Summary("bob", nil))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, "rebuild.example/bob"},
		{"another commit does not count", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Summary("bob", func(s *vsa.Summary) {
				s.Resource = vsa.Resource(releasetest.Repository, strings.Repeat("9", 40))
			}))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, "9999"},
		{"another target does not count", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Summary("bob", func(s *vsa.Summary) {
				s.PolicyURI = vsa.PolicyURI(releasetest.Repository, "//enclave:debug")
			}))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, "debug"},
		{"another template does not count", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Summary("bob", func(s *vsa.Summary) { s.PolicySHA256 = release.Digest(nil) }))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, release.Digest(nil)},
		{"one that was found after it was signed does not count", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Summary("bob", func(s *vsa.Summary) { s.Time = sigtest.Epoch.Add(time.Hour) }))
		}, verdict.ConcludeRefuted, verdict.Statement, "2026-03-02T11:00:00Z"},
		{"fewer files do not count", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Summary("bob", func(s *vsa.Summary) { s.Subjects = s.Subjects[1:] }))
		}, verdict.ConcludeRefuted, verdict.Statement, "none for"},
		{"other digests do not count", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Summary("bob", func(s *vsa.Summary) { s.Subjects[0].SHA256 = release.Digest(nil) }))
		}, verdict.ConcludeRefuted, verdict.Statement, release.Digest(nil)},
		{"another statement does not count", func(w *world) {
			w.Bundles[bob] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Provenance())
		}, verdict.ConcludeRefuted, verdict.Statement, "slsa.dev/provenance"},
		{"a third that failed is loud", func(w *world) {
			w.Bundles["x.sigstore.json"] = w.Stack.SignStatement(evidencetest.Rebuilder("eve"), w.Summary("eve", evidencetest.Failed))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, "eve says FAILED"},
		{"a third that failed with other files is loud", func(w *world) {
			w.Bundles["x.sigstore.json"] = w.Stack.SignStatement(evidencetest.Rebuilder("eve"), w.Summary("eve", func(s *vsa.Summary) {
				evidencetest.Failed(s)
				s.Subjects[0].SHA256, s.PolicySHA256 = release.Digest(nil), release.Digest(nil)
			}))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, "eve says FAILED"},
		{"one that failed, then passed", func(w *world) {
			later := evidencetest.Rebuilder("bob")
			later.At = sigtest.Epoch.Add(time.Hour)
			w.Bundles["a.sigstore.json"] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Summary("bob", evidencetest.Failed))
			w.Bundles[bob] = w.Stack.SignStatement(later, w.Summary("bob", nil))
		}, verdict.ConcludeVerified, "", ""},
		{"one that passed, then failed", func(w *world) {
			later := evidencetest.Rebuilder("bob")
			later.At = sigtest.Epoch.Add(time.Hour)
			w.Bundles["z.sigstore.json"] = w.Stack.SignStatement(later, w.Summary("bob", evidencetest.Failed))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, "bob says FAILED"},
		{"one that passed and failed at once", func(w *world) {
			w.Bundles["z.sigstore.json"] = w.Stack.SignStatement(evidencetest.Rebuilder("bob"), w.Summary("bob", evidencetest.Failed))
		}, verdict.ConcludeRefuted, verdict.Rebuilders, "bob says FAILED"},
		{"a stranger that failed does no harm", func(w *world) {
			w.Bundles["x.sigstore.json"] = w.Stack.SignStatement(evidencetest.Rebuilder("mallory"), w.Summary("eve", evidencetest.Failed))
		}, verdict.ConcludeVerified, "", ""},
		{"a member that failed for another release does no harm", func(w *world) {
			w.Bundles["x.sigstore.json"] = w.Stack.SignStatement(evidencetest.Rebuilder("eve"), w.Summary("eve", func(s *vsa.Summary) {
				evidencetest.Failed(s)
				for i := range s.Subjects {
					s.Subjects[i].SHA256 = release.Digest(nil)
				}
			}))
		}, verdict.ConcludeVerified, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.alter(w)
			w.expect(c.want, c.step, c.found)
		})
	}
}

// What anybody can lay beside a release is noted, and changes nothing.
func TestJunkDoesNoHarm(t *testing.T) {
	w := newWorld(t)
	stranger := sigtest.Signer{Issuer: evidencetest.Issuer, Subject: "https://forge.example/mallory/x"}
	old := w.Publisher
	old.Ref, old.Subject = "refs/heads/wip", "https://forge.example/acme/release.yml@refs/heads/wip"
	otherBuilder := w.Run
	otherBuilder.Builder = "https://laptop.example"
	elsewhere, err := attest.Complete(w.Files[release.ProvenancePath], otherBuilder)
	if err != nil {
		t.Fatal(err)
	}
	junk := map[string][]byte{
		"a.sigstore.json": []byte("junk"),
		"b.sigstore.json": w.Stack.SignMessage(stranger, w.Files[release.ManifestPath]),
		"c.sigstore.json": w.Stack.SignMessage(w.Publisher, []byte("another release")),
		"d.sigstore.json": w.Stack.SignStatement(stranger, w.Provenance()),
		"e.sigstore.json": w.Stack.SignStatement(w.Publisher, elsewhere),
		"f.sigstore.json": w.Stack.SignMessage(old, w.Files[release.ManifestPath]),
		"g.sigstore.json": w.Stack.SignStatement(w.Publisher, wire.Object(
			wire.Member{Name: "predicateType", Value: wire.String("https://a.example/v1")}).Append(nil)),
		"i.sigstore.json": w.Stack.SignStatement(w.Publisher, bytes.Replace(w.Files[release.ProvenancePath],
			[]byte(attest.ProvenanceType), []byte("https://a.example/v1"), 1)),
		"h.sigstore.json": w.Stack.With(sigtest.Faults{Unlogged: true}).SignStatement(evidencetest.Rebuilder("eve"), w.Summary("eve", evidencetest.Failed)),
	}
	for name, data := range junk {
		w.Bundles[name] = data
	}
	w.expect(verdict.ConcludeVerified, "", "")
	for name := range junk {
		if !strings.Contains(text(w.judge()), "\n  "+name+": does not count: ") {
			t.Errorf("%s is not noted", name)
		}
	}
}

func TestBundlesInOneFileCountLikeFiles(t *testing.T) {
	w := newWorld(t)
	var lines []byte
	for _, data := range w.Bundles {
		lines = append(append(lines, data...), '\n')
	}
	both := w.judge().Count(verdict.OK)
	w.Bundles[release.AttestationsPath] = lines
	if again := w.judge().Count(verdict.OK); again != both {
		t.Errorf("%d checks with repeated bundles, want %d", again, both)
	}
	w.Bundles = map[string][]byte{release.AttestationsPath: lines}
	w.expect(verdict.ConcludeVerified, "", "")
}

func TestStatementOfAnotherRequiredTypeIsHeldAgainstTheFiles(t *testing.T) {
	const review = "https://a.example/review/v1"
	w := newWorld(t)
	w.Policy["require"] = []string{attest.ProvenanceType, review}
	sign := func(subjects map[string]string) {
		w.Files.SetProvenance(subjects, w.Files.Manifest(t).Source)
		w.Bundles["review.sigstore.json"] = w.Stack.SignStatement(w.Publisher,
			bytes.Replace(w.Files[release.ProvenancePath], []byte(attest.ProvenanceType), []byte(review), 1))
		w.Files.UpdateProvenance(t)
	}
	sign(w.Files.Subjects())
	w.expect(verdict.ConcludeVerified, "", "")
	w.Bundles["review.sigstore.json"] = w.Stack.SignStatement(w.Publisher, bytes.Replace(bytes.Replace(w.Files[release.ProvenancePath],
		[]byte(attest.ProvenanceType), []byte(review), 1), []byte(attest.StatementType), []byte("https://in-toto.io/Statement/v0.1"), 1))
	w.expect(verdict.ConcludeRefuted, verdict.Statement, "another one")
	sign(map[string]string{release.ManifestPath: release.Digest(nil)})
	w.expect(verdict.ConcludeRefuted, verdict.Statement, "none for")
}

func TestPolicyWithoutWitnessesOrRebuildersSaysWhatIsOpen(t *testing.T) {
	w := newWorld(t)
	w.Policy["witnesses"] = map[string]any{"threshold": 0, "keys": []string{}}
	w.Policy["rebuilders"] = map[string]any{"threshold": 0, "members": []any{}}
	w.expect(verdict.ConcludeVerified, "", "")
	for _, want := range []string{"no witness is asked for", "no rebuilder is asked for"} {
		if !strings.Contains(text(w.judge()), want) {
			t.Errorf("the report does not say %q", want)
		}
	}
}

func TestReleaseOfTheFirstFormatHasNoVersion(t *testing.T) {
	w := newWorld(t)
	m := *w.Files.Manifest(t)
	m.Version = ""
	report := verdict.New("release", "test")
	w.judgeManifest(report, &m)
	if !strings.Contains(text(report), "a release that does not say its version") {
		t.Error(text(report))
	}
	report = verdict.New("release", "test")
	w.judgeManifest(report, nil)
	if report.Conclude() != verdict.ConcludeRefuted {
		t.Error(text(report))
	}
}
