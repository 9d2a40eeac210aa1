// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
)

// quickOps stretches passphrases in no time, but still as salt and number of
// iterations say.
type quickOps struct{ keystest.Ops }

func (o quickOps) PBKDF2(ctx context.Context, passphrase, salt []byte, n int) (keys.Handle, error) {
	return o.Ops.PBKDF2(ctx, passphrase, strconv.AppendInt(bytes.Clone(salt), int64(n), 10), 1)
}

func quickEnv() Env { return Env{quickOps{}, rand.Reader} }

func id(name string) string {
	sum := sha256.Sum256([]byte(name))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func slotOf(user, enrolment string) Slot { return Slot{id(user), id(enrolment)} }

// authenticator evaluates a PRF as a passkey does.
type authenticator struct{ secret string }

func (a authenticator) prf(salt []byte) (first, second []byte) {
	eval := func(input []byte) []byte {
		mac := hmac.New(sha256.New, []byte(a.secret))
		mac.Write(input)
		return mac.Sum(nil)
	}
	in1, in2 := PRFInputs(salt)
	return eval(in1), eval(in2)
}

func testCredential() Credential {
	return Credential{
		ID: []byte("credential id"), SPKI: []byte("public key"), Alg: keys.ES256, Counter: 7,
		Transports: []string{"usb", "nfc"}, RPID: "kms.example",
	}
}

var (
	rightPassphrase = []byte("correct horse battery staple")
	rightEntropy    = []byte("sixteen bytes !!")
	rightSalt       = bytes.Repeat([]byte{7}, SaltSize)
	rightPasskey    = authenticator{"right"}
)

// way is a method with what opens it, and what does not.
type way struct {
	method Method
	enrol  Enroller
	prove  func(deviceKey keys.Handle) Proof
	wrong  func(deviceKey keys.Handle) Proof
	err    error // of the wrong proof
}

func ways() []way {
	first, second := rightPasskey.prf(rightSalt)
	other1, other2 := authenticator{"wrong"}.prf(rightSalt)
	always := func(p Proof) func(keys.Handle) Proof { return func(keys.Handle) Proof { return p } }
	return []way{
		{
			Passphrase, WithPassphrase(rightPassphrase, PBKDF2(MinIterations)),
			always(ByPassphrase(rightPassphrase)), always(ByPassphrase([]byte("incorrect horse"))), ErrWrongSecret,
		},
		{
			PasskeyPRF, WithPRF(testCredential(), first, second, rightSalt),
			always(ByPRF(first, second)), always(ByPRF(other1, other2)), ErrPRFChanged,
		},
		{
			PasskeyGate, WithGate(testCredential()),
			func(deviceKey keys.Handle) Proof { return ByGate(deviceKey) },
			func(keys.Handle) Proof { return ByGate(newDeviceKey()) }, &DamagedError{Part: PartDevice},
		},
		{
			Recovery, WithRecovery(rightEntropy),
			always(ByRecovery(rightEntropy)), always(ByRecovery([]byte("sixteen bytes ??"))), ErrWrongSecret,
		},
	}
}

func newDeviceKey() keys.Handle {
	key, err := keystest.Ops{}.GenerateAES(context.Background())
	if err != nil {
		panic(err)
	}
	return key
}

func newVaultKey(t *testing.T) keys.Handle {
	t.Helper()
	key, err := keystest.Ops{}.GenerateSecret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// fingerprint returns what a vault key derives.
func fingerprint(t *testing.T, vaultKey keys.Handle) []byte {
	t.Helper()
	base, err := baseOf(t.Context(), quickEnv(), vaultKey)
	if err != nil {
		t.Fatal(err)
	}
	return fingerprintOfBase(t, base)
}

func fingerprintOfBase(t *testing.T, base keys.Handle) []byte {
	t.Helper()
	print, err := keystest.Ops{}.DeriveBytes(t.Context(), base, nil, []byte("fingerprint"), 32)
	if err != nil {
		t.Fatal(err)
	}
	return print
}

func mustEnrol(t *testing.T, slot Slot, vaultKey keys.Handle, how Enroller) (*Enrolment, keys.Handle) {
	t.Helper()
	e, deviceKey, err := Enrol(t.Context(), quickEnv(), slot, "a label", 1_790_000_000, vaultKey, 1, how)
	if err != nil {
		t.Fatal(err)
	}
	return e, deviceKey
}

// expectOpens fails unless proof opens e, read back from its record, to the
// vault key.
func expectOpens(t *testing.T, e *Enrolment, slot Slot, proof Proof, vaultKey keys.Handle) *Opened {
	t.Helper()
	read, err := Parse(slot, e.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := read.Open(t.Context(), quickEnv(), slot, proof)
	if err != nil {
		t.Fatal(err)
	}
	base, err := opened.Base(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fingerprintOfBase(t, base), fingerprint(t, vaultKey)) {
		t.Fatal("the base secret is not that of the vault key")
	}
	secret, err := opened.Secret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fingerprint(t, secret), fingerprint(t, vaultKey)) {
		t.Fatal("the secret is not the vault key")
	}
	return opened
}

// expectError fails unless got is want, or damage of the same part.
func expectError(t *testing.T, what string, got, want error) {
	t.Helper()
	gotDamage, ok1 := errors.AsType[*DamagedError](got)
	wantDamage, ok2 := errors.AsType[*DamagedError](want)
	if ok1 && ok2 && gotDamage.Part == wantDamage.Part {
		return
	}
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}

// milliseconds returns a real clock.
func milliseconds() func() int64 {
	start := time.Now()
	return func() int64 { return time.Since(start).Milliseconds() }
}
