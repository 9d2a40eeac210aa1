// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
)

func TestEachMethodOpensItsEnrolmentToTheVaultKey(t *testing.T) {
	for _, w := range ways() {
		t.Run(string(w.method), func(t *testing.T) {
			slot, vaultKey := slotOf("ann", "one"), newVaultKey(t)
			e, deviceKey := mustEnrol(t, slot, vaultKey, w.enrol)
			if e.Method != w.method || e.Label != "a label" || e.Created != 1_790_000_000 || e.Used != 0 ||
				e.Generation() != 1 || (deviceKey != nil) != (w.method == PasskeyGate) {
				t.Errorf("enrolment %+v, device key %v", e, deviceKey)
			}
			expectOpens(t, e, slot, w.prove(deviceKey), vaultKey)
			expectOpens(t, e, slot, w.prove(deviceKey), vaultKey) // and again
		})
	}
}

// With the KDF of a real platform, and the costly one.
func TestPassphraseIsStretchedAsTheKDFSays(t *testing.T) {
	for _, kdf := range []KDF{PBKDF2(MinIterations), Argon2id()} {
		t.Run(kdf.Name, func(t *testing.T) {
			env := quickEnv()
			env.Keys = keystest.Ops{}
			slot, vaultKey := slotOf("ann", "one"), newVaultKey(t)
			e, _, err := Enrol(t.Context(), env, slot, "a label", 0, vaultKey, 1, WithPassphrase(rightPassphrase, kdf))
			if err != nil {
				t.Fatal(err)
			}
			if got := e.KDF(); got.Name != kdf.Name || len(got.Salt) != SaltSize {
				t.Errorf("KDF %+v", got)
			}
			if _, err := e.Open(t.Context(), env, slot, ByPassphrase(rightPassphrase)); err != nil {
				t.Error(err)
			}
			_, err = e.Open(t.Context(), env, slot, ByPassphrase([]byte("incorrect horse")))
			expectError(t, "wrong passphrase", err, ErrWrongSecret)
		})
	}
}

func TestWrongSecretsDoNotOpen(t *testing.T) {
	for _, w := range ways() {
		t.Run(string(w.method), func(t *testing.T) {
			slot := slotOf("ann", "one")
			e, deviceKey := mustEnrol(t, slot, newVaultKey(t), w.enrol)
			_, err := e.Open(t.Context(), quickEnv(), slot, w.wrong(deviceKey))
			expectError(t, "wrong proof", err, w.err)
			for _, other := range ways() {
				if other.method != w.method {
					_, err := e.Open(t.Context(), quickEnv(), slot, other.prove(newDeviceKey()))
					expectError(t, "proof of "+string(other.method), err, ErrMethod)
				}
			}
		})
	}
}

func TestImpossibleProofsDoNotOpen(t *testing.T) {
	first, second := rightPasskey.prf(rightSalt)
	for _, c := range []struct {
		name  string
		way   Method
		proof Proof
		err   error
	}{
		{"a passphrase beyond the limit", Passphrase, ByPassphrase(make([]byte, MaxPassphrase+1)), ErrWrongSecret},
		{"no passphrase", Passphrase, ByPassphrase(nil), ErrWrongSecret},
		{"a long recovery key", Recovery, ByRecovery(make([]byte, 32)), ErrWrongSecret},
		{"no recovery key", Recovery, ByRecovery(nil), ErrWrongSecret},
		{"no device key", PasskeyGate, ByGate(nil), &DamagedError{Part: PartDevice}},
		{"outputs in the other order", PasskeyPRF, ByPRF(second, first), ErrPRFChanged},
		{"equal outputs", PasskeyPRF, ByPRF(first, first), ErrPRFOutput},
		{"one output", PasskeyPRF, ByPRF(first, nil), ErrPRFOutput},
		{"a short output", PasskeyPRF, ByPRF(first, second[:31]), ErrPRFOutput},
		{"an output of zeros", PasskeyPRF, ByPRF(make([]byte, 32), second), ErrPRFOutput},
	} {
		t.Run(c.name, func(t *testing.T) {
			slot := slotOf("ann", "one")
			w := wayOf(c.way)
			e, _ := mustEnrol(t, slot, newVaultKey(t), w.enrol)
			_, err := e.Open(t.Context(), quickEnv(), slot, c.proof)
			expectError(t, c.name, err, c.err)
		})
	}
}

func TestChangedMethodDoesNotOpen(t *testing.T) {
	for _, w := range ways() {
		for _, other := range ways() {
			slot := slotOf("ann", "one")
			e, deviceKey := mustEnrol(t, slot, newVaultKey(t), w.enrol)
			e.Method = other.method
			if _, err := e.Open(t.Context(), quickEnv(), slot, other.prove(deviceKey)); err == nil && other.method != w.method {
				t.Errorf("%s opens as %s", w.method, other.method)
			}
		}
	}
}

func wayOf(m Method) way {
	all := ways()
	return all[slices.IndexFunc(all, func(w way) bool { return w.method == m })]
}

// The vault key is made by the platform, and only what it made can be enrolled:
// there is no way to pass one in as bytes.
//
// Mistake M06 (docs/mistakes.md).
func TestNobodyChoosesTheVaultKey(t *testing.T) {
	ctx := t.Context()
	base, err := keystest.Ops{}.ImportBase(ctx, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	signing, _, err := keystest.Ops{}.GenerateP256(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, chosen := range map[string]keys.Handle{
		"bytes": bytes.Repeat([]byte{1}, 32), "a base secret": base, "a sealing key": newDeviceKey(),
		"a signing key": signing, "text": "secret", "none": nil,
	} {
		for _, w := range ways() {
			_, _, err := Enrol(ctx, quickEnv(), slotOf("ann", "one"), "a label", 0, chosen, 1, w.enrol)
			if err == nil {
				t.Errorf("%s: %s was enrolled as the vault key", w.method, name)
			}
		}
	}
}

// Every enrolment of a vault opens to the same vault key, whatever was cleared
// or enrolled in between, and nothing changes an enrolment that is there.
//
// Mistake M07 (docs/mistakes.md).
func TestAddedEnrolmentsOpenToTheSameVaultKey(t *testing.T) {
	vaultKey := newVaultKey(t)
	passphrase := bytes.Clone(rightPassphrase)
	slot := slotOf("ann", "first")
	e, _ := mustEnrol(t, slot, vaultKey, WithPassphrase(passphrase, PBKDF2(MinIterations)))
	clear(passphrase)
	record := e.Marshal()
	opened := expectOpens(t, e, slot, ByPassphrase(rightPassphrase), vaultKey)
	for _, w := range ways() {
		for _, name := range []string{"second", "third"} { // also two of one method
			secret, err := opened.Secret(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			added := slotOf("ann", name+string(w.method))
			more, deviceKey := mustEnrol(t, added, secret, w.enrol)
			expectOpens(t, more, added, w.prove(deviceKey), vaultKey)
		}
	}
	if !bytes.Equal(e.Marshal(), record) {
		t.Error("the first enrolment was changed")
	}
	expectOpens(t, e, slot, ByPassphrase(rightPassphrase), vaultKey)
}

// The salt in the record is the one that the passkey was asked with.
//
// Mistake M08 (docs/mistakes.md).
func TestStoredPRFSaltIsTheOneThatWasUsed(t *testing.T) {
	salt, err := NewSalt(quickEnv().Random)
	if err != nil {
		t.Fatal(err)
	}
	first, second := rightPasskey.prf(salt)
	slot, vaultKey := slotOf("ann", "one"), newVaultKey(t)
	e, _ := mustEnrol(t, slot, vaultKey, WithPRF(testCredential(), first, second, salt))
	clear(salt) // of the caller
	stored, err := Parse(slot, e.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	// The passkey is asked anew with what is stored.
	again1, again2 := rightPasskey.prf(stored.PRFSalt())
	expectOpens(t, stored, slot, ByPRF(again1, again2), vaultKey)
}

func TestImpossibleEnrolmentsAreRefused(t *testing.T) {
	first, second := rightPasskey.prf(rightSalt)
	credential := func(change func(*Credential)) Enroller {
		c := testCredential()
		change(&c)
		return WithGate(c)
	}
	good := WithRecovery(rightEntropy)
	ok := slotOf("ann", "one")
	for _, c := range []struct {
		name       string
		slot       Slot
		label      string
		now        int64
		generation int64
		how        Enroller
		want       any
	}{
		{"empty slot", Slot{}, "x", 0, 1, good, new(*InputError)},
		{"short id", Slot{ok.User, ok.ID[:21]}, "x", 0, 1, good, new(*InputError)},
		{"id in another spelling", Slot{ok.User, ok.ID[:21] + "B"}, "x", 0, 1, good, new(*InputError)},
		{"negative time", ok, "x", -1, 1, good, new(*InputError)},
		{"time beyond", ok, "x", 1 << 53, 1, good, new(*InputError)},
		{"no generation", ok, "x", 0, 0, good, new(*InputError)},
		{"empty label", ok, "", 0, 1, good, nil},
		{"long label", ok, strings.Repeat("é", MaxLabel+1), 0, 1, good, nil},
		{"label with a line break", ok, "a\nb", 0, 1, good, nil},
		{"label that is not UTF-8", ok, "\xff", 0, 1, good, nil},
		{"weak passphrase", ok, "x", 0, 1, WithPassphrase([]byte("short"), PBKDF2(MinIterations)), new(*PassphraseError)},
		{"low iterations", ok, "x", 0, 1, WithPassphrase(rightPassphrase, PBKDF2(MinIterations-1)), new(*InputError)},
		{"unknown KDF", ok, "x", 0, 1, WithPassphrase(rightPassphrase, KDF{Name: "md5"}), new(*InputError)},
		{"short recovery key", ok, "x", 0, 1, WithRecovery(make([]byte, 15)), new(*InputError)},
		{"recovery key of zeros", ok, "x", 0, 1, WithRecovery(make([]byte, 16)), new(*InputError)},
		{"no PRF salt", ok, "x", 0, 1, WithPRF(testCredential(), first, second, nil), new(*InputError)},
		{"no credential id", ok, "x", 0, 1, credential(func(c *Credential) { c.ID = nil }), new(*InputError)},
		{"long credential id", ok, "x", 0, 1, credential(func(c *Credential) { c.ID = make([]byte, 1024) }), new(*InputError)},
		{"no public key", ok, "x", 0, 1, credential(func(c *Credential) { c.SPKI = nil }), new(*InputError)},
		{"unknown algorithm", ok, "x", 0, 1, credential(func(c *Credential) { c.Alg = -8 }), new(*InputError)},
		{"no host", ok, "x", 0, 1, credential(func(c *Credential) { c.RPID = "" }), new(*InputError)},
		{"an origin for a host", ok, "x", 0, 1, credential(func(c *Credential) { c.RPID = "https://kms.example" }), new(*InputError)},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, deviceKey, err := Enrol(t.Context(), quickEnv(), c.slot, c.label, c.now, newVaultKey(t), c.generation, c.how)
			if c.want == nil {
				expectError(t, c.name, err, ErrLabel)
			} else if !errors.As(err, c.want) {
				t.Errorf("error %v, want %T", err, c.want)
			}
			if e != nil || deviceKey != nil {
				t.Error("something was made")
			}
		})
	}
	for _, out := range [][2][]byte{{first, first}, {make([]byte, 32), second}, {first, make([]byte, 32)}, {first, nil}} {
		_, _, err := Enrol(t.Context(), quickEnv(), ok, "x", 0, newVaultKey(t), 1,
			WithPRF(testCredential(), out[0], out[1], rightSalt))
		expectError(t, "PRF outputs that are none", err, ErrPRFOutput)
	}
}

func TestUnknownTransportsAreLeftOut(t *testing.T) {
	c := testCredential()
	c.Transports = []string{"usb", "Über", "", "smart-card", strings.Repeat("a", 33), "1", "2", "3", "4", "5", "6", "7", "8"}
	e, _ := mustEnrol(t, slotOf("ann", "one"), newVaultKey(t), WithGate(c))
	want := []string{"usb", "smart-card", "1", "2", "3", "4", "5", "6"}
	if got := e.Credential().Transports; !slices.Equal(got, want) {
		t.Errorf("transports %q, want %q", got, want)
	}
}
