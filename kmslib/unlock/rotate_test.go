// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
)

func TestRotationNeedsNobodysSecret(t *testing.T) {
	for _, w := range ways() {
		t.Run(string(w.method), func(t *testing.T) {
			ctx, slot := t.Context(), slotOf("ann", "one")
			old, next, last := newVaultKey(t), newVaultKey(t), newVaultKey(t)
			e, deviceKey := mustEnrol(t, slot, old, w.enrol)
			record := e.Marshal()
			second, err := e.Reencapsulate(ctx, quickEnv(), slot, old, next, 2)
			if err != nil {
				t.Fatal(err)
			}
			third, err := second.Reencapsulate(ctx, quickEnv(), slot, next, last, 5)
			if err != nil {
				t.Fatal(err)
			}
			expectOpens(t, e, slot, w.prove(deviceKey), old) // until the new record is stored
			expectOpens(t, second, slot, w.prove(deviceKey), next)
			expectOpens(t, third, slot, w.prove(deviceKey), last)
			if !bytes.Equal(e.Marshal(), record) {
				t.Error("the enrolment itself was changed")
			}
			if e.Generation() != 1 || second.Generation() != 2 || third.Generation() != 5 {
				t.Error("the generations are not those given")
			}
			if !bytes.Equal(e.PointHash(), third.PointHash()) {
				t.Error("the public key was changed")
			}
		})
	}
}

func TestRotationSurvivesStorage(t *testing.T) {
	w := wayOf(Passphrase)
	slot, old, next := slotOf("ann", "one"), newVaultKey(t), newVaultKey(t)
	e, _ := mustEnrol(t, slot, old, w.enrol)
	named, err := e.WithUsed(5).WithLabel("another label")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := Parse(slot, named.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	second, err := stored.Reencapsulate(t.Context(), quickEnv(), slot, old, next, 2)
	if err != nil {
		t.Fatal(err)
	}
	if second.Label != "another label" || second.Used != 5 {
		t.Errorf("rotation lost the notes: %q, %d", second.Label, second.Used)
	}
	expectOpens(t, second, slot, w.prove(nil), next)
}

// Whoever does not have the current vault key cannot send one, and the vault
// sends none to a record that it does not know as its own.
func TestOnlyTheVaultSendsAndOnlyToItsOwn(t *testing.T) {
	ctx, slot := t.Context(), slotOf("ann", "one")
	old, next := newVaultKey(t), newVaultKey(t)
	mine, _ := mustEnrol(t, slot, old, WithRecovery(rightEntropy))
	forged, _ := mustEnrol(t, slot, newVaultKey(t), WithRecovery([]byte("the forger's own")))

	_, err := mine.Reencapsulate(ctx, quickEnv(), slot, newVaultKey(t), next, 2)
	expectError(t, "another current vault key", err, &DamagedError{Part: PartSender})
	_, err = forged.Reencapsulate(ctx, quickEnv(), slot, old, next, 2)
	expectError(t, "an enrolment of somebody else", err, &DamagedError{Part: PartSender})

	swapped := *mine
	swapped.point = forged.point
	_, err = swapped.Reencapsulate(ctx, quickEnv(), slot, old, next, 2)
	expectError(t, "a public key of somebody else", err, &DamagedError{Part: PartSender})

	// A forger knows everything in the record, and their own vault key.
	for _, sender := range [][]byte{make([]byte, senderSize), bytes.Repeat([]byte{1}, senderSize), mine.sender.bytes} {
		sent := *mine
		if err := sent.send(ctx, quickEnv(), slot, newVaultKey(t), 2, sender); err != nil {
			t.Fatal(err)
		}
		_, err = sent.Open(ctx, quickEnv(), slot, ByRecovery(rightEntropy))
		expectError(t, "a vault key from somebody else", err, &DamagedError{Part: PartCapsule})
	}
}

func TestRotationRefusesWhatIsNoNextVaultKey(t *testing.T) {
	ctx, slot, old := t.Context(), slotOf("ann", "one"), newVaultKey(t)
	e, deviceKey := mustEnrol(t, slot, old, WithGate(testCredential()))
	for _, generation := range []int64{-1, 0, 1, 1 << 53} {
		_, err := e.Reencapsulate(ctx, quickEnv(), slot, old, newVaultKey(t), generation)
		if _, ok := errors.AsType[*InputError](err); !ok {
			t.Errorf("generation %d: error %v", generation, err)
		}
	}
	for _, next := range []keys.Handle{nil, deviceKey, []byte("bytes")} {
		if _, err := e.Reencapsulate(ctx, quickEnv(), slot, old, next, 2); err == nil {
			t.Error("something that is no vault key was sent")
		}
	}
	if _, err := e.Reencapsulate(ctx, quickEnv(), Slot{}, old, newVaultKey(t), 2); err == nil {
		t.Error("a slot that is none was accepted")
	}
}
