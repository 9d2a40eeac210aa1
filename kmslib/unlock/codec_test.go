// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/internal/vectors"
	"ats.run/kms-enclave/kmslib/wire"
)

func TestRecordsComeBack(t *testing.T) {
	for _, w := range ways() {
		slot := slotOf("ann", "one")
		e, _ := mustEnrol(t, slot, newVaultKey(t), w.enrol)
		read, err := Parse(slot, e.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(read, e) {
			t.Errorf("%s: read %+v, want %+v", w.method, read, e)
		}
	}
}

func TestNotesChangeAndNothingElse(t *testing.T) {
	slot, vaultKey := slotOf("ann", "one"), newVaultKey(t)
	e, deviceKey := mustEnrol(t, slot, vaultKey, WithGate(testCredential()))
	record := e.Marshal()
	named, err := e.WithLabel("Schlüssel am Ring")
	if err != nil {
		t.Fatal(err)
	}
	changed := named.WithUsed(1_800_000_000).WithCounter(99)
	if changed.Label != "Schlüssel am Ring" || changed.Used != 1_800_000_000 || changed.Credential().Counter != 99 {
		t.Errorf("changed %+v", changed)
	}
	expectOpens(t, changed, slot, ByGate(deviceKey), vaultKey)
	if !bytes.Equal(e.Marshal(), record) {
		t.Error("the first enrolment was changed")
	}
	if back, _ := changed.WithUsed(0).WithCounter(7).WithLabel("a label"); !bytes.Equal(back.Marshal(), record) {
		t.Error("more than the notes was changed")
	}
	if _, err := e.WithLabel("\x00"); !errors.Is(err, ErrLabel) {
		t.Errorf("label of a control character: error %v", err)
	}
	for _, used := range []int64{-1, 1 << 60} {
		if _, err := Parse(slot, e.WithUsed(used).Marshal()); err != nil {
			t.Errorf("used %d: %v", used, err)
		}
	}
	plain, _ := mustEnrol(t, slot, vaultKey, WithRecovery(rightEntropy))
	if plain.WithCounter(5) != plain {
		t.Error("a recovery key has a counter")
	}
}

func TestAccessorsSayWhatIsThereAndGiveCopies(t *testing.T) {
	for _, w := range ways() {
		slot := slotOf("ann", "one")
		e, _ := mustEnrol(t, slot, newVaultKey(t), w.enrol)
		record := e.Marshal()
		isPasskey := w.method == PasskeyPRF || w.method == PasskeyGate
		if (e.KDF() != nil) != (w.method == Passphrase) || (e.Credential() != nil) != isPasskey ||
			(e.PRFSalt() != nil) != (w.method == PasskeyPRF) || len(e.PointHash()) != 32 {
			t.Errorf("%s: %v, %v, %x", w.method, e.KDF(), e.Credential(), e.PRFSalt())
		}
		if c := e.Credential(); c != nil {
			if !reflect.DeepEqual(*c, testCredential()) {
				t.Errorf("credential %+v", c)
			}
			clear(c.ID)
			clear(c.SPKI)
			clear(c.Transports)
		}
		if k := e.KDF(); k != nil {
			clear(k.Salt)
			k.Iterations = 1
		}
		clear(e.PRFSalt())
		clear(e.PointHash())
		if !bytes.Equal(e.Marshal(), record) {
			t.Errorf("%s: an accessor gave no copy", w.method)
		}
	}
}

// edit returns a record with members set; nil deletes.
func edit(t *testing.T, record []byte, path string, value any) []byte {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(record, &tree); err != nil {
		t.Fatal(err)
	}
	object := tree
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		object = object[name].(map[string]any)
	}
	if last := names[len(names)-1]; value == nil {
		delete(object, last)
	} else {
		object[last] = value
	}
	return canonical(t, tree)
}

func encoded(n int) string { return base64.RawURLEncoding.EncodeToString(make([]byte, n)) }

func TestRecordsThatAreNoneAreRefused(t *testing.T) {
	for _, c := range []struct {
		way   Method
		path  string
		value any
	}{
		{Recovery, "format", "kms-enclave-enrolment/2"},
		{Recovery, "format", 1},
		{Recovery, "format", nil},
		{Recovery, "method", "pin"},
		{Recovery, "method", "passphrase"},
		{Recovery, "method", "passkey-gate"},
		{Passphrase, "method", "recovery"},
		{PasskeyGate, "method", "passkey-prf"},
		{PasskeyPRF, "method", "passkey-gate"},
		{Recovery, "created", -1},
		{Recovery, "used", -1},
		{Recovery, "used", "0"},
		{Recovery, "label", ""},
		{Recovery, "label", strings.Repeat("x", MaxLabel+1)},
		{Recovery, "label", "a\tb"},
		{Recovery, "generation", 0},
		{Recovery, "salt", encoded(31)},
		{Recovery, "salt", encoded(33)},
		{Recovery, "salt", encoded(32) + "="},
		{Recovery, "salt", strings.Repeat("A", 42) + "B"},
		{Recovery, "salt", strings.Repeat("A", 21) + "\n" + strings.Repeat("A", 22)},
		{Recovery, "point", encoded(64)},
		{Recovery, "check", encoded(16)},
		{Recovery, "key.nonce", encoded(16)},
		{Recovery, "key.sealed", encoded(16)},
		{Recovery, "key.sealed", encoded(maxPrivateKey + 1)},
		{Recovery, "key.more", 1},
		{Recovery, "capsule.sealed", encoded(47)},
		{Recovery, "capsule.ephemeral", encoded(33)},
		{Recovery, "sender.sealed", encoded(49)},
		{Recovery, "more", 1},
		{Recovery, "kdf", map[string]any{"name": KDFPBKDF2, "iterations": MinIterations}},
		{Passphrase, "kdf.name", "scrypt"},
		{Passphrase, "kdf.iterations", MinIterations - 1},
		{Passphrase, "kdf.iterations", MaxIterations + 1},
		{Passphrase, "kdf.iterations", 1 << 40},
		{Passphrase, "kdf.memoryKiB", 1},
		{Passphrase, "kdf", map[string]any{"name": KDFArgon2id, "memoryKiB": 1 << 30, "passes": 3, "lanes": 1}},
		{PasskeyPRF, "credential.id", ""},
		{PasskeyPRF, "credential.id", encoded(maxCredentialID + 1)},
		{PasskeyPRF, "credential.publicKey", encoded(maxSPKI + 1)},
		{PasskeyPRF, "credential.alg", -8},
		{PasskeyPRF, "credential.counter", 1 << 32},
		{PasskeyPRF, "credential.counter", -1},
		{PasskeyPRF, "credential.rpId", "KMS.example"},
		{PasskeyPRF, "credential.transports", []string{"USB"}},
		{PasskeyPRF, "credential.transports", slices.Repeat([]string{"usb"}, 9)},
		{PasskeyPRF, "credential.more", 1},
		{PasskeyPRF, "device", map[string]any{"nonce": encoded(12), "sealed": encoded(48)}},
		{PasskeyGate, "device.sealed", encoded(32)},
	} {
		t.Run(string(c.way)+"/"+c.path, func(t *testing.T) {
			slot := slotOf("ann", "one")
			good, _ := mustEnrol(t, slot, newVaultKey(t), wayOf(c.way).enrol)
			_, err := Parse(slot, edit(t, good.Marshal(), c.path, c.value))
			if _, ok := errors.AsType[*FormatError](err); !ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestEveryMemberIsRequired(t *testing.T) {
	for _, w := range ways() {
		slot := slotOf("ann", "one")
		e, _ := mustEnrol(t, slot, newVaultKey(t), w.enrol)
		for path := range paths(t, e.Marshal()) {
			_, err := Parse(slot, edit(t, e.Marshal(), path, nil))
			if _, ok := errors.AsType[*FormatError](err); !ok {
				t.Errorf("%s without %s: error %v", w.method, path, err)
			}
		}
	}
}

// paths returns the path of each member of each object.
func paths(t *testing.T, record []byte) map[string]bool {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(record, &tree); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]bool)
	for name, value := range tree {
		all[name] = true
		if inner, ok := value.(map[string]any); ok {
			for child := range maps.Keys(inner) {
				all[name+"."+child] = true
			}
		}
	}
	return all
}

func TestRecordsAreCanonicalAndBounded(t *testing.T) {
	slot := slotOf("ann", "one")
	e, _ := mustEnrol(t, slot, newVaultKey(t), WithRecovery(rightEntropy))
	record := e.Marshal()
	for name, value := range map[string][]byte{
		"empty":             nil,
		"a space":           append([]byte(" "), record...),
		"cut":               record[:len(record)-1],
		"twice":             append(bytes.Clone(record), record...),
		"not an object":     []byte("[]"),
		"too long":          append(bytes.Clone(record), make([]byte, MaxRecord)...),
		"a needless escape": bytes.Replace(record, []byte("recovery"), []byte(`\u0072ecovery`), 1),
	} {
		_, err := Parse(slot, value)
		if _, ok := errors.AsType[*FormatError](err); !ok {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := Parse(Slot{slot.User, "x"}, record); err == nil {
		t.Error("a slot that is none was accepted")
	}
}

func TestUnknownVersionSaysSo(t *testing.T) {
	slot := slotOf("ann", "one")
	record := wire.Object(text("format", "kms-enclave-enrolment/2"), number("anything", 1)).Append(nil)
	_, err := Parse(slot, record)
	if err == nil || !strings.Contains(err.Error(), "another release") {
		t.Errorf("error %v", err)
	}
}

func FuzzParse(f *testing.F) {
	all, err := vectors.Parse(storedRecords)
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range all {
		f.Add([]byte(v.Text("record")))
	}
	slot := slotOf("ann", "one")
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := Parse(slot, value)
		if err != nil {
			if _, ok := errors.AsType[*FormatError](err); !ok {
				t.Errorf("error %v", err)
			}
			return
		}
		if !bytes.Equal(e.Marshal(), value) {
			t.Errorf("%q is written as %q", value, e.Marshal())
		}
		// Whatever was read, opening it ends with an error and not in a panic.
		if e.kdf != nil && e.kdf.Name == KDFArgon2id {
			return // takes too long
		}
		for _, w := range ways() {
			if _, err := e.Open(t.Context(), quickEnv(), slot, w.prove(nil)); err == nil {
				t.Errorf("%q opens in a slot where it was not enrolled", value)
			}
		}
	})
}
