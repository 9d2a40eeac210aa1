// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// timedOps are key operations on a device of a given speed.
type timedOps struct {
	quickOps
	speed  *int64 // PBKDF2 iterations per millisecond
	millis *int64
}

func (o timedOps) PBKDF2(ctx context.Context, passphrase, salt []byte, n int) (keys.Handle, error) {
	*o.millis += int64(n) / *o.speed
	return o.quickOps.PBKDF2(ctx, passphrase, salt, n)
}

// An enrolment that was made for another device is made anew at an unlock, under
// the same id, with the same passphrase and for the same vault key.
func TestPassphraseIsRecalibratedWhenFarOff(t *testing.T) {
	w := newWorld()
	speed, millis := int64(2000), int64(0)
	config := w.config(w.store)
	config.Keys = timedOps{speed: &speed, millis: &millis}
	config.Millis = func() int64 { return millis }
	v := vault.New(config)
	user, err := v.CreateUser(t.Context(), at("vault.setup"), "Ada", []vault.NamedEnroller{
		{Label: "Mine", Enroller: unlock.WithPassphrase([]byte(passphrase), unlock.PBKDF2(800_000))}, byRecovery(),
	})
	if err != nil {
		t.Fatal(err)
	}
	key := generate(t, v)
	open := func() unlock.KDF {
		t.Helper()
		info := enrolment(t, v, user.ID, unlock.Passphrase)
		_, err := v.Unlock(t.Context(), at("vault.unlock"), user.ID, info.ID, vault.ByPassphrase([]byte(passphrase)), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := sign(t, v, key.KID); err != nil {
			t.Fatal(err)
		}
		again := enrolment(t, v, user.ID, unlock.Passphrase)
		if again.ID != info.ID || again.Label != "Mine" {
			t.Errorf("enrolment = %+v, before %+v", again, info)
		}
		return *again.KDF
	}
	if got := open().Iterations; got != 800_000 {
		t.Errorf("%d iterations, want them as they were", got)
	}
	speed = 20_000
	fast := open().Iterations
	if fast < 6_000_000 || fast > 8_000_000 {
		t.Errorf("%d iterations on a faster device, want about 8,000,000", fast)
	}
	if got := open().Iterations; got != fast {
		t.Errorf("%d iterations the next time, want %d", got, fast)
	}
	speed = 100
	if got := open().Iterations; got != unlock.MinIterations {
		t.Errorf("%d iterations on a slower device, want the least", got)
	}
	if err := prove(t, v, user.ID).Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	verifyLog(t, v)
}
