// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/updateproof"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/sign/signtest"
	"ats.run/kms-enclave/verifier/trust"
)

// job is a small thing to sign.
var job = sign.Job{Subject: "note", File: "note.sigstore.json", Payload: []byte("what is signed")}

// newSigner returns a signer with a key of its own at a stack.
func newSigner(t *testing.T, stack *signtest.Stack) *sign.Signer {
	t.Helper()
	key, err := sign.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	root, err := trust.Parse("test", stack.TrustedRoot())
	if err != nil {
		t.Fatal(err)
	}
	services, err := sign.ParseServices(stack.SigningConfig(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &sign.Signer{Services: *services, Trust: root, Key: key, Pause: time.Millisecond, Timeout: 5 * time.Second}
}

// wantFault fails unless err is a fault of a kind that names all parts and
// nothing unspeakable.
func wantFault(t *testing.T, err error, kind sign.Kind, parts ...string) {
	t.Helper()
	var fault *sign.Fault
	if !errors.As(err, &fault) {
		t.Fatalf("error %v, want a fault", err)
	}
	text := fault.Error()
	if fault.Kind != kind {
		t.Errorf("kind %d, want %d: %s", fault.Kind, kind, text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in: %s", part, text)
		}
	}
	for _, part := range []string{signtest.Unspeakable, "%!", "0x", "[]"} {
		if strings.Contains(text, part) {
			t.Errorf("%q is in: %s", part, text)
		}
	}
}

func TestFileAndStatementAreSignedLoggedStampedAndVerified(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	s.Witnesses = policy.WitnessRule{Threshold: 2, Keys: stack.WitnessKeys()}
	statement := job
	statement.Statement, statement.Payload = true, []byte(`{"_type":"https://in-toto.io/Statement/v1"}`)
	for i, j := range []sign.Job{job, statement} {
		signed, err := s.Sign(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		spki, _ := sign.SPKI(s.Key.Public())
		proof := signed.Proof
		if proof.Key != spki || proof.LogIndex != int64(i) || len(proof.Witnesses) < 2 || time.Since(proof.Time) > time.Minute {
			t.Errorf("proof %+v", proof)
		}
		if strings.Count(string(signed.Data), "\n") != 1 || !strings.HasSuffix(string(signed.Data), "}\n") {
			t.Error("the bundle is not one line")
		}
	}
}

func TestFailureOfEachServiceSaysWhichAndWhat(t *testing.T) {
	for _, c := range []struct {
		name    string
		service string
		fault   http.HandlerFunc
		kind    sign.Kind
		want    string
		calls   int
	}{
		{"log refuses", signtest.Log, signtest.Status(400), sign.Refused, "transparency log http://127.0.0.1", 1},
		{"log is overloaded", signtest.Log, signtest.Status(503), sign.Unavailable, "status 503", 3},
		{"log limits", signtest.Log, signtest.Status(429), sign.Unavailable, "status 429", 3},
		{"log answers nonsense", signtest.Log, signtest.Garbage, sign.Refused, "an entry with a proof of inclusion", 1},
		{"log hangs up", signtest.Log, signtest.HangUp, sign.Unavailable, "before the answer was complete", 3},
		{"log is silent", signtest.Log, signtest.Silence, sign.Unavailable, "no answer within 300ms", 3},
		{"log redirects", signtest.Log, signtest.Redirect, sign.Refused, "a redirect", 1},
		{"timestamps refused", signtest.Timestamp, signtest.Status(403), sign.Refused, "timestamp authority http://127.0.0.1", 1},
		{"timestamps overloaded", signtest.Timestamp, signtest.Status(500), sign.Unavailable, "status 500", 3},
		{"timestamps nonsense", signtest.Timestamp, signtest.Garbage, sign.Refused, "expected", 1},
		{"timestamps silent", signtest.Timestamp, signtest.Silence, sign.Unavailable, "no answer within 300ms", 3},
		{"timestamps hang up", signtest.Timestamp, signtest.HangUp, sign.Unavailable, "before the answer was complete", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stack := signtest.New(t)
			s := newSigner(t, stack)
			s.Timeout = 300 * time.Millisecond
			stack.Break(c.service, c.fault)
			_, err := s.Sign(t.Context(), job)
			wantFault(t, err, c.kind, c.want)
			if n := stack.Requests(c.service); n != c.calls {
				t.Errorf("%d requests, want %d", n, c.calls)
			}
			stack.Break(c.service, nil)
			if _, err := s.Sign(t.Context(), job); err != nil {
				t.Errorf("once it is mended: %v", err)
			}
		})
	}
}

func TestNothingListeningIsToldPlainly(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	s.Services.Logs = []string{"http://127.0.0.1:1"}
	_, err := s.Sign(t.Context(), job)
	wantFault(t, err, sign.Unavailable, "transparency log http://127.0.0.1:1", "cannot be connected to")
}

func TestInterruptedSigningStops(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	stack.Break(signtest.Log, signtest.Silence)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := s.Sign(ctx, job)
	wantFault(t, err, sign.Unavailable, "interrupted")
	if time.Since(start) > 3*time.Second {
		t.Error("it took too long")
	}
}

func TestUnwitnessedCheckpointIsTriedAgainThenRefused(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	s.Witnesses = policy.WitnessRule{Threshold: 2, Keys: stack.WitnessKeys()}
	stack.SendWitnessesHome(2)
	if _, err := s.Sign(t.Context(), job); err != nil {
		t.Fatalf("with witnesses back at the third try: %v", err)
	}
	stack.SendWitnessesHome(1000)
	_, err := s.Sign(t.Context(), job)
	wantFault(t, err, sign.Refused, "2 of the policy's witnesses", "0 cosignatures", "without its witnesses")
	if n := stack.Requests(signtest.Log); n != 6 {
		t.Errorf("%d requests to the log, want 6", n)
	}
	s.Witnesses = policy.WitnessRule{}
	if _, err := s.Sign(t.Context(), job); err != nil {
		t.Errorf("without a rule: %v", err)
	}
}

func TestWitnessesOfOthersDoNotCount(t *testing.T) {
	stack, other := signtest.New(t), signtest.New(t)
	s := newSigner(t, stack)
	s.Witnesses = policy.WitnessRule{Threshold: 1, Keys: other.WitnessKeys()}
	_, err := s.Sign(t.Context(), job)
	wantFault(t, err, sign.Refused, "0 cosignatures")
	s.Witnesses.Keys = []string{"no key"}
	_, err = s.Sign(t.Context(), job)
	wantFault(t, err, sign.Usage, "witnesses.keys[0]")
}

// steady signs the same each time.
type steady struct {
	sign.Key
	answers map[string][]byte
}

func (k steady) Sign(ctx context.Context, digest []byte) ([]byte, error) {
	if answer, ok := k.answers[string(digest)]; ok {
		return answer, nil
	}
	answer, err := k.Key.Sign(ctx, digest)
	k.answers[string(digest)] = answer
	return answer, err
}

func TestEntryThatTheLogHasIsSignedAgain(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	first := true
	stack.Break(signtest.Log, func(w http.ResponseWriter, r *http.Request) {
		stack.Break(signtest.Log, nil)
		first = false
		w.WriteHeader(http.StatusConflict)
	})
	if _, err := s.Sign(t.Context(), job); err != nil || first {
		t.Fatal(err)
	}
	s = newSigner(t, stack)
	s.Key = steady{s.Key, map[string][]byte{}}
	if _, err := s.Sign(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	_, err := s.Sign(t.Context(), job)
	wantFault(t, err, sign.Refused, "status 409", "equal signatures")
}

func TestBundleThatTheTrustRootDoesNotVerifyIsRefused(t *testing.T) {
	stack, other := signtest.New(t), signtest.New(t)
	s := newSigner(t, stack)
	s.Trust = newSigner(t, other).Trust
	_, err := s.Sign(t.Context(), job)
	wantFault(t, err, sign.Refused, "new bundle", "Nothing was written")
}

func TestKeyThatThePolicyDoesNotNameIsRefusedBeforeAnythingIsPublic(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	spki, _ := sign.SPKI(newSigner(t, stack).Key.Public())
	s.Accept = []policy.Identity{{Key: spki}}
	_, err := s.Sign(t.Context(), job)
	wantFault(t, err, sign.Refused, "an identity that the policy names")
	if stack.Requests(signtest.Log)+stack.Requests(signtest.Timestamp) != 0 {
		t.Error("something was sent")
	}
}

// broken signs with another key than it shows.
type broken struct {
	sign.Key
	public *ecdsa.PublicKey
}

func (k broken) Public() *ecdsa.PublicKey { return k.public }

func TestSignatureThatTheKeyDoesNotVerifyIsNotSent(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	s.Key = broken{s.Key, newSigner(t, stack).Key.Public()}
	_, err := s.Sign(t.Context(), job)
	wantFault(t, err, sign.Refused, "a signature that its public key verifies")
	if stack.Requests(signtest.Log)+stack.Requests(signtest.Timestamp) != 0 {
		t.Error("something was sent")
	}
}

func TestUpdateProofIsWhatAppsAccept(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	s.Witnesses = policy.WitnessRule{Threshold: 2, Keys: stack.WitnessKeys()}
	for index := range 3 {
		manifest := []byte{'{', byte('0' + index), '}'}
		proof, evidence, err := s.UpdateProof(t.Context(), manifest)
		if err != nil {
			t.Fatal(err)
		}
		if evidence.Index != int64(index) || time.Since(time.Unix(evidence.Time, 0)) > time.Minute {
			t.Errorf("evidence %+v", evidence)
		}
		if parsed, err := updateproof.Parse(proof); err != nil || string(parsed.Marshal()) != string(proof) {
			t.Errorf("the file cannot be read back: %v", err)
		}
	}
	if stack.Requests(signtest.Timestamp) != 0 {
		t.Error("a timestamp was asked for")
	}
}

func TestUpdateProofNeedsAKeyAndWitnesses(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	_, _, err := s.UpdateProof(t.Context(), []byte("{}"))
	wantFault(t, err, sign.Usage, "witnesses")
	rules := &policy.Policy{Witnesses: policy.WitnessRule{Threshold: 1, Keys: stack.WitnessKeys()}}
	spki, _ := sign.SPKI(newSigner(t, stack).Key.Public())
	rules.Update = &policy.UpdateRule{Keys: []string{spki}}
	wantFault(t, s.ForUpdate(rules), sign.Refused, "update keys")
	stack.SendWitnessesHome(1000)
	_, _, err = s.UpdateProof(t.Context(), []byte("{}"))
	wantFault(t, err, sign.Refused, "0 cosignatures")
	s.Key = nil
	_, _, err = s.UpdateProof(t.Context(), []byte("{}"))
	wantFault(t, err, sign.Usage, "--key")
}
