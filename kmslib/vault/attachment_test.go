// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/attachment"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// transfer puts data through a stream in pieces, and returns the result.
func transfer(t *testing.T, v *vault.Vault, id string, data []byte, piece int) []byte {
	t.Helper()
	var result []byte
	for len(data) > piece {
		result = append(result, get[[]byte](t)(v.AttachmentUpdate(t.Context(), at("signal.attachment.update"), id, data[:piece], false))...)
		data = data[piece:]
	}
	return append(result, get[[]byte](t)(v.AttachmentUpdate(t.Context(), at("signal.attachment.finish"), id, data, true))...)
}

func begin(t *testing.T, v *vault.Vault, seal bool, key []byte) (string, []byte) {
	t.Helper()
	id, key, err := v.AttachmentBegin(t.Context(), at("signal.attachment.begin"), seal, key)
	must(t, err)
	return id, key
}

func TestAttachmentIsSealedAndOpenedInPieces(t *testing.T) {
	w := setUp(t)
	commits := versionOf(w.store, w.user.ID)
	for _, size := range []int{0, 1, 1000, 3 << 20} {
		data := bytes.Repeat([]byte{5, 6, 7, 8}, size/4+1)[:size]
		id, key := begin(t, w.Vault, true, nil)
		sealed := transfer(t, w.Vault, id, data, 500_000)
		if len(key) != attachment.KeySize || bytes.Contains(sealed, []byte{5, 6, 7, 8, 5, 6, 7, 8}) {
			t.Errorf("%d bytes: a key of %d bytes, or nothing was sealed", size, len(key))
		}
		id, again := begin(t, w.Vault, false, key)
		if again != nil {
			t.Error("a new key was made for opening")
		}
		if opened := transfer(t, w.Vault, id, sealed, 700_000); !bytes.Equal(opened, data) {
			t.Errorf("%d bytes come out as %d", size, len(opened))
		}
	}
	if n := versionOf(w.store, w.user.ID) - commits; n != 16 {
		t.Errorf("%d commits, want one at each begin and end", n)
	}
	if got := last(t, w.Vault); got != "signal.attachment.finish ok" || w.Streams() != 0 {
		t.Errorf("entry %q, %d streams", got, w.Streams())
	}
	verifyLog(t, w.Vault)
}

func TestStreamIsOfOneOriginAndOneSession(t *testing.T) {
	w := setUp(t)
	must(t, w.Grant(t.Context(), from(other, "vault.unlock")))
	id, _ := begin(t, w.Vault, true, nil)
	unknown := func(v *vault.Vault, origin, id string) {
		t.Helper()
		_, err := v.AttachmentUpdate(t.Context(), from(origin, "signal.attachment.update"), id, []byte("x"), false)
		expectError(t, "AttachmentUpdate", err, vault.ErrUnknownStream)
		err = v.AttachmentCancel(t.Context(), from(origin, "signal.attachment.cancel"), id)
		expectError(t, "AttachmentCancel", err, vault.ErrUnknownStream)
	}
	unknown(w.Vault, other, id)
	unknown(w.Vault, app, "")
	unknown(tabs(t, w)[1], app, id)
	for name, end := range map[string]func(){
		"lock":   func() { must(t, w.Lock(t.Context(), at("vault.lock"))) },
		"expiry": func() { w.clock.Advance(vault.IdleLimit); get[bool](t)(w.Expire(t.Context())) },
		"forget": func() { w.Forget() },
		"another user": func() {
			w.create(t, "Eve", byPassphrase(passphrase))
		},
		"unlock again": func() {},
		"reset of another session": func() {
			second := w.open(w.store)
			unlockBy(t, second, w.user.ID, passphrase)
			must(t, second.Lock(t.Context(), at("vault.lock")))
			_, err := w.AttachmentUpdate(t.Context(), at("signal.attachment.update"), id, nil, false)
			expectError(t, "AttachmentUpdate", err, vault.ErrLocked)
		},
	} {
		unlockBy(t, w.Vault, w.user.ID, passphrase)
		id, _ = begin(t, w.Vault, true, nil)
		end()
		unlockBy(t, w.Vault, w.user.ID, passphrase)
		unknown(w.Vault, app, id)
		if n := w.Streams(); n != 0 {
			t.Errorf("%s: %d streams are left", name, n)
		}
	}
}

func TestStreamGoesOnOverARotation(t *testing.T) {
	w := setUp(t)
	id, key := begin(t, w.Vault, true, nil)
	sealed := get[[]byte](t)(w.AttachmentUpdate(t.Context(), at("signal.attachment.update"), id, []byte("before "), false))
	must(t, prove(t, w.Vault, w.user.ID).Rotate(t.Context()))
	sealed = append(sealed, transfer(t, w.Vault, id, []byte("and after"), 100)...)
	id, _ = begin(t, w.Vault, false, key)
	if got := transfer(t, w.Vault, id, sealed, 10); string(got) != "before and after" {
		t.Errorf("opened %q", got)
	}
}

func TestOriginHasFewStreamsAtOnce(t *testing.T) {
	w := setUp(t)
	must(t, w.Grant(t.Context(), from(other, "vault.unlock")))
	var ids []string
	for range vault.MaxStreams {
		id, _ := begin(t, w.Vault, true, nil)
		ids = append(ids, id)
	}
	before := snapshot(w.store)
	_, key, err := w.AttachmentBegin(t.Context(), at("signal.attachment.begin"), true, nil)
	if limit, _ := errors.AsType[*vault.LimitError](err); limit == nil || limit.Limit != vault.MaxStreams || key != nil {
		t.Errorf("one more: %v", err)
	}
	expectError(t, "one more", err, session.ErrLimit)
	if snapshot(w.store) != before {
		t.Error("the refusal changed the store")
	}
	_, _, err = w.AttachmentBegin(t.Context(), from(other, "signal.attachment.begin"), true, nil)
	must(t, err)
	must(t, w.AttachmentCancel(t.Context(), at("signal.attachment.cancel"), ids[0]))
	if got := last(t, w.Vault); got != "signal.attachment.cancel ok" {
		t.Errorf("entry %q", got)
	}
	begin(t, w.Vault, true, nil)
}

func TestNothingOfAnAlteredAttachmentComesOut(t *testing.T) {
	w := setUp(t)
	id, key := begin(t, w.Vault, true, nil)
	sealed := transfer(t, w.Vault, id, []byte("a text"), 100)
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"altered":   {append(bytes.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1), attachment.ErrAuthentication},
		"truncated": {sealed[:30], attachment.ErrTruncated},
	} {
		id, _ := begin(t, w.Vault, false, key)
		got, err := w.AttachmentUpdate(t.Context(), at("signal.attachment.finish"), id, test.data, true)
		if got != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if w.Streams() != 0 {
			t.Errorf("%s: the stream is left", name)
		}
	}
}

func TestImpossibleAttachmentsAreRefused(t *testing.T) {
	w := setUp(t)
	for name, test := range map[string]struct {
		seal bool
		key  []byte
	}{
		"no key to open": {false, nil}, "short": {true, make([]byte, 31)}, "long": {false, make([]byte, 33)}, "empty": {true, []byte{}},
	} {
		_, _, err := w.AttachmentBegin(t.Context(), at("signal.attachment.begin"), test.seal, test.key)
		if refused, _ := errors.AsType[*vault.InputError](err); refused == nil || refused.Field != "key" {
			t.Errorf("%s: %v", name, err)
		}
	}
	id, _ := begin(t, w.Vault, true, nil)
	_, err := w.AttachmentUpdate(t.Context(), at("signal.attachment.update"), id, make([]byte, attachment.MaxChunk+1), false)
	expectError(t, "too large a piece", err, attachment.ErrTooLarge)
	must(t, w.Lock(t.Context(), at("vault.lock")))
	_, _, err = w.AttachmentBegin(t.Context(), at("signal.attachment.begin"), true, nil)
	expectError(t, "while locked", err, vault.ErrLocked)
	_, err = w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, enrolment(t, w.Vault, w.user.ID, unlock.Recovery).ID,
		unlock.ByRecovery(entropy), 0)
	must(t, err)
	_, _, err = w.AttachmentBegin(t.Context(), from(other, "signal.attachment.begin"), true, nil)
	expectError(t, "without a grant", err, vault.ErrNotGranted)
}

func TestAttachmentThatCannotBeLoggedDoesNotBegin(t *testing.T) {
	w := setUp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, key, err := w.AttachmentBegin(ctx, at("signal.attachment.begin"), true, nil)
	if !errors.Is(err, context.Canceled) || key != nil || w.Streams() != 0 {
		t.Errorf("%v, %d streams", err, w.Streams())
	}
}
