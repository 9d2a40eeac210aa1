// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"context"
	"slices"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// renewable is the proof of a passphrase that can also enrol it again.
type renewable struct {
	unlock.Proof
	passphrase []byte
}

// ByPassphrase is unlock.ByPassphrase, and lets Unlock enrol the passphrase
// again with another number of iterations if the device became much faster or
// slower than the enrolment was made for. The caller clears passphrase once
// Unlock has returned.
func ByPassphrase(passphrase []byte) unlock.Proof {
	return renewable{unlock.ByPassphrase(passphrase), passphrase}
}

// recalibrate makes the enrolment anew if opening it took far from
// unlock.DefaultTarget. It is nobody's fault if that does not work out: the
// enrolment then stays as it is.
func (v *Vault) recalibrate(ctx context.Context, a *attempt, took int64) {
	a.renewed = nil
	proof, ok := a.proof.(renewable)
	kdf := a.enrolment.KDF()
	if !ok || kdf == nil || !unlock.Stale(*kdf, took, unlock.DefaultTarget) {
		return
	}
	next := unlock.Argon2id()
	if kdf.Name == unlock.KDFPBKDF2 {
		// A browser that remembers the answer took no time for it; ask for another.
		fresh, err := unlock.Measure(ctx, v.env(), v.config.Millis, kdf.Iterations)
		if err != nil || !unlock.Stale(*kdf, fresh, unlock.DefaultTarget) {
			return
		}
		iterations, err := unlock.Calibrate(ctx, v.env(), v.config.Millis, unlock.DefaultTarget)
		if err != nil || iterations == kdf.Iterations {
			return
		}
		next = unlock.PBKDF2(iterations)
	}
	secret, err := a.opened.Secret(ctx)
	if err != nil {
		return
	}
	made, err := v.enrol(ctx, a.slot.User, a.slot.ID, a.enrolment.Label, secret, a.ring.generation,
		unlock.WithPassphrase(proof.passphrase, next))
	if err == nil {
		a.renewed = made.enrolment
	}
}

// renew puts the enrolment that recalibrate made on the roster.
func (v *Vault) renew(ctx context.Context, t *transaction, a *attempt, roster record.Roster, version uint64) error {
	roster.Enrolments = slices.Clone(roster.Enrolments)
	for i := range roster.Enrolments {
		if e := &roster.Enrolments[i]; e.ID == a.slot.ID {
			e.Point = bytes.Clone(a.renewed.PointHash())
		}
	}
	change, err := v.sealRoster(ctx, a.ring, roster, version)
	if err != nil {
		return err
	}
	t.put(change)
	t.log(a.asker, auditlog.Entry{Method: "enrolment.change", Key: a.slot.ID, Detail: "recalibrated"})
	return nil
}
