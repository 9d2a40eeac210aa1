// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"context"
	"crypto/subtle"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
)

const entropySize = 16 // of a recovery key, in bytes

// Enroller is what a person gives to enrol with. It refers to the bytes that it
// was made of: whoever made it clears them after Enrol.
type Enroller interface {
	// start sets what the method has in e, which has its salt, and returns the
	// base secret; with a gate also the device key.
	start(ctx context.Context, env Env, slot Slot, e *Enrolment) (base, deviceKey keys.Handle, err error)
}

// Proof is what a person gives to open an enrolment. It refers to the bytes
// that it was made of: whoever made it clears them after Open.
type Proof interface {
	method() Method
	// base returns the base secret of e, if the proof is the right one.
	base(ctx context.Context, env Env, slot Slot, e *Enrolment) (keys.Handle, error)
}

type passphraseEnroller struct {
	passphrase []byte
	kdf        KDF
}

// WithPassphrase enrols a passphrase, which must pass CheckPassphrase: else
// Enrol returns its error.
func WithPassphrase(passphrase []byte, kdf KDF) Enroller { return passphraseEnroller{passphrase, kdf} }

func (p passphraseEnroller) start(
	ctx context.Context, env Env, _ Slot, e *Enrolment,
) (base, deviceKey keys.Handle, err error) {
	if err := CheckPassphrase(p.passphrase); err != nil {
		return nil, nil, err
	}
	kdf := p.kdf
	kdf.Salt = nil
	if reason := kdf.reason(); reason != "" {
		return nil, nil, &InputError{"kdf", reason}
	}
	e.Method, e.kdf = Passphrase, &kdf
	base, err = kdf.stretch(ctx, env.Keys, p.passphrase, e.salt)
	return base, nil, err
}

type passphraseProof struct{ passphrase []byte }

// ByPassphrase opens by a passphrase, normalised as it was at enrolment.
func ByPassphrase(passphrase []byte) Proof { return passphraseProof{passphrase} }

func (passphraseProof) method() Method { return Passphrase }

func (p passphraseProof) base(ctx context.Context, env Env, _ Slot, e *Enrolment) (keys.Handle, error) {
	switch {
	case e.kdf == nil:
		return nil, ErrMethod
	case len(p.passphrase) > MaxPassphrase:
		return nil, ErrWrongSecret
	}
	return e.kdf.stretch(ctx, env.Keys, p.passphrase, e.salt)
}

type prfEnroller struct {
	credential          Credential
	first, second, salt []byte
}

// WithPRF enrols a passkey by the outputs of its PRF for PRFInputs(salt). The
// salt is one of NewSalt and is kept in the enrolment.
func WithPRF(c Credential, first, second, salt []byte) Enroller {
	return prfEnroller{c, first, second, salt}
}

func (p prfEnroller) start(
	ctx context.Context, env Env, _ Slot, e *Enrolment,
) (base, deviceKey keys.Handle, err error) {
	if len(p.salt) != SaltSize {
		return nil, nil, &InputError{"salt", "expected the 32 bytes that the PRF was evaluated with"}
	}
	copy(e.salt, p.salt)
	e.Method = PasskeyPRF
	if err := e.setCredential(p.credential); err != nil {
		return nil, nil, err
	}
	base, err = prfBase(ctx, env.Keys, p.first, p.second)
	return base, nil, err
}

func (e *Enrolment) setCredential(c Credential) error {
	e.credential = c.normalized()
	if reason := e.credential.reason(); reason != "" {
		return &InputError{"credential", reason}
	}
	return nil
}

type prfProof struct{ first, second []byte }

// ByPRF opens by the outputs of a passkey's PRF for PRFInputs(PRFSalt()).
func ByPRF(first, second []byte) Proof { return prfProof{first, second} }

func (prfProof) method() Method { return PasskeyPRF }

func (p prfProof) base(ctx context.Context, env Env, _ Slot, _ *Enrolment) (keys.Handle, error) {
	return prfBase(ctx, env.Keys, p.first, p.second)
}

type gateEnroller struct{ credential Credential }

// WithGate enrols a passkey that has no PRF. Enrol returns a device key, which
// the record is stored with: policy, not encryption.
func WithGate(c Credential) Enroller { return gateEnroller{c} }

func (g gateEnroller) start(
	ctx context.Context, env Env, slot Slot, e *Enrolment,
) (base, deviceKey keys.Handle, err error) {
	e.Method = PasskeyGate
	if err := e.setCredential(g.credential); err != nil {
		return nil, nil, err
	}
	if deviceKey, err = env.Keys.GenerateAES(ctx); err != nil {
		return nil, nil, err
	}
	secret, err := env.Keys.GenerateSecret(ctx)
	if err != nil {
		return nil, nil, err
	}
	nonce, err := read(env.Random, keys.NonceSize)
	if err != nil {
		return nil, nil, err
	}
	bound := e.context(slot, label.EnrolmentDevice)
	wrapped, err := env.Keys.WrapSecret(ctx, secret, deviceKey, nonce, bound)
	if err != nil {
		return nil, nil, err
	}
	e.device = &sealed{nonce, wrapped}
	base, err = env.Keys.UnwrapBase(ctx, deviceKey, nonce, bound, wrapped)
	return base, deviceKey, err
}

type gateProof struct{ deviceKey keys.Handle }

// ByGate opens by the device key of the record, whose passkey gave an assertion
// that the caller verified.
func ByGate(deviceKey keys.Handle) Proof { return gateProof{deviceKey} }

func (gateProof) method() Method { return PasskeyGate }

func (g gateProof) base(ctx context.Context, env Env, slot Slot, e *Enrolment) (keys.Handle, error) {
	switch {
	case e.device == nil:
		return nil, ErrMethod
	case g.deviceKey == nil:
		return nil, &DamagedError{Part: PartDevice}
	}
	bound := e.context(slot, label.EnrolmentDevice)
	base, err := env.Keys.UnwrapBase(ctx, g.deviceKey, e.device.nonce, bound, e.device.bytes)
	if err != nil {
		return nil, notOpened(PartDevice, err)
	}
	return base, nil
}

type recoveryEnroller struct{ entropy []byte }

// WithRecovery enrols a recovery key of 16 random bytes.
func WithRecovery(entropy []byte) Enroller { return recoveryEnroller{entropy} }

func (r recoveryEnroller) start(
	ctx context.Context, env Env, _ Slot, e *Enrolment,
) (base, deviceKey keys.Handle, err error) {
	var zero [entropySize]byte
	if len(r.entropy) != entropySize || subtle.ConstantTimeCompare(r.entropy, zero[:]) == 1 {
		return nil, nil, &InputError{"recovery key", "expected 16 random bytes"}
	}
	e.Method = Recovery
	base, err = env.Keys.ImportBase(ctx, r.entropy)
	return base, nil, err
}

type recoveryProof struct{ entropy []byte }

// ByRecovery opens by the 16 bytes of a recovery key.
func ByRecovery(entropy []byte) Proof { return recoveryProof{entropy} }

func (recoveryProof) method() Method { return Recovery }

func (r recoveryProof) base(ctx context.Context, env Env, _ Slot, _ *Enrolment) (keys.Handle, error) {
	if len(r.entropy) != entropySize {
		return nil, ErrWrongSecret
	}
	return env.Keys.ImportBase(ctx, r.entropy)
}
