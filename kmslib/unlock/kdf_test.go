// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"encoding/hex"
	"testing"

	"ats.run/kms-enclave/kmslib/keys/keystest"
)

func TestKDFBounds(t *testing.T) {
	argon := func(memory, passes, lanes int) KDF { return KDF{KDFArgon2id, 0, memory, passes, lanes, nil} }
	for _, c := range []struct {
		name string
		kdf  KDF
		ok   bool
	}{
		{"least iterations", PBKDF2(600_000), true},
		{"most iterations", PBKDF2(100_000_000), true},
		{"fewer iterations", PBKDF2(599_999), false},
		{"more iterations", PBKDF2(100_000_001), false},
		{"iterations and memory", KDF{KDFPBKDF2, 600_000, 1, 0, 0, nil}, false},
		{"iterations and passes", KDF{KDFPBKDF2, 600_000, 0, 1, 0, nil}, false},
		{"iterations and lanes", KDF{KDFPBKDF2, 600_000, 0, 0, 1, nil}, false},
		{"default memory", Argon2id(), true},
		{"most of all", argon(256<<10, 64, 4), true},
		{"less memory", argon(64<<10-1, 3, 1), false},
		{"more memory", argon(256<<10+1, 3, 1), false},
		{"fewer passes", argon(64<<10, 2, 1), false},
		{"more passes", argon(64<<10, 65, 1), false},
		{"no lane", argon(64<<10, 3, 0), false},
		{"more lanes", argon(64<<10, 3, 5), false},
		{"memory and iterations", KDF{KDFArgon2id, 1, 64 << 10, 3, 1, nil}, false},
		{"another name", KDF{Name: "scrypt"}, false},
		{"none", KDF{}, false},
	} {
		if got := c.kdf.reason() == ""; got != c.ok {
			t.Errorf("%s: accepted %t, want %t", c.name, got, c.ok)
		}
	}
}

// The reference implementation of Argon2, src/test.c: version 0x13, m = 2^16
// KiB, t = 2, p = 1, "password", "somesalt".
func TestArgon2idIsThatOfTheReference(t *testing.T) {
	kdf := KDF{Name: KDFArgon2id, MemoryKiB: 1 << 16, Passes: 2, Lanes: 1}
	got, err := kdf.stretch(t.Context(), keystest.Ops{}, []byte("password"), []byte("somesalt"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString("09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7")
	if err != nil {
		t.Fatal(err)
	}
	want, err := keystest.Ops{}.ImportBase(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fingerprintOfBase(t, got), fingerprintOfBase(t, want)) {
		t.Error("another output")
	}
}

func TestStale(t *testing.T) {
	for _, c := range []struct {
		name             string
		kdf              KDF
		measured, target int64
		want             bool
	}{
		{"as wanted", PBKDF2(2_000_000), 400, 400, false},
		{"half", PBKDF2(2_000_000), 200, 400, false},
		{"less than half", PBKDF2(2_000_000), 199, 400, true},
		{"2.5 times", PBKDF2(2_000_000), 1000, 400, false},
		{"more than 2.5 times", PBKDF2(2_000_000), 1001, 400, true},
		{"slow at the floor", PBKDF2(MinIterations), 5000, 400, false},
		{"quick at the floor", PBKDF2(MinIterations), 100, 400, true},
		{"quick at the ceiling", PBKDF2(MaxIterations), 1, 400, false},
		{"below the floor", PBKDF2(MinIterations - 1), 400, 400, true},
		{"not measured", PBKDF2(2_000_000), 0, 400, false},
		{"clock ran back", PBKDF2(2_000_000), -5, 400, false},
		{"no target", PBKDF2(2_000_000), 400, 0, false},
		{"argon2id", Argon2id(), 1, 400, false},
		{"argon2id with less memory", KDF{KDFArgon2id, 0, 32 << 10, 3, 1, nil}, 400, 400, true},
		{"argon2id with fewer passes", KDF{KDFArgon2id, 0, 64 << 10, 2, 1, nil}, 400, 400, true},
	} {
		if got := Stale(c.kdf, c.measured, c.target); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}
