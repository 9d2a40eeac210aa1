// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"testing"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

func TestSetUpOpensTheVaultAndItsLogVerifies(t *testing.T) {
	w := setUp(t)
	info, open := w.Session()
	if !open || info.User != w.user.ID || info.Label != "Ada" || info.Method != unlock.Passphrase {
		t.Fatalf("Session = %+v, %v", info, open)
	}
	key := generate(t, w.Vault)
	if err := sign(t, w.Vault, key.KID); err != nil {
		t.Fatal(err)
	}
	result := verifyLog(t, w.Vault)
	if result.Size != 5 || result.Delegated != 0 || result.Certificates != 1 {
		t.Errorf("result = %+v", result)
	}
	for i, want := range []string{"vault.setup", "enrolment.add", "vapid.generate", "vapid.sign", "audit.export"} {
		if e := entries(t, w.Vault)[i]; e.Method != want || e.Outcome != "ok" || e.Release != release {
			t.Errorf("entry %d = %+v, want %s", i, e, want)
		}
	}
}

func TestLockedVaultOpensByEachEnrolment(t *testing.T) {
	w := newWorld()
	w.user = w.create(t, "Ada", byPassphrase(passphrase), byRecovery(), byGate("gate"), byPRF("prf"))
	key := generate(t, w.Vault)
	first, second := prfOutputs("prf")
	gate := enrolment(t, w.Vault, w.user.ID, unlock.PasskeyGate)
	for method, proof := range map[unlock.Method]unlock.Proof{
		unlock.Passphrase:  unlock.ByPassphrase([]byte(passphrase)),
		unlock.Recovery:    unlock.ByRecovery(entropy),
		unlock.PasskeyPRF:  unlock.ByPRF(first, second),
		unlock.PasskeyGate: unlock.ByGate(gate.DeviceKey),
	} {
		if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
			t.Fatal(err)
		}
		expectError(t, "sign while locked", sign(t, w.Vault, key.KID), vault.ErrLocked)
		w.clock.Advance(10)
		id := enrolment(t, w.Vault, w.user.ID, method).ID
		info, err := w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, id, proof, 8)
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		if info.Method != method || info.Enrolment != id {
			t.Errorf("%s: session = %+v", method, info)
		}
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Errorf("%s: sign: %v", method, err)
		}
		if used := enrolment(t, w.Vault, w.user.ID, method).Used; used != w.clock.Now() {
			t.Errorf("%s: used = %d, want now", method, used)
		}
	}
	verifyLog(t, w.Vault)
}

// A passkey's signature counter must grow, also between two that were verified
// against the same last one.
func TestSignatureCounterMustGrow(t *testing.T) {
	w := newWorld()
	w.user = w.create(t, "Ada", byPRF("prf"))
	info := enrolment(t, w.Vault, w.user.ID, unlock.PasskeyPRF)
	first, second := prfOutputs("prf")
	for _, try := range []struct {
		counter uint32
		ok      bool
	}{{7, false}, {0, false}, {8, true}, {8, false}, {100, true}, {99, false}} {
		_, err := w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, info.ID, unlock.ByPRF(first, second), try.counter)
		if (err == nil) != try.ok {
			t.Errorf("counter %d: %v", try.counter, err)
		}
	}
	if got := enrolment(t, w.Vault, w.user.ID, unlock.PasskeyPRF).Credential.Counter; got != 100 {
		t.Errorf("stored counter %d, want 100", got)
	}
}

// The device key of one gate does not open another enrolment, nor does any other
// key.
func TestGateOpensByItsOwnDeviceKeyOnly(t *testing.T) {
	w := newWorld()
	w.user = w.create(t, "Ada", byPassphrase(passphrase), byGate("one"))
	bob := w.create(t, "Bob", byGate("two"))
	theirs := enrolment(t, w.Vault, bob.ID, unlock.PasskeyGate)
	mine := enrolment(t, w.Vault, w.user.ID, unlock.PasskeyGate)
	stranger, err := quickOps{}.GenerateAES(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]vault.Handle{"another user's": theirs.DeviceKey, "new": stranger, "none": nil} {
		_, err := w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, mine.ID, unlock.ByGate(key), 8)
		if err == nil {
			t.Errorf("%s key opened it", name)
		}
	}
	_, err = w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, mine.ID, unlock.ByPassphrase([]byte(passphrase)), 0)
	expectError(t, "a passphrase", err, unlock.ErrMethod)
}

func TestIncompleteConfigPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New took a Config without a Store")
		}
	}()
	config := newWorld().config(nil)
	vault.New(config)
}
