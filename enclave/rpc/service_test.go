// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
	"ats.run/kms-enclave/kmslib/wire"
)

const (
	testNow        = 1790000000
	testPassphrase = "correct horse battery staple"
)

// found is an Environment in which everything works.
type found struct{}

func (found) Storage() string      { return StorageBestEffort }
func (found) Algorithms() []string { return []string{ES256} }

// quickKeys stretches passphrases by few iterations, so that tests are quick.
type quickKeys struct{ keystest.Ops }

func (k quickKeys) PBKDF2(ctx context.Context, passphrase, salt []byte, iterations int) (keys.Handle, error) {
	return k.Ops.PBKDF2(ctx, passphrase, salt, min(iterations, 10))
}

// brittleStore fails with an error once it has one, and finds that many conflicts
// before.
type brittleStore struct {
	vault.Store
	err       atomic.Pointer[error]
	conflicts atomic.Int32
}

func (s *brittleStore) fail(err error) { s.err.Store(&err) }

func (s *brittleStore) Get(ctx context.Context, ref vault.Ref) (vault.Record, error) {
	if err := s.err.Load(); err != nil {
		return vault.Record{}, *err
	}
	return s.Store.Get(ctx, ref)
}

func (s *brittleStore) List(ctx context.Context, collection string) ([]vault.Ref, error) {
	if err := s.err.Load(); err != nil {
		return nil, *err
	}
	return s.Store.List(ctx, collection)
}

func (s *brittleStore) Scan(ctx context.Context, collection, from string, limit int) ([]vault.Entry, error) {
	if err := s.err.Load(); err != nil {
		return nil, *err
	}
	return s.Store.Scan(ctx, collection, from, limit)
}

func (s *brittleStore) Commit(ctx context.Context, changes []vault.Change) error {
	if err := s.err.Load(); err != nil {
		return *err
	}
	if s.conflicts.Add(-1) >= 0 {
		return vault.ErrConflict
	}
	return s.Store.Commit(ctx, changes)
}

// bench is a Service with a person in front of it.
type bench struct {
	*Service
	store  *brittleStore
	clock  *vaulttest.Clock
	person *ceremonytest.Person
	events []vault.Event
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{
		store: &brittleStore{Store: new(vaulttest.MemStore)}, clock: vaulttest.NewClock(testNow), person: ceremonytest.NewPerson(),
	}
	millis := func() int64 { return 0 }
	v := vault.New(vault.Config{
		Store: b.store, Clock: b.clock, Random: rand.Reader, Keys: quickKeys{}, Locks: new(vaulttest.Locker),
		Release: func() string { return testDigest }, Millis: millis,
		Notify: func(e vault.Event) { b.events = append(b.events, e) },
	})
	b.Service = NewService(v, ceremony.New(ceremony.Config{
		Vault: v, Stage: b.person, Keys: quickKeys{}, Random: rand.Reader, Millis: millis,
	}), found{})
	return b
}

// newOpenBench has one user, whose vault is open for testCaller.
func newOpenBench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	enrol := []vault.NamedEnroller{{
		Label: "Passphrase", Enroller: unlock.WithPassphrase([]byte(testPassphrase), unlock.PBKDF2(unlock.MinIterations)),
	}}
	a := vault.Asker{Origin: testCaller.Origin, Method: "vault.setup", Request: "1"}
	if _, err := b.vault.CreateUser(t.Context(), a, "Ada", enrol); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) does(screen, action string) {
	b.person.Then(ceremonytest.Step{Screen: screen, Answer: ceremonytest.Do(action)})
}

var testCaller = Caller{Origin: "https://app.example", Release: testDigest, Partition: PartitionFirstParty}

// otherCaller is another app of the same enclave.
var otherCaller = Caller{Origin: "https://other.example", Release: testDigest, Partition: PartitionFirstParty}

// call runs a request that must succeed, and returns one member of its result.
func call(t *testing.T, h Handler, caller Caller, method, params, member string) string {
	t.Helper()
	answer, refused := Call(t.Context(), h, caller, Request{ID: 1, Method: method, Params: params})
	if refused != nil {
		t.Fatalf("%s: %v", method, refused)
	}
	value, err := wire.ParseCanonical([]byte(answer.Result))
	if err != nil {
		t.Fatalf("%s: result %q: %v", method, answer.Result, err)
	}
	field, found := value.Get(member)
	text, isText := field.AsString()
	if found && !isText {
		return string(field.Append(nil))
	}
	return text
}

func wantCode(t *testing.T, h Handler, caller Caller, method, params string, code Code, bodies ...[]byte) *Error {
	t.Helper()
	_, refused := Call(t.Context(), h, caller, Request{ID: 1, Method: method, Params: params, Bodies: bodies})
	if refused == nil || refused.Code != code {
		t.Fatalf("%s: %v, want %s", method, refused, code)
	}
	return refused
}

func TestKeySignsUntilItIsDeleted(t *testing.T) {
	b := newOpenBench(t)
	kid := call(t, b, testCaller, "vapid.generate", "{}", "kid")
	key := `{"kid":"` + kid + `"}`
	sign := strings.ReplaceAll(signText("exp", ""), testKID, kid)
	publicKey := call(t, b, testCaller, "vapid.publicKey", key, "publicKey")
	authorization := call(t, b, testCaller, "vapid.sign", sign, "authorization")
	if !strings.HasSuffix(authorization, ", k="+publicKey) {
		t.Errorf("authorization %q does not end with the public key %q", authorization, publicKey)
	}
	if list := call(t, b, testCaller, "vapid.list", "{}", "keys"); strings.Count(list, kid) != 1 {
		t.Errorf("the keys are %s", list)
	}
	for range 2 {
		b.does("confirm", "approve")
	}
	call(t, b, testCaller, "vapid.delete", key, "")
	wantCode(t, b, testCaller, "vapid.sign", sign, UnknownKey)
	wantCode(t, b, testCaller, "vapid.publicKey", key, UnknownKey)
	wantCode(t, b, testCaller, "vapid.delete", key, UnknownKey)
}

func TestKeyOfAnotherOriginIsUnknown(t *testing.T) {
	b := newOpenBench(t)
	kid := call(t, b, testCaller, "vapid.generate", "{}", "kid")
	b.does("grant", "approve")
	call(t, b, otherCaller, "vault.unlock", "{}", "user")
	wantCode(t, b, otherCaller, "vapid.sign", strings.ReplaceAll(signText("exp", ""), testKID, kid), UnknownKey)
	wantCode(t, b, otherCaller, "vapid.publicKey", `{"kid":"`+kid+`"}`, UnknownKey)
	b.does("confirm", "approve")
	wantCode(t, b, otherCaller, "vapid.delete", `{"kid":"`+kid+`"}`, UnknownKey)
	if list := call(t, b, otherCaller, "vapid.list", "{}", "keys"); list != "[]" {
		t.Errorf("the keys of another origin are %s", list)
	}
	call(t, b, testCaller, "vapid.publicKey", `{"kid":"`+kid+`"}`, "kid")
}

func TestHelloAnswersTheNonceAndRefusesOtherProtocols(t *testing.T) {
	b := newBench(t)
	const nonce = "AAAAAAAAAAAAAAAAAAAAAA"
	if got := call(t, b, testCaller, "hello", `{"nonce":"`+nonce+`","protocol":2}`, "nonce"); got != nonce {
		t.Errorf("nonce %q, want %q", got, nonce)
	}
	for _, protocol := range []string{"1", "3"} {
		wantCode(t, b, testCaller, "hello", `{"nonce":"`+nonce+`","protocol":`+protocol+`}`, UnsupportedProtocol)
	}
}

func TestStatusSaysWhatTheConnectionAndTheBrowserAre(t *testing.T) {
	b := newBench(t)
	for member, want := range map[string]string{
		"release": testDigest, "partition": PartitionFirstParty, "storage": StorageBestEffort, "state": StateEmpty, "users": "0",
	} {
		if got := call(t, b, testCaller, "status", "{}", member); got != want {
			t.Errorf("%s is %q, want %q", member, got, want)
		}
	}
}

func TestStatusAnswersWhereStorageFails(t *testing.T) {
	b := newBench(t)
	b.store.fail(&vault.StorageError{Op: "get", Kind: vault.StorageUnavailable})
	if got := call(t, b, testCaller, "status", "{}", "state"); got != StateUnknown {
		t.Errorf("the state is %s, want unknown", got)
	}
}

func TestStatusCountsDamagedRecords(t *testing.T) {
	b := newOpenBench(t)
	if got := call(t, b, testCaller, "status", "{}", "damaged"); got != "0" {
		t.Errorf("%s records are damaged", got)
	}
	ref := vault.Ref{Collection: "users", Key: "AAAAAAAAAAAAAAAAAAAAAA"}
	if err := b.store.Commit(t.Context(), []vault.Change{{Ref: ref, Value: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	b.Announce(t.Context(), testCaller, vault.Event{Kind: vault.EventState})
	if got := call(t, b, testCaller, "status", "{}", "damaged"); got != "1" {
		t.Errorf("%s records are damaged, want 1", got)
	}
}

func TestToAnOriginThatWasNotLetInAnOpenVaultLooksLocked(t *testing.T) {
	b := newOpenBench(t)
	for member, want := range map[string]string{
		"state": StateUnlocked, "users": "1", "method": MethodPassphrase, "protection": ProtectionEncryption, "idleEnds": "1790000900", "ends": "1790028800",
	} {
		if got := call(t, b, testCaller, "status", "{}", member); got != want {
			t.Errorf("%s is %q, want %q", member, got, want)
		}
	}
	for member, want := range map[string]string{"state": StateLocked, "user": "", "method": "", "idleEnds": "", "ends": ""} {
		if got := call(t, b, otherCaller, "status", "{}", member); got != want {
			t.Errorf("to another origin %s is %q, want %q", member, got, want)
		}
	}
}

func TestClaimsThatRFC8292ForbidsAreInvalidParams(t *testing.T) {
	b := newOpenBench(t)
	kid := call(t, b, testCaller, "vapid.generate", "{}", "kid")
	for name, value := range map[string]string{
		"aud": `"http://push.example"`,
		"sub": `"tel:+1"`,
		"exp": "1790086401", // a second more than a day
	} {
		text := strings.ReplaceAll(signText(name, value), testKID, kid)
		refused := wantCode(t, b, testCaller, "vapid.sign", text, InvalidParams)
		if !strings.Contains(refused.Message, name) {
			t.Errorf("message %q does not name %s", refused.Message, name)
		}
	}
}

func TestFailuresOfTheVaultBecomeCodes(t *testing.T) {
	const secretWords = "what the browser said"
	for _, test := range []struct {
		err  error
		code Code
	}{
		{&vault.StorageError{Op: "get", Kind: vault.StorageUnavailable, Err: errors.New(secretWords)}, StorageUnavailable},
		{&vault.RecordError{Collection: "vapid", Reason: "value: damaged"}, StorageUnavailable},
		{&vault.StorageError{Op: "commit", Kind: vault.StorageQuota}, StorageQuota},
		{&vault.StorageError{Op: "commit", Kind: vault.StorageHandles}, StorageNoKeys},
		{errors.New(secretWords), Internal},
		{context.Canceled, Internal},
	} {
		b := newOpenBench(t)
		b.store.fail(test.err)
		refused := wantCode(t, b, testCaller, "vapid.generate", "{}", test.code)
		if strings.Contains(refused.Message, secretWords) {
			t.Errorf("message %q repeats the cause", refused.Message)
		}
	}
}

func TestEveryErrorOfTheVaultHasACode(t *testing.T) {
	for _, test := range []struct {
		err  error
		code Code
	}{
		{vault.ErrNotSetUp, NotSetUp},
		{vault.ErrLocked, Locked},
		{vault.ErrNotGranted, Locked},
		{vault.ErrConflict, Busy},
		{vault.ErrNotSupported, NotSupported},
		{vault.ErrRoster, StorageUnavailable},
		{vault.ErrPolicy, StorageUnavailable},
		{&vault.InputError{Field: "seq", Reason: "too large"}, InvalidParams},
		{ceremony.ErrBusy, Busy},
		{ceremony.ErrBlocked, CeremonyBlocked},
		{ceremony.ErrCancelled, Cancelled},
		{ceremony.ErrDenied, Denied},
		{ceremony.ErrUnknownUser, UnknownUser},
	} {
		refused, ok := errors.AsType[*Error](refusalOf(test.err))
		if !ok || refused.Code != test.code {
			t.Errorf("%v becomes %v, want %s", test.err, refused, test.code)
		}
	}
}

func TestUnknownMethodAndBadParamsAreRefused(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"", "vapid", "vapid.export", "Status", "toString", "__proto__"} {
		wantCode(t, b, testCaller, name, "{}", UnknownMethod)
	}
	refused := wantCode(t, b, testCaller, "vapid.sign", "{}", InvalidParams)
	if !strings.Contains(refused.Message, "vapid.sign") || !strings.Contains(refused.Message, "kid") {
		t.Errorf("message %q names neither method nor member", refused.Message)
	}
}

// liar answers with what the table does not allow.
type liar struct{ *Service }

func (liar) VAPIDGenerate(context.Context, Caller, *VAPIDGenerateRequest) (*VAPIDKeyResponse, error) {
	return &VAPIDKeyResponse{KID: "not a thumbprint"}, nil
}

func (liar) VAPIDPublicKey(context.Context, Caller, *VAPIDKeyRequest) (*VAPIDKeyResponse, error) {
	return nil, &Error{Code: OriginNotAllowed}
}

func TestAnswersThatBreakTheTableBecomeInternal(t *testing.T) {
	b := newOpenBench(t)
	wantCode(t, liar{b.Service}, testCaller, "vapid.generate", "{}", Internal)
	wantCode(t, liar{b.Service}, testCaller, "vapid.publicKey", `{"kid":"`+testKID+`"}`, Internal)
}
