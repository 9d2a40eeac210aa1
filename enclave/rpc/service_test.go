// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
	"ats.run/kms-enclave/kmslib/wire"
)

const testNow = 1790000000

// found is an Environment in which everything works.
type found struct{}

func (found) Storage() string      { return StorageBestEffort }
func (found) Algorithms() []string { return []string{ES256} }

func newService(store vault.Store) Service {
	return Service{Environment: found{}, Vault: vault.New(vault.Config{
		Store: store, Clock: vaulttest.NewClock(testNow), Random: rand.Reader, Keys: vaulttest.KeyOps{},
	})}
}

var testCaller = Caller{Origin: "https://app.example", Release: testDigest, Partition: PartitionFirstParty}

// call runs a request that must succeed, and returns one member of its result.
func call(t *testing.T, h Handler, caller Caller, method, params, member string) string {
	t.Helper()
	result, refused := Call(t.Context(), h, caller, method, params)
	if refused != nil {
		t.Fatalf("%s: %v", method, refused)
	}
	value, err := wire.ParseCanonical([]byte(result))
	if err != nil {
		t.Fatalf("%s: result %q: %v", method, result, err)
	}
	field, _ := value.Get(member)
	text, _ := field.AsString()
	return text
}

func wantCode(t *testing.T, h Handler, caller Caller, method, params string, code Code) *Error {
	t.Helper()
	_, refused := Call(t.Context(), h, caller, method, params)
	if refused == nil || refused.Code != code {
		t.Fatalf("%s: %v, want %s", method, refused, code)
	}
	return refused
}

func TestKeySignsUntilItIsDeleted(t *testing.T) {
	service := newService(new(vaulttest.MemStore))
	kid := call(t, service, testCaller, "vapid.generate", "{}", "kid")
	key := `{"kid":"` + kid + `"}`
	sign := strings.ReplaceAll(signText("exp", ""), testKID, kid)
	publicKey := call(t, service, testCaller, "vapid.publicKey", key, "publicKey")
	authorization := call(t, service, testCaller, "vapid.sign", sign, "authorization")
	if !strings.HasSuffix(authorization, ", k="+publicKey) {
		t.Errorf("authorization %q does not end with the public key %q", authorization, publicKey)
	}
	call(t, service, testCaller, "vapid.delete", key, "")
	wantCode(t, service, testCaller, "vapid.sign", sign, UnknownKey)
	wantCode(t, service, testCaller, "vapid.publicKey", key, UnknownKey)
	wantCode(t, service, testCaller, "vapid.delete", key, UnknownKey)
}

func TestKeyOfAnotherOriginIsUnknown(t *testing.T) {
	service := newService(new(vaulttest.MemStore))
	kid := call(t, service, testCaller, "vapid.generate", "{}", "kid")
	other := testCaller
	other.Origin = "https://other.example"
	wantCode(t, service, other, "vapid.sign", strings.ReplaceAll(signText("exp", ""), testKID, kid), UnknownKey)
	wantCode(t, service, other, "vapid.delete", `{"kid":"`+kid+`"}`, UnknownKey)
	call(t, service, testCaller, "vapid.publicKey", `{"kid":"`+kid+`"}`, "kid")
}

func TestHelloAnswersTheNonceAndRefusesOtherProtocols(t *testing.T) {
	service := newService(new(vaulttest.MemStore))
	const nonce = "AAAAAAAAAAAAAAAAAAAAAA"
	if got := call(t, service, testCaller, "hello", `{"nonce":"`+nonce+`","protocol":1}`, "nonce"); got != nonce {
		t.Errorf("nonce %q, want %q", got, nonce)
	}
	wantCode(t, service, testCaller, "hello", `{"nonce":"`+nonce+`","protocol":2}`, UnsupportedProtocol)
}

func TestStatusSaysWhatTheConnectionAndTheBrowserAre(t *testing.T) {
	service := newService(new(vaulttest.MemStore))
	for member, want := range map[string]string{"release": testDigest, "partition": PartitionFirstParty, "storage": StorageBestEffort} {
		if got := call(t, service, testCaller, "status", "{}", member); got != want {
			t.Errorf("%s is %q, want %q", member, got, want)
		}
	}
}

func TestClaimsThatRFC8292ForbidsAreInvalidParams(t *testing.T) {
	service := newService(new(vaulttest.MemStore))
	kid := call(t, service, testCaller, "vapid.generate", "{}", "kid")
	for name, value := range map[string]string{
		"aud": `"http://push.example"`,
		"sub": `"tel:+1"`,
		"exp": "1790086401", // a second more than a day
	} {
		text := strings.ReplaceAll(signText(name, value), testKID, kid)
		refused := wantCode(t, service, testCaller, "vapid.sign", text, InvalidParams)
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
		{vault.ErrConflict, Busy},
		{errors.New(secretWords), Internal},
		{context.Canceled, Internal},
	} {
		service := newService(brokenStore{test.err})
		refused := wantCode(t, service, testCaller, "vapid.publicKey", `{"kid":"`+testKID+`"}`, test.code)
		if strings.Contains(refused.Message, secretWords) {
			t.Errorf("message %q repeats the cause", refused.Message)
		}
	}
	full := &vault.StorageError{Op: "commit", Kind: vault.StorageQuota}
	wantCode(t, newService(brokenStore{full}), testCaller, "vapid.generate", "{}", StorageQuota)
}

// brokenStore fails with one error.
type brokenStore struct{ err error }

func (s brokenStore) Get(context.Context, vault.Ref) (vault.Record, error) {
	return vault.Record{}, s.err
}
func (s brokenStore) List(context.Context, string) ([]vault.Ref, error) { return nil, s.err }
func (s brokenStore) Commit(context.Context, []vault.Change) error      { return s.err }

func TestUnknownMethodAndBadParamsAreRefused(t *testing.T) {
	service := newService(new(vaulttest.MemStore))
	for _, name := range []string{"", "vapid", "vapid.export", "Status", "toString", "__proto__"} {
		wantCode(t, service, testCaller, name, "{}", UnknownMethod)
	}
	refused := wantCode(t, service, testCaller, "vapid.sign", "{}", InvalidParams)
	if !strings.Contains(refused.Message, "vapid.sign") || !strings.Contains(refused.Message, "kid") {
		t.Errorf("message %q names neither method nor member", refused.Message)
	}
}

func TestCodeThatTheTableDoesNotListBecomesInternal(t *testing.T) {
	full := &vault.StorageError{Op: "get", Kind: vault.StorageQuota}
	wantCode(t, newService(brokenStore{full}), testCaller, "vapid.publicKey", `{"kid":"`+testKID+`"}`, Internal)
}

// liar answers with what the table does not allow.
type liar struct{ Service }

func (liar) VAPIDGenerate(context.Context, Caller, *VAPIDGenerateRequest) (*VAPIDKeyResponse, error) {
	return &VAPIDKeyResponse{KID: "not a thumbprint"}, nil
}

func TestResponseThatBreaksTheTableBecomesInternal(t *testing.T) {
	wantCode(t, liar{newService(new(vaulttest.MemStore))}, testCaller, "vapid.generate", "{}", Internal)
}
