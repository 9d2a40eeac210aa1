// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
)

var errPlatform = errors.New("the platform failed")

// failingOps fails at one call of the operations that are used here.
type failingOps struct {
	quickOps
	left *int // calls until the failure
}

func (o failingOps) fail() error {
	*o.left--
	if *o.left == 0 {
		return errPlatform
	}
	return nil
}

func (o failingOps) PBKDF2(ctx context.Context, passphrase, salt []byte, n int) (keys.Handle, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.PBKDF2(ctx, passphrase, salt, n)
}

func (o failingOps) ImportBase(ctx context.Context, secret []byte) (keys.Handle, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.ImportBase(ctx, secret)
}

func (o failingOps) DeriveKey(ctx context.Context, base keys.Handle, salt, info []byte) (keys.Handle, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.DeriveKey(ctx, base, salt, info)
}

func (o failingOps) DeriveBytes(ctx context.Context, base keys.Handle, salt, info []byte, n int) ([]byte, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.DeriveBytes(ctx, base, salt, info, n)
}

func (o failingOps) GenerateAES(ctx context.Context) (keys.Handle, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.GenerateAES(ctx)
}

func (o failingOps) Unwrap(ctx context.Context, use keys.Use, key keys.Handle, nonce, aad, wrapped []byte) (keys.Handle, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.Unwrap(ctx, use, key, nonce, aad, wrapped)
}

func (o failingOps) GenerateWrapped(ctx context.Context, use keys.Use, key keys.Handle, nonce, aad []byte) ([]byte, []byte, error) {
	if err := o.fail(); err != nil {
		return nil, nil, err
	}
	return o.quickOps.GenerateWrapped(ctx, use, key, nonce, aad)
}

func (o failingOps) Agree(ctx context.Context, private keys.Handle, point []byte) (keys.Handle, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.Agree(ctx, private, point)
}

func (o failingOps) AgreeEphemeral(ctx context.Context, point []byte) (keys.Handle, []byte, error) {
	if err := o.fail(); err != nil {
		return nil, nil, err
	}
	return o.quickOps.AgreeEphemeral(ctx, point)
}

func (o failingOps) WrapSecret(ctx context.Context, secret, key keys.Handle, nonce, aad []byte) ([]byte, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.WrapSecret(ctx, secret, key, nonce, aad)
}

func (o failingOps) UnwrapBase(ctx context.Context, key keys.Handle, nonce, aad, wrapped []byte) (keys.Handle, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.UnwrapBase(ctx, key, nonce, aad, wrapped)
}

func (o failingOps) Seal(ctx context.Context, key keys.Handle, nonce, aad, plaintext []byte) ([]byte, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.Seal(ctx, key, nonce, aad, plaintext)
}

func (o failingOps) Open(ctx context.Context, key keys.Handle, nonce, aad, sealed []byte) ([]byte, error) {
	if err := o.fail(); err != nil {
		return nil, err
	}
	return o.quickOps.Open(ctx, key, nonce, aad, sealed)
}

// failEach runs f with a failure at each call in turn until none is left, and
// returns the number of failures.
func failEach(t *testing.T, f func(env Env) error) {
	t.Helper()
	for n := 1; n < 100; n++ {
		left := n
		err := f(Env{failingOps{left: &left}, rand.Reader})
		if left > 0 {
			if err != nil {
				t.Fatal(err)
			}
			if n < 4 {
				t.Errorf("only %d calls were failed", n-1)
			}
			return
		}
		if !errors.Is(err, errPlatform) {
			t.Errorf("failure at call %d: error %v", n, err)
		}
		if errors.Is(err, ErrWrongSecret) || errors.Is(err, ErrPRFChanged) {
			t.Errorf("failure at call %d is taken for a wrong secret", n)
		}
	}
	t.Fatal("the failures do not end")
}

// A failure of the platform is that, and never a wrong secret; nothing half made
// comes back.
func TestFailuresOfThePlatformAreReportedAsSuch(t *testing.T) {
	for _, w := range ways() {
		t.Run(string(w.method), func(t *testing.T) {
			ctx, slot, vaultKey := t.Context(), slotOf("ann", "one"), newVaultKey(t)
			failEach(t, func(env Env) error {
				e, deviceKey, err := Enrol(ctx, env, slot, "a label", 0, vaultKey, 1, w.enrol)
				if err != nil && (e != nil || deviceKey != nil) {
					t.Error("a failed enrolment came back")
				}
				return err
			})
			e, deviceKey := mustEnrol(t, slot, vaultKey, w.enrol)
			failEach(t, func(env Env) error {
				opened, err := e.Open(ctx, env, slot, w.prove(deviceKey))
				if err != nil && opened != nil {
					t.Error("a failed opening came back")
				}
				return err
			})
			next := newVaultKey(t)
			failEach(t, func(env Env) error {
				changed, err := e.Reencapsulate(ctx, env, slot, vaultKey, next, 2)
				if err != nil && changed != nil {
					t.Error("a failed rotation came back")
				}
				return err
			})
			expectOpens(t, e, slot, w.prove(deviceKey), vaultKey)
		})
	}
}

// shortRandom gives a number of bytes and then fails.
type shortRandom struct{ left int }

func (r *shortRandom) Read(p []byte) (int, error) {
	if r.left < len(p) {
		return 0, errPlatform
	}
	r.left -= len(p)
	return rand.Read(p)
}

var _ io.Reader = (*shortRandom)(nil)

func TestWithoutRandomnessNothingIsMade(t *testing.T) {
	for _, w := range ways() {
		vaultKey := newVaultKey(t)
		for n := 0; ; n += 4 {
			e, _, err := Enrol(t.Context(), Env{quickOps{}, &shortRandom{n}}, slotOf("ann", "one"), "x", 0, vaultKey, 1, w.enrol)
			if err == nil {
				if n < SaltSize+3*keys.NonceSize {
					t.Errorf("%s: enrolled with %d random bytes", w.method, n)
				}
				break
			}
			if !errors.Is(err, errPlatform) || e != nil {
				t.Fatalf("%s: error %v", w.method, err)
			}
		}
	}
	if _, err := NewSalt(&shortRandom{SaltSize - 1}); !errors.Is(err, errPlatform) {
		t.Errorf("NewSalt: error %v", err)
	}
}

func TestCancelledContextEndsEverything(t *testing.T) {
	for _, w := range ways() {
		slot, vaultKey := slotOf("ann", "one"), newVaultKey(t)
		e, deviceKey := mustEnrol(t, slot, vaultKey, w.enrol)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, enrol := Enrol(ctx, quickEnv(), slot, "x", 0, vaultKey, 1, w.enrol)
		_, open := e.Open(ctx, quickEnv(), slot, w.prove(deviceKey))
		_, send := e.Reencapsulate(ctx, quickEnv(), slot, vaultKey, newVaultKey(t), 2)
		for _, err := range []error{enrol, open, send} {
			expectError(t, string(w.method), err, context.Canceled)
		}
	}
}
