// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

var (
	acme  = sigtest.Signer{Issuer: "https://issuer.test", Subject: "https://forge.test/acme/release"}
	other = sigtest.Signer{Issuer: "https://issuer.test", Subject: "https://forge.test/other"}
	again = sigtest.Signer{Issuer: "https://issuer.test", Subject: "https://forge.test/rebuilder"}
)

// world is a log and somebody who watches it.
type world struct {
	t      *testing.T
	stack  *sigtest.Stack
	config Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	stack := sigtest.New(t)
	trusted, err := trust.Parse("trusted_root.json", stack.TrustedRoot())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, stack: stack, config: Config{
		Trust: trusted,
		Policy: &policy.Policy{
			Name:       "acme",
			Publishers: []policy.Publisher{{Name: "acme", Identity: policy.Identity{Issuer: acme.Issuer, Subject: acme.Subject}}},
			Log:        policy.LogRule{Threshold: 1, Origins: []string{stack.LogOrigin()}},
			Witnesses:  policy.WitnessRule{Threshold: len(stack.WitnessKeys()), Keys: stack.WitnessKeys()},
			Rebuilders: policy.RebuilderRule{Threshold: 1, Members: []policy.Rebuilder{
				{Name: "again", Identity: policy.Identity{Issuer: again.Issuer, Subject: again.Subject}},
			}},
		},
		State:    filepath.Join(t.TempDir(), "state"),
		Begin:    0,
		Now:      sigtest.Epoch.Add(time.Hour),
		evidence: func(*verdict.Report, evidence.Input) {},
	}}
	w.serve(stack)
	return w
}

// serve lets the monitor see the log of a stack.
func (w *world) serve(stack *sigtest.Stack) {
	server := httptest.NewServer(stack.Log())
	w.t.Cleanup(server.Close)
	transport := site.NewTransport()
	w.t.Cleanup(transport.CloseIdleConnections)
	w.config.Source = HTTP(server.URL, transport)
}

// look looks once, and later ones go on from there.
func (w *world) look() (*verdict.Report, *State) {
	w.t.Helper()
	report := verdict.New("log", "log", Required(w.config.Policy)...)
	state := Run(w.t.Context(), report, w.config)
	if state != nil {
		w.config.Begin = Continue
	}
	w.config.Acknowledge = nil
	return report, state
}

// fill adds entries of others.
func (w *world) fill(n int) {
	var bodies [][]byte
	w.stack.SignMessage(other, []byte("other"))
	body := w.stack.Entry(w.stack.Size() - 1)
	for range n - 1 {
		bodies = append(bodies, body)
	}
	w.stack.Append(bodies...)
}

func describe(report *verdict.Report) string {
	var text strings.Builder
	if err := report.WriteText(&text, verdict.Style{}); err != nil {
		return err.Error()
	}
	return text.String()
}

func wantFine(t *testing.T, report *verdict.Report) {
	t.Helper()
	if report.Conclude() != verdict.ConcludeVerified {
		t.Fatal(describe(report))
	}
}

// wantCheck wants a check with that step and result of which subject, found and
// advice together match the pattern.
func wantCheck(t *testing.T, report *verdict.Report, step verdict.Step, result verdict.Result, pattern string) {
	t.Helper()
	right := slices.ContainsFunc(report.Checks(), func(c verdict.Check) bool {
		return c.Step == step && c.Result == result && regexp.MustCompile(pattern).MatchString(c.Subject+": "+c.Found+" "+c.Advice)
	})
	if !right {
		t.Fatalf("no %v %v like %q in\n%s", step, result, pattern, describe(report))
	}
}

func (w *world) stateOnDisk() *State {
	w.t.Helper()
	state, err := load(w.config.State)
	if err != nil || state == nil {
		w.t.Fatalf("state %v, error %v", state, err)
	}
	return state
}

func TestQuietLogIsFine(t *testing.T) {
	w := newWorld(t)
	w.fill(300)
	report, state := w.look()
	wantFine(t, report)
	if state.Next != 300 || state.Publishers != 0 || state.Succeeded != w.config.Now.Unix() {
		t.Errorf("state %+v", state)
	}
	w.fill(700)
	report, _ = w.look()
	wantFine(t, report)
	wantCheck(t, report, verdict.Consistency, verdict.OK, "from 300 to 1000")
	wantCheck(t, report, verdict.LogEntry, verdict.OK, "entries 300 to 999: 0 of publishers")
	report, _ = w.look()
	wantFine(t, report)
	wantCheck(t, report, verdict.LogEntry, verdict.OK, "no new entries")
}

func TestEmptyLogIsFineAndGrows(t *testing.T) {
	w := newWorld(t)
	report, _ := w.look()
	wantFine(t, report)
	w.fill(3)
	report, _ = w.look()
	wantFine(t, report)
}

func TestUnknownEntryOfAPublisherIsAlarmedUntilAcknowledged(t *testing.T) {
	w := newWorld(t)
	w.fill(260)
	w.stack.SignMessage(acme, []byte("secret release"))
	w.fill(3)
	sum := sha256.Sum256([]byte("secret release"))
	for range 2 {
		report, state := w.look()
		wantCheck(t, report, verdict.LogEntry, verdict.Refuted, `^alarm 1: entry 260 by acme at log `+regexp.QuoteMeta(w.stack.LogOrigin())+`: no known release: sha256 `+hex.EncodeToString(sum[:])+` .*--acknowledge 1\.`)
		if len(state.Open()) != 1 || state.Publishers != 1 {
			t.Fatalf("state %+v", state)
		}
	}
	w.config.Acknowledge = []int64{1}
	report, _ := w.look()
	wantFine(t, report)
	report, _ = w.look()
	wantFine(t, report)
	w.config.Acknowledge = []int64{1}
	report, _ = w.look()
	wantCheck(t, report, verdict.Input, verdict.Unavailable, "alarm 1: there is no open alarm")
}

// knownRelease returns a folder's release, and its manifest's bytes.
func knownReleaseOf(t *testing.T) (Release, []byte) {
	t.Helper()
	files := releasetest.Build(t)
	set, err := artifact.Open(files.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	return Release{Name: "known/1", Set: set}, files["release.json"]
}

func TestEntriesOfKnownReleasesAreExplained(t *testing.T) {
	known, manifest := knownReleaseOf(t)
	refute := func(steps ...verdict.Step) func(*verdict.Report, evidence.Input) {
		return func(report *verdict.Report, in evidence.Input) {
			if in.Set == nil || in.Manifest == nil || in.Policy == nil || in.Trust == nil {
				t.Error("evidence judged without input")
			}
			report.Pass(verdict.Signature, "release.json")
			for _, step := range steps {
				report.Refute(step, "x", "a", "b", "c")
			}
		}
	}
	for _, c := range []struct {
		name     string
		evidence func(*verdict.Report, evidence.Input)
		required []verdict.Step
		kind     string
	}{
		{"fulfils the policy", refute(), []verdict.Step{verdict.Signature}, ""},
		{"is old or not allowed any more, or apps would not follow", refute(verdict.Freshness, verdict.Allowed, verdict.Update), []verdict.Step{verdict.Signature, verdict.Freshness, verdict.Allowed}, ""},
		{"too few rebuilders", refute(verdict.Rebuilders), nil, NotRebuilt},
		{"no rebuilders", refute(), []verdict.Step{verdict.Rebuilders}, NotRebuilt},
		{"another source", refute(verdict.BuiltFrom, verdict.Rebuilders), nil, NotProved},
		{"no statement", refute(), []verdict.Step{verdict.Statement}, NotProved},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.config.Known = []Release{known}
			w.config.evidence, w.config.required = c.evidence, c.required
			w.stack.SignMessage(acme, manifest)
			report, state := w.look()
			switch open := state.Open(); {
			case c.kind == "":
				wantFine(t, report)
			case len(open) != 1 || open[0].Kind != c.kind:
				t.Fatal(describe(report))
			}
			if state.Publishers != 1 {
				t.Errorf("%d entries of publishers", state.Publishers)
			}
		})
	}
}

func TestAlarmThatIsExplainedLaterSaysSo(t *testing.T) {
	w := newWorld(t)
	known, manifest := knownReleaseOf(t)
	w.stack.SignMessage(acme, manifest)
	report, _ := w.look()
	wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "no known release")
	w.config.Known = []Release{known}
	report, _ = w.look()
	wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "by now explained by known/1")
}

func TestSignedStatementsOfAKnownReleaseAreExplained(t *testing.T) {
	w := newWorld(t)
	bundle := w.stack.SignStatement(acme, []byte(`{"_type":"https://in-toto.io/Statement/v1"}`))
	e, err := parseEntry(w.stack.Entry(0))
	if err != nil || signedDigest(bundle) != e.digest {
		t.Errorf("digest %q, logged %+v, error %v", signedDigest(bundle), e, err)
	}
	if signedDigest([]byte("{}")) != "" || signedDigest(nil) != "" {
		t.Error("found a digest in nothing")
	}
}

func TestSignersAreSelectedByWhoTheyAre(t *testing.T) {
	stack := sigtest.New(t)
	key := stack.Key("update")
	publicKey := entryKey(t, stack, sigtest.Signer{Key: key})
	for _, c := range []struct {
		name     string
		identity policy.Identity
		signer   sigtest.Signer
		want     bool
	}{
		{"exact subject", policy.Identity{Issuer: acme.Issuer, Subject: acme.Subject}, acme, true},
		{"another subject", policy.Identity{Issuer: acme.Issuer, Subject: acme.Subject}, other, false},
		{"another issuer", policy.Identity{Issuer: "https://elsewhere.test", Subject: acme.Subject}, acme, false},
		{"pattern", policy.Identity{Issuer: acme.Issuer, SubjectPattern: `^https://forge\.test/acme/.*$`}, acme, true},
		{"pattern of a part", policy.Identity{Issuer: acme.Issuer, SubjectPattern: `forge\.test`}, acme, false},
		{"pattern of another issuer", policy.Identity{Issuer: "https://elsewhere.test", SubjectPattern: `^.*$`}, acme, false},
		{"key", policy.Identity{Key: publicKey}, sigtest.Signer{Key: key}, true},
		{"another key", policy.Identity{Key: publicKey}, sigtest.Signer{Key: stack.Key("another")}, false},
		{"key in the place of a subject", policy.Identity{Issuer: acme.Issuer, Subject: acme.Subject}, sigtest.Signer{Key: key}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.config.Policy.Publishers[0].Identity = c.identity
			w.stack.SignMessage(c.signer, []byte("x"))
			_, state := w.look()
			if got := state.Publishers == 1; got != c.want {
				t.Errorf("selected %v, want %v", got, c.want)
			}
		})
	}
}

// entryKey returns the key that an entry of a signer names.
func entryKey(t *testing.T, stack *sigtest.Stack, signer sigtest.Signer) string {
	t.Helper()
	stack.SignMessage(signer, []byte("x"))
	e, err := parseEntry(stack.Entry(stack.Size() - 1))
	if err != nil {
		t.Fatal(err)
	}
	return e.key
}

func TestUpdateKeysAndRebuildersAreWatched(t *testing.T) {
	w := newWorld(t)
	key := w.stack.Key("update")
	w.config.Policy.Update = &policy.UpdateRule{Keys: []string{entryKey(t, w.stack, sigtest.Signer{Key: key})}}
	w.stack.SignMessage(again, []byte("y"))
	report, state := w.look()
	wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "entry 0 by update key")
	if state.Publishers != 1 || state.Rebuilders != 1 || len(state.Open()) != 1 {
		t.Errorf("state %+v", state)
	}
}

func TestCertificateOfAnotherAuthorityIsNobodys(t *testing.T) {
	w := newWorld(t)
	stranger := sigtest.New(t, sigtest.Options{Seed: "stranger"})
	stranger.SignMessage(acme, []byte("x"))
	w.stack.Append(stranger.Entry(0))
	report, state := w.look()
	wantFine(t, report)
	if state.Claimed != 1 || state.Publishers != 0 {
		t.Errorf("state %+v", state)
	}
	wantCheck(t, report, verdict.LogEntry, verdict.Unchecked, "no authority of the trust root")
}

func TestEntryThatCannotBeReadIsAlarmed(t *testing.T) {
	w := newWorld(t)
	w.stack.Append([]byte(`{"apiVersion":"0.0.3","kind":"hashedrekord","spec":{}}`), []byte("x"), nil)
	report, state := w.look()
	wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "alarm 1: entry 0 .* another kind, and 2 more")
	if len(state.Open()) != 1 {
		t.Errorf("state %+v", state)
	}
}

func TestEntryThatIsNotInTheTreeIsRefuted(t *testing.T) {
	w := newWorld(t)
	w.fill(10)
	w.stack.Alter(7, w.stack.Entry(7)[:20])
	report, _ := w.look()
	wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "entries from 0")
	if state := w.stateOnDisk(); state.Next != 0 {
		t.Errorf("went on to %d", state.Next)
	}
}

func TestOtherSignersNeedAnotherLook(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	w.look()
	w.config.Policy.Publishers[0].Identity.Subject = "somebody else"
	report, _ := w.look()
	wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "entries before 3")
	report, _ = w.look()
	if report.Count(verdict.Refuted) != 1 {
		t.Fatal(describe(report))
	}
}

func TestStateIsNeverBegunByItself(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	w.config.Begin = Continue
	report, _ := w.look()
	wantCheck(t, report, verdict.Input, verdict.Unavailable, "there is no state")
	w.config.Begin = 7
	report, _ = w.look()
	wantCheck(t, report, verdict.Input, verdict.Unavailable, "only 3 entries")
	w.config.Begin = FromNow
	report, _ = w.look()
	wantFine(t, report)
	wantCheck(t, report, verdict.LogEntry, verdict.Unchecked, "entries before 3")
	w.config.Begin = 0
	report, _ = w.look()
	wantCheck(t, report, verdict.Input, verdict.Unavailable, "there is a state already")
	if err := os.WriteFile(w.config.State, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	report, _ = w.look()
	wantCheck(t, report, verdict.Input, verdict.Unavailable, "format")
}
