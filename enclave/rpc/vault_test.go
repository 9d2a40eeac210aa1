// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

func TestSetUpUnlockAndLockByRequests(t *testing.T) {
	b := newBench(t)
	b.person.Then(
		ceremonytest.Step{Screen: "welcome", Answer: ceremonytest.Do("start", "name", "Ada", "method", "passphrase")},
		ceremonytest.Step{Screen: "new-passphrase", Answer: ceremonytest.Give("continue", testPassphrase)},
		ceremonytest.Step{Screen: "recovery-key", Answer: ceremonytest.Do("skip")},
		ceremonytest.Step{Screen: "done", Answer: ceremonytest.Do("close")},
		ceremonytest.Step{Screen: "unlock", Answer: ceremonytest.Give("passphrase", testPassphrase)},
	)
	user := call(t, b, testCaller, "vault.setup", "{}", "user")
	call(t, b, testCaller, "vault.lock", "{}", "")
	if got := call(t, b, testCaller, "status", "{}", "state"); got != StateLocked {
		t.Errorf("after vault.lock the state is %s", got)
	}
	if got := call(t, b, testCaller, "vault.unlock", `{"user":"`+user+`"}`, "user"); got != user {
		t.Errorf("the vault of %s is open, want %s", got, user)
	}
	if err := b.person.Err(); err != nil {
		t.Error(err)
	}
	wantCode(t, b, testCaller, "vault.unlock", `{"user":"AAAAAAAAAAAAAAAAAAAAAA"}`, UnknownUser)
}

func TestOriginThatWasNotLetInCannotLock(t *testing.T) {
	b := newOpenBench(t)
	call(t, b, otherCaller, "vault.lock", "{}", "")
	if got := call(t, b, testCaller, "status", "{}", "state"); got != StateUnlocked {
		t.Errorf("the state is %s", got)
	}
}

func TestLockLocksEvenIfItCannotBeLogged(t *testing.T) {
	b := newOpenBench(t)
	b.store.fail(&vault.StorageError{Op: "commit", Kind: vault.StorageQuota})
	call(t, b, testCaller, "vault.lock", "{}", "")
	if _, open := b.vault.Session(); open {
		t.Error("the vault is open")
	}
}

func TestManageOffersRulesForMethodsThatNeedConsent(t *testing.T) {
	b := newOpenBench(t)
	b.does("manage", "close")
	call(t, b, testCaller, "vault.manage", "{}", "")
	data := b.person.Shown()[0].Data
	methods, _ := data.Get("methods")
	text := string(methods.Append(nil))
	if !strings.Contains(text, `{"class":"confirm","name":"vapid.delete"}`) || strings.Contains(text, "status") {
		t.Errorf("the methods are %s", text)
	}
}

func TestCodesOfCeremoniesReachTheApp(t *testing.T) {
	b := newOpenBench(t)
	call(t, b, testCaller, "vault.lock", "{}", "")
	b.person.Then(ceremonytest.Step{Screen: "unlock", Answer: ceremonytest.Cancel()})
	wantCode(t, b, testCaller, "vault.unlock", "{}", Cancelled)
	wantCode(t, newBench(t), testCaller, "vault.unlock", "{}", NotSetUp)
	wantCode(t, newBench(t), testCaller, "vault.manage", "{}", NotSetUp)
}

func TestAuditLogByRequests(t *testing.T) {
	b := newOpenBench(t)
	for range 30 {
		call(t, b, testCaller, "vapid.generate", "{}", "kid")
	}
	note := call(t, b, testCaller, "audit.checkpoint", "{}", "checkpoint")
	if !strings.HasPrefix(note, "kms-enclave/log/") {
		t.Errorf("the checkpoint is %q", note)
	}
	size, err := strconv.Atoi(call(t, b, testCaller, "audit.list", `{"limit":2}`, "size"))
	if err != nil || size < 31 {
		t.Fatalf("the log has %d entries, %v", size, err)
	}
	page, err := wire.Parse([]byte(call(t, b, testCaller, "audit.list", `{"from":3,"limit":2}`, "entries")))
	if err != nil {
		t.Fatal(err)
	}
	if entries, _ := page.Elements(); len(entries) != 2 || ceremonytest.Number(entries[0], "seq") != 3 {
		t.Errorf("the page is %s", page.Append(nil))
	}
	leaf := call(t, b, testCaller, "audit.prove", `{"kind":"inclusion","of":3}`, "leaf")
	if len(leaf) != leafLength {
		t.Errorf("the leaf is %q", leaf)
	}
	if hashes := call(t, b, testCaller, "audit.prove", `{"kind":"consistency","of":3}`, "hashes"); hashes == "[]" {
		t.Error("the consistency proof is empty")
	}
	wantCode(t, b, testCaller, "audit.prove", `{"kind":"inclusion","of":100000}`, InvalidParams)
	b.does("confirm", "approve")
	if pruned := call(t, b, testCaller, "audit.prune", `{"before":5}`, "pruned"); pruned != "5" {
		t.Errorf("%s entries were pruned, want 5", pruned)
	}
	if first := call(t, b, testCaller, "audit.list", "{}", "first"); first != "5" {
		t.Errorf("the first entry is %s, want 5", first)
	}
}

func TestPartsOfAnExportJoinToOneBundle(t *testing.T) {
	b := newOpenBench(t)
	for range 20 {
		call(t, b, testCaller, "vapid.generate", "{}", "kid")
	}
	var bundle strings.Builder
	params := "{}"
	for {
		answer, refused := Call(t.Context(), b, testCaller, Request{ID: 1, Method: "audit.export", Params: params})
		if refused != nil {
			t.Fatal(refused)
		}
		part, err := wire.ParseCanonical([]byte(answer.Result))
		if err != nil {
			t.Fatal(err)
		}
		bundle.WriteString(ceremonytest.Text(part, "text"))
		next := ceremonytest.Number(part, "next")
		if next == 0 {
			break
		}
		params = `{"from":` + strconv.FormatInt(next, 10) + `,"size":` + strconv.FormatInt(ceremonytest.Number(part, "size"), 10) + `}`
	}
	if !strings.HasPrefix(bundle.String(), "{") || strings.Count(bundle.String(), "\n") < 22 {
		t.Errorf("the bundle has %d lines", strings.Count(bundle.String(), "\n"))
	}
}

func TestEventsSayToEachOriginWhatItMayKnow(t *testing.T) {
	b := newOpenBench(t)
	call(t, b, testCaller, "vapid.generate", "{}", "kid")
	var states, checkpoints int
	for _, e := range b.events {
		mine, toMe := b.Announce(t.Context(), testCaller, e)
		theirs, toOther := b.Announce(t.Context(), otherCaller, e)
		switch e.Kind {
		case vault.EventState:
			states++
			if !toMe || !strings.Contains(mine.Data, `"state":"unlocked"`) {
				t.Errorf("the app is told %+v, %v", mine, toMe)
			}
			if !toOther || theirs.Data != `{"state":"locked","users":1}` {
				t.Errorf("another app is told %+v, %v", theirs, toOther)
			}
		case vault.EventCheckpoint:
			checkpoints++
			if !toMe || !strings.Contains(mine.Data, "kms-enclave/log/") || toOther {
				t.Errorf("the app is told %+v, %v; another %+v, %v", mine, toMe, theirs, toOther)
			}
		}
	}
	if states == 0 || checkpoints == 0 {
		t.Errorf("%d events of state, %d of checkpoints", states, checkpoints)
	}
}
