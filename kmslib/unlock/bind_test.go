// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/wire"
)

// unbound returns whom a field may be altered for: what is not authenticated
// for anyone, what the vault does not read since it makes it anew, and what the
// person does not read.
func unbound(path string) (opens, sends bool) {
	switch field, _, _ := strings.Cut(path, "."); {
	case path == "label" || path == "used" || path == "credential.counter":
		return true, true
	case field == "capsule":
		return false, true
	case field == "sender":
		return true, false
	}
	return false, false
}

// Every field of a record is bound, whichever it is: altered, it opens neither
// for the person nor for the vault that would send the next key.
//
// Mistake M29 (docs/mistakes.md).
func TestEveryFieldIsBound(t *testing.T) {
	for _, w := range append(ways(), argonWay()) {
		t.Run(string(w.method), func(t *testing.T) {
			slot, vaultKey := slotOf("ann", "one"), newVaultKey(t)
			e, deviceKey := mustEnrol(t, slot, vaultKey, w.enrol)
			all := alterations(t, e.Marshal())
			for path, record := range all {
				if isArgon := e.kdf != nil && e.kdf.Name == KDFArgon2id; isArgon && !strings.HasPrefix(path, "kdf.") {
					continue // as with PBKDF2, and it takes long
				}
				opens, sends := opensAndSends(t, slot, record, w.prove(deviceKey), vaultKey)
				if mayOpen, maySend := unbound(path); opens != mayOpen || sends != maySend {
					t.Errorf("%s altered: opens %t, sends %t", path, opens, sends)
				}
			}
			if len(all) < 16 {
				t.Errorf("only %d alterations were tried", len(all))
			}
		})
	}
}

func argonWay() way {
	return way{
		method: Passphrase, enrol: WithPassphrase(rightPassphrase, Argon2id()),
		prove: func(keys.Handle) Proof { return ByPassphrase(rightPassphrase) },
	}
}

// opensAndSends says whether a record opens for the person, and whether the
// vault would send the next vault key to it.
func opensAndSends(t *testing.T, slot Slot, record []byte, proof Proof, vaultKey keys.Handle) (opens, sends bool) {
	t.Helper()
	e, err := Parse(slot, record)
	if err != nil {
		return false, false
	}
	_, openErr := e.Open(t.Context(), quickEnv(), slot, proof)
	_, sendErr := e.Reencapsulate(t.Context(), quickEnv(), slot, vaultKey, newVaultKey(t), e.Generation()+1)
	return openErr == nil, sendErr == nil
}

// alterations returns the record with one leaf altered, by the path of the leaf.
func alterations(t *testing.T, record []byte) map[string][]byte {
	t.Helper()
	var tree any
	if err := json.Unmarshal(record, &tree); err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]byte)
	var walk func(path string, value any, set func(any))
	walk = func(path string, value any, set func(any)) {
		switch v := value.(type) {
		case map[string]any:
			for name, child := range v {
				walk(strings.TrimPrefix(path+"."+name, "."), child, func(x any) { v[name] = x })
			}
		case []any:
			for i, child := range v {
				walk(path, child, func(x any) { v[i] = x })
			}
		default:
			set(altered(value))
			all[path] = canonical(t, tree)
			set(value)
		}
	}
	walk("", tree, nil)
	return all
}

// altered returns another value of the same kind and shape.
func altered(value any) any {
	switch v := value.(type) {
	case float64:
		return v + 1
	case string:
		if decoded, err := base64.RawURLEncoding.DecodeString(v); err == nil && len(decoded) >= 12 {
			decoded[len(decoded)/2] ^= 1
			return base64.RawURLEncoding.EncodeToString(decoded)
		}
		return v[:len(v)-1] + string(v[len(v)-1]^1)
	}
	panic("a kind of value that records do not have")
}

// canonical returns a tree of encoding/json as our canonical bytes.
func canonical(t *testing.T, tree any) []byte {
	t.Helper()
	loose, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	v, err := wire.Parse(loose)
	if err != nil {
		t.Fatal(err)
	}
	return v.Append(nil)
}

func TestMovedRecordsDoNotOpen(t *testing.T) {
	for _, w := range ways() {
		t.Run(string(w.method), func(t *testing.T) {
			vaultKey := newVaultKey(t)
			e, deviceKey := mustEnrol(t, slotOf("ann", "one"), vaultKey, w.enrol)
			for _, moved := range []Slot{slotOf("ann", "two"), slotOf("bob", "one"), {id("one"), id("ann")}} {
				if opens, sends := opensAndSends(t, moved, e.Marshal(), w.prove(deviceKey), vaultKey); opens || sends {
					t.Errorf("in another slot: opens %t, sends %t", opens, sends)
				}
				_, err := e.Open(t.Context(), quickEnv(), moved, w.prove(deviceKey))
				part := PartKey
				if w.method == PasskeyGate {
					part = PartDevice
				}
				expectError(t, "in another slot", err, &DamagedError{Part: part})
			}
		})
	}
}

// Parts of one record do not fit into another, even of the same user, method
// and secret.
func TestPartsDoNotFitIntoAnotherRecord(t *testing.T) {
	for _, w := range ways() {
		t.Run(string(w.method), func(t *testing.T) {
			vaultKey := newVaultKey(t)
			slot := slotOf("ann", "one")
			a, deviceKey := mustEnrol(t, slot, vaultKey, w.enrol)
			b, _ := mustEnrol(t, slot, vaultKey, w.enrol)
			var one, two map[string]any
			if err := json.Unmarshal(a.Marshal(), &one); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b.Marshal(), &two); err != nil {
				t.Fatal(err)
			}
			for name := range one {
				mixed := maps.Clone(one)
				mixed[name] = two[name]
				record := canonical(t, mixed)
				if string(record) == string(a.Marshal()) {
					continue // equal in both
				}
				opens, sends := opensAndSends(t, slot, record, w.prove(deviceKey), vaultKey)
				if mayOpen, maySend := unbound(name); opens != mayOpen || sends != maySend {
					t.Errorf("%s of another record: opens %t, sends %t", name, opens, sends)
				}
			}
		})
	}
}
