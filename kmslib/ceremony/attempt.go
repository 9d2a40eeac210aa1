// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"bytes"
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/webauthn"
	"ats.run/kms-enclave/kmslib/wire"
)

// What a person can want instead of opening the vault.
var (
	errOther = errors.New("the person wants another user")
	errReset = errors.New("the person wants to reset")
)

// outcomeWrong is the word of the audit log for a secret or an answer that
// does not open the vault.
const outcomeWrong = "wrong_credential"

// wayIn says which screen asks for a way in, and whose.
type wayIn struct {
	screen  string // ScreenUnlock or ScreenProve
	user    vault.User
	users   int
	purpose string // of ScreenProve
	without string // id of an enrolment that must not be the one
}

// tryFunc tries what the person gave.
type tryFunc func(enrolment string, proof unlock.Proof, counter uint32) error

// ways are the enrolments that can be offered at this place now.
type ways struct {
	passphrase, recovery *vault.EnrolmentInfo
	passkeys             []vault.EnrolmentInfo
	damaged              int
}

// attempt shows a screen that asks for a way in until try took what was given.
func (t *talk) attempt(ctx context.Context, way wayIn, try tryFunc) error {
	var why notice
	for {
		open, err := t.ways(ctx, way)
		if err != nil {
			return err
		}
		if why.retryAfter, err = t.vault.RetryAfter(ctx, way.user.ID); err != nil {
			return err
		}
		challenge, err := webauthn.NewChallenge(t.ceremonies.config.Random)
		if err != nil {
			return err
		}
		in, err := t.ask(ctx, way.screen, why, t.wayMembers(way, open, challenge), notOffered(way, open)...)
		if err != nil {
			return err
		}
		switch in.Action {
		case "back":
			return errBack
		case "other":
			return errOther
		case "reset":
			return errReset
		case "failed":
			why = notice{problem: ProblemPasskeyFailed}
			continue
		}
		err = t.answer(ctx, way, open, challenge, in, try)
		in.wipe()
		if err == nil {
			return nil
		}
		var known bool
		if why, known = problemOfAttempt(in.Action, err); !known {
			return err
		}
	}
}

// answer tries what the person gave with the screen.
func (t *talk) answer(ctx context.Context, way wayIn, open ways, challenge []byte, in Input, try tryFunc) error {
	t.dialog.Busy(BusyOpening)
	switch in.Action {
	case "passphrase":
		return try(open.passphrase.ID, vault.ByPassphrase(in.Secrets[0]), 0)
	case "recovery":
		entropy, err := unlock.DecodeRecovery(in.Secrets[0])
		if err != nil {
			return err
		}
		defer clear(entropy)
		return try(open.recovery.ID, unlock.ByRecovery(entropy), 0)
	}
	return t.asserted(ctx, way, open, challenge, in, try)
}

// asserted verifies what a passkey answered, whichever kind it is, before it
// is of any use. A failed verification counts as a wrong attempt.
func (t *talk) asserted(ctx context.Context, way wayIn, open ways, challenge []byte, in Input, try tryFunc) error {
	answer, err := readAsserted(way.screen, in)
	if err != nil {
		return err
	}
	if err := t.vault.CheckAttempt(ctx, way.user.ID); err != nil {
		return err
	}
	enrolment := open.byCredential(answer.CredentialID)
	if enrolment == nil {
		return errUnknownPasskey
	}
	expect := t.expect(challenge)
	expect.CredentialID = enrolment.Credential.ID
	counter, err := t.verify(ctx, answer, expect, enrolment.Credential)
	if err != nil {
		return errors.Join(err, t.vault.RecordFailure(ctx, t.asker, way.user.ID, outcomeWrong))
	}
	if enrolment.Method == unlock.PasskeyGate {
		return try(enrolment.ID, unlock.ByGate(enrolment.DeviceKey), counter)
	}
	if len(in.Secrets) != 2 {
		return errNoSecret
	}
	return try(enrolment.ID, unlock.ByPRF(in.Secrets[0], in.Secrets[1]), counter)
}

// ways sorts the enrolments of a user. Of passphrases and recovery keys the
// newest counts.
func (t *talk) ways(ctx context.Context, way wayIn) (ways, error) {
	enrolments, err := t.vault.Enrolments(ctx, way.user.ID)
	if err != nil {
		return ways{}, err
	}
	var open ways
	for i := range enrolments {
		e := &enrolments[i]
		switch {
		case e.Damaged != "":
			open.damaged++
		case e.ID == way.without:
		case e.Method == unlock.Passphrase:
			open.passphrase = newer(open.passphrase, e)
		case e.Method == unlock.Recovery:
			open.recovery = newer(open.recovery, e)
		case e.Credential != nil && e.Credential.RPID == t.dialog.RPID() && t.dialog.Passkeys():
			open.passkeys = append(open.passkeys, *e)
		}
	}
	return open, nil
}

func newer(a, b *vault.EnrolmentInfo) *vault.EnrolmentInfo {
	if a != nil && a.Created > b.Created {
		return a
	}
	return b
}

func (w ways) none() bool { return w.passphrase == nil && w.recovery == nil && len(w.passkeys) == 0 }

func (w ways) byCredential(id []byte) *vault.EnrolmentInfo {
	for i := range w.passkeys {
		if bytes.Equal(w.passkeys[i].Credential.ID, id) {
			return &w.passkeys[i]
		}
	}
	return nil
}

func (t *talk) wayMembers(way wayIn, open ways, challenge []byte) []wire.Member {
	data := []wire.Member{
		userMember(way.user.ID, way.user.Label),
		number("users", int64(way.users)),
		flag("passphrase", open.passphrase != nil),
		flag("recovery", open.recovery != nil),
		number("session", vault.IdleLimit/60),
		number("damaged", int64(open.damaged)),
	}
	if way.screen == ScreenProve {
		data = append(data, text("purpose", way.purpose))
	}
	if len(open.passkeys) == 0 {
		return data
	}
	usables, gates := make([]usable, len(open.passkeys)), true
	for i, e := range open.passkeys {
		usables[i] = usable{e.Credential, e.PRFSalt, e.Method == unlock.PasskeyGate}
		gates = gates && usables[i].gate
	}
	passkey := append(t.passkeyMembers(challenge, usables), flag("gate", gates))
	return append(data, wire.Member{Name: "passkey", Value: wire.Object(passkey...)})
}

func notOffered(way wayIn, open ways) []string {
	var names []string
	if open.passphrase == nil {
		names = append(names, "passphrase")
	}
	if open.recovery == nil {
		names = append(names, "recovery")
	}
	if len(open.passkeys) == 0 {
		names = append(names, "asserted", "failed")
	}
	if way.users < 2 {
		names = append(names, "other")
	}
	return names
}
