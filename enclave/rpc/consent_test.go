// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"maps"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// sampleParams are good parameters of each method, "" where {} does.
var sampleParams = map[string]string{
	"hello":           `{"nonce":"AAAAAAAAAAAAAAAAAAAAAA","protocol":2}`,
	"vapid.publicKey": `{"kid":"` + testKID + `"}`,
	"vapid.sign":      signText("exp", ""),
	"vapid.delete":    `{"kid":"` + testKID + `"}`,
	"audit.prove":     `{"kind":"inclusion","of":0}`,
	"audit.prune":     `{"before":1}`,
}

func init() { maps.Copy(sampleParams, signalParams) }

func paramsOf(method string) string {
	if params := sampleParams[method]; params != "" {
		return params
	}
	return "{}"
}

// eachWithConsent runs f for every method that needs more than nothing.
func eachWithConsent(t *testing.T, f func(t *testing.T, m Method)) {
	for _, m := range Methods() {
		if m.Consent != ConsentNone {
			t.Run(m.Name, func(t *testing.T) { f(t, m) })
		}
	}
}

func TestNothingRunsBeforeSetUp(t *testing.T) {
	eachWithConsent(t, func(t *testing.T, m Method) {
		wantCode(t, newBench(t), testCaller, m.Name, paramsOf(m.Name), NotSetUp, bodiesOf(m.Name)...)
	})
}

func TestNothingRunsWhileLocked(t *testing.T) {
	eachWithConsent(t, func(t *testing.T, m Method) {
		b := newOpenBench(t)
		call(t, b, testCaller, "vault.lock", "{}", "")
		wantCode(t, b, testCaller, m.Name, paramsOf(m.Name), Locked, bodiesOf(m.Name)...)
	})
}

func TestNothingRunsForAnOriginThatWasNotLetIn(t *testing.T) {
	eachWithConsent(t, func(t *testing.T, m Method) {
		wantCode(t, newOpenBench(t), otherCaller, m.Name, paramsOf(m.Name), Locked, bodiesOf(m.Name)...)
	})
}

// Mistake M25 (docs/mistakes.md).
func TestMethodsToConfirmDoNothingUnlessApproved(t *testing.T) {
	for action, code := range map[string]Code{"deny": Denied, "": Cancelled} {
		b := newOpenBench(t)
		kid := call(t, b, testCaller, "vapid.generate", "{}", "kid")
		if action == "" {
			b.person.Then(ceremonytest.Step{Screen: "confirm", Answer: ceremonytest.Cancel()})
		} else {
			b.does("confirm", action)
		}
		wantCode(t, b, testCaller, "vapid.delete", `{"kid":"`+kid+`"}`, code)
		call(t, b, testCaller, "vapid.publicKey", `{"kid":"`+kid+`"}`, "kid")
		entries := call(t, b, testCaller, "audit.list", "{}", "entries")
		if !strings.Contains(entries, `"outcome":"`+string(code)+`"`) {
			t.Errorf("the log has no %s: %s", code, entries)
		}
	}
}

func TestRefusalsAreInTheLog(t *testing.T) {
	b := newOpenBench(t)
	wantCode(t, b, otherCaller, "vapid.generate", "{}", Locked)
	entries := call(t, b, testCaller, "audit.list", "{}", "entries")
	if !strings.Contains(entries, `"method":"vapid.generate","origin":"https://other.example","outcome":"not_granted"`) {
		t.Errorf("the log does not have the refusal: %s", entries)
	}
}

func TestCeremoniesThatEndBadlyAreInTheLog(t *testing.T) {
	b := newOpenBench(t)
	b.does("grant", "deny")
	wantCode(t, b, otherCaller, "vault.unlock", "{}", Denied)
	b.person.Then(ceremonytest.Step{Screen: "manage", Answer: ceremonytest.Cancel()})
	wantCode(t, b, testCaller, "vault.manage", "{}", Cancelled)
	entries := call(t, b, testCaller, "audit.list", "{}", "entries")
	for _, want := range []string{
		`"method":"vault.unlock","origin":"https://other.example","outcome":"denied"`,
		`"method":"vault.manage","origin":"https://app.example","outcome":"cancelled"`,
	} {
		if !strings.Contains(entries, want) {
			t.Errorf("the log does not have %s: %s", want, entries)
		}
	}
}

func TestRuleOfThePersonMakesAMethodAsk(t *testing.T) {
	b := newOpenBench(t)
	a := vault.Asker{Origin: testCaller.Origin, Method: "vault.manage", Request: "1"}
	if err := b.vault.SetPolicy(t.Context(), a, testCaller.Origin, "vapid.generate", vault.ConsentConfirm); err != nil {
		t.Fatal(err)
	}
	b.does("confirm", "deny")
	wantCode(t, b, testCaller, "vapid.generate", "{}", Denied)
	b.does("confirm", "approve")
	call(t, b, testCaller, "vapid.generate", "{}", "kid")
	if err := b.person.Err(); err != nil {
		t.Error(err)
	}
}

// The person sees every member of the request, and what was seen is what runs:
// a second request while the screen is shown is refused, and changes neither.
//
// Mistake M03 (docs/mistakes.md).
func TestWhatIsApprovedIsWhatRuns(t *testing.T) {
	b := newOpenBench(t)
	shown := call(t, b, testCaller, "vapid.generate", "{}", "kid")
	other := call(t, b, testCaller, "vapid.generate", "{}", "kid")
	b.person.Then(ceremonytest.Step{Screen: "confirm", Answer: func(screen ceremony.Screen) (ceremony.Input, error) {
		details, _ := screen.Data.Get("details")
		if got, want := string(details.Append(nil)), `[{"name":"kid","value":"`+shown+`"}]`; got != want {
			t.Errorf("the person sees %s, want %s", got, want)
		}
		if got := ceremonytest.Text(screen.Data, "subject", "operation"); got != "vapid.delete" {
			t.Errorf("the person sees the operation %q", got)
		}
		refused := wantCode(t, b, testCaller, "vapid.delete", `{"kid":"`+other+`"}`, Busy)
		if refused.RetryAfter <= 0 {
			t.Error("busy does not say when to try again")
		}
		wantCode(t, b, testCaller, "vault.manage", "{}", Busy)
		return ceremonytest.Do("approve")(screen)
	}})
	call(t, b, testCaller, "vapid.delete", `{"kid":"`+shown+`"}`, "")
	if err := b.person.Err(); err != nil {
		t.Error(err)
	}
	wantCode(t, b, testCaller, "vapid.publicKey", `{"kid":"`+shown+`"}`, UnknownKey)
	call(t, b, testCaller, "vapid.publicKey", `{"kid":"`+other+`"}`, "kid")
}

func TestApprovalDoesNotOutliveTheSession(t *testing.T) {
	b := newOpenBench(t)
	kid := call(t, b, testCaller, "vapid.generate", "{}", "kid")
	b.person.Then(ceremonytest.Step{Screen: "confirm", Answer: func(screen ceremony.Screen) (ceremony.Input, error) {
		call(t, b, testCaller, "vault.lock", "{}", "")
		return ceremonytest.Do("approve")(screen)
	}})
	wantCode(t, b, testCaller, "vapid.delete", `{"kid":"`+kid+`"}`, Locked)
	call(t, b, testCaller, "vapid.publicKey", `{"kid":"`+kid+`"}`, "kid")
}

func TestApprovalIsForTheVaultThatWasOpen(t *testing.T) {
	b := newOpenBench(t)
	kid := call(t, b, testCaller, "vapid.generate", "{}", "kid")
	b.person.Then(ceremonytest.Step{Screen: "confirm", Answer: func(screen ceremony.Screen) (ceremony.Input, error) {
		a := vault.Asker{Origin: testCaller.Origin, Method: "vault.setup", Request: "1"}
		enrol := []vault.NamedEnroller{{Label: "Passphrase", Enroller: unlock.WithPassphrase([]byte(testPassphrase), unlock.PBKDF2(unlock.MinIterations))}}
		if _, err := b.vault.CreateUser(t.Context(), a, "Bob", enrol); err != nil { // as another tab does
			t.Error(err)
		}
		return ceremonytest.Do("approve")(screen)
	}})
	wantCode(t, b, testCaller, "vapid.delete", `{"kid":"`+kid+`"}`, Locked)
	call(t, b, testCaller, "vapid.publicKey", `{"kid":"`+kid+`"}`, "kid")
}

// unasked counts what runs without consent.
type unasked struct {
	*Service
	ran int
}

func (u *unasked) Consent(context.Context, Caller, Method, Message) error {
	return &Error{Code: Denied, Message: "no"}
}

func (u *unasked) VAPIDDelete(context.Context, Caller, *VAPIDKeyRequest) (*VAPIDDeleteResponse, error) {
	u.ran++
	return &VAPIDDeleteResponse{}, nil
}

func TestCallAsksForConsentBeforeTheMethod(t *testing.T) {
	u := &unasked{Service: newOpenBench(t).Service}
	wantCode(t, u, testCaller, "vapid.delete", `{"kid":"`+testKID+`"}`, Denied)
	if u.ran != 0 {
		t.Error("the method ran without consent")
	}
}

func TestAsksAndMayAskFollowFromTheTable(t *testing.T) {
	for name, want := range map[string][2]bool{
		"status": {false, false}, "vault.unlock": {true, true}, "vapid.sign": {false, true}, "vapid.delete": {true, true},
	} {
		if m := find(name); m.Asks() != want[0] || m.MayAsk() != want[1] {
			t.Errorf("%s asks %v, may ask %v; want %v", name, m.Asks(), m.MayAsk(), want)
		}
	}
}
