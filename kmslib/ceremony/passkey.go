// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"strings"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/webauthn"
	"ats.run/kms-enclave/kmslib/wire"
)

// Sizes in bytes.
const (
	prfSize        = 32
	userHandleSize = 32
	maxTransports  = 16 // entries of a list
)

// creation is what one create-passkey screen asks for.
type creation struct {
	challenge, userHandle, salt []byte
	first, second               []byte // inputs of prf
}

func (t *talk) newCreation() (creation, error) {
	random := t.ceremonies.config.Random
	challenge, err := webauthn.NewChallenge(random)
	if err != nil {
		return creation{}, err
	}
	salt, err := unlock.NewSalt(random)
	if err != nil {
		return creation{}, err
	}
	// Random, so that no two passkeys replace each other on one authenticator,
	// and none tells who the user is.
	userHandle := make([]byte, userHandleSize)
	if _, err := io.ReadFull(random, userHandle); err != nil {
		return creation{}, err
	}
	first, second := unlock.PRFInputs(salt)
	return creation{challenge, userHandle, salt, first, second}, nil
}

// newPasskey makes a passkey with the person. exclude are the enrolments whose
// passkeys exist already.
func (t *talk) newPasskey(ctx context.Context, user string, exclude []vault.EnrolmentInfo) (unlock.Enroller, error) {
	var why notice
	for {
		c, err := t.newCreation()
		if err != nil {
			return nil, err
		}
		in, err := t.ask(ctx, ScreenCreatePasskey, why, t.creationData(c, user, exclude))
		switch {
		case err != nil:
			return nil, err
		case in.Action == "back":
			return nil, errBack
		case in.Action == "failed":
			why = notice{problem: ProblemPasskeyFailed}
			continue
		}
		enroller, err := t.created(ctx, c, in)
		var rejected *webauthn.VerifyError
		switch {
		case errors.As(err, &rejected):
			why = notice{problem: ProblemPasskeyRejected}
		case errors.Is(err, errBack):
			why = notice{}
		default:
			return enroller, err
		}
		in.wipe()
	}
}

func (t *talk) creationData(c creation, user string, exclude []vault.EnrolmentInfo) []wire.Member {
	var ids []wire.Value
	for _, e := range exclude {
		if e.Credential != nil {
			ids = append(ids, wire.String(encode(e.Credential.ID)))
		}
	}
	return []wire.Member{
		text("rpId", t.dialog.RPID()),
		text("rpName", t.dialog.RPID()),
		bytesMember("userHandle", c.userHandle),
		text("userName", user),
		bytesMember("challenge", c.challenge),
		{Name: "exclude", Value: wire.Array(ids...)},
		list("algorithms", webauthn.Algorithms(), func(a keys.Algorithm) wire.Value { return wire.Int(int64(a)) }),
		bytesMember("prfFirst", c.first),
		bytesMember("prfSecond", c.second),
	}
}

// created verifies a new passkey and finds out whether it gives a secret: from
// create itself, else by asking once more, else it is a gate.
func (t *talk) created(ctx context.Context, c creation, in Input) (unlock.Enroller, error) {
	r := &reader{screen: ScreenCreatePasskey, in: in}
	answer := webauthn.Created{
		CredentialID:      r.bytes("credentialId"),
		ClientDataJSON:    r.bytes("clientDataJSON"),
		AuthenticatorData: r.bytes("authenticatorData"),
		SPKI:              r.bytes("publicKey"),
		Alg:               keys.Algorithm(r.number("alg")),
		Transports:        transports(in.Fields["transports"]),
	}
	prf := r.oneOf("prf", "yes", "no", "unknown")
	if r.err != nil {
		return nil, r.err
	}
	verified, err := webauthn.VerifyCreated(answer, t.expect(c.challenge))
	if err != nil {
		return nil, err
	}
	credential := unlock.Credential{
		ID: verified.ID, SPKI: verified.SPKI, Alg: verified.Alg, Counter: verified.Counter,
		Transports: verified.Transports, RPID: t.dialog.RPID(),
	}
	outputs := in.Secrets
	if len(outputs) == 0 && prf != "no" {
		if outputs, err = t.askOutputs(ctx, &credential, c); err != nil {
			return nil, err
		}
	}
	if len(outputs) == 0 {
		return t.gate(ctx, credential)
	}
	if err := checkOutputs(outputs); err != nil {
		return nil, err
	}
	return unlock.WithPRF(credential, outputs[0], outputs[1], c.salt), nil
}

// askOutputs uses a new passkey once to get what create did not give. It
// returns nothing if the passkey does not give it now either.
func (t *talk) askOutputs(ctx context.Context, credential *unlock.Credential, c creation) ([][]byte, error) {
	var why notice
	for {
		challenge, err := webauthn.NewChallenge(t.ceremonies.config.Random)
		if err != nil {
			return nil, err
		}
		use := usable{credential: credential, salt: c.salt}
		in, err := t.ask(ctx, ScreenUsePasskey, why, t.passkeyMembers(challenge, []usable{use}))
		switch {
		case err != nil:
			return nil, err
		case in.Action == "back":
			return nil, errBack
		case in.Action == "failed":
			why = notice{problem: ProblemPasskeyFailed}
			continue
		}
		answer, err := readAsserted(ScreenUsePasskey, in)
		if err != nil {
			return nil, err
		}
		expect := t.expect(challenge)
		expect.CredentialID = credential.ID
		counter, err := t.verify(ctx, answer, expect, credential)
		if err != nil {
			var rejected *webauthn.VerifyError
			if !errors.As(err, &rejected) {
				return nil, err
			}
			in.wipe()
			why = notice{problem: ProblemPasskeyRejected}
			continue
		}
		credential.Counter = counter
		return in.Secrets, nil
	}
}

// gate tells the person what a passkey without a secret is worth.
func (t *talk) gate(ctx context.Context, credential unlock.Credential) (unlock.Enroller, error) {
	in, err := t.ask(ctx, ScreenGateNotice, notice{}, []wire.Member{number("minutes", vault.GateLimit/60)})
	switch {
	case err != nil:
		return nil, err
	case in.Action == "back":
		return nil, errBack
	}
	return unlock.WithGate(credential), nil
}

// checkOutputs refuses results of prf that no authenticator gives.
func checkOutputs(outputs [][]byte) error {
	zero := make([]byte, prfSize)
	for _, output := range outputs {
		if len(output) != prfSize || subtle.ConstantTimeCompare(output, zero) == 1 {
			return &webauthn.VerifyError{Step: webauthn.StepFormat, Expected: "two PRF results of 32 bytes", Found: "others"}
		}
	}
	if len(outputs) != 2 || subtle.ConstantTimeCompare(outputs[0], outputs[1]) == 1 {
		return &webauthn.VerifyError{Step: webauthn.StepFormat, Expected: "two different PRF results", Found: "others"}
	}
	return nil
}

// expect returns what every answer must be for: a challenge, in this document.
func (t *talk) expect(challenge []byte) webauthn.Expect {
	return webauthn.Expect{
		Challenge:        challenge,
		Origin:           t.dialog.Origin(),
		RPID:             t.dialog.RPID(),
		AllowCrossOrigin: t.dialog.Embedded(),
		TopOrigin:        t.dialog.TopOrigin(),
	}
}

func (t *talk) verify(
	ctx context.Context, answer webauthn.Asserted, expect webauthn.Expect, c *unlock.Credential,
) (uint32, error) {
	return webauthn.VerifyAsserted(ctx, t.ceremonies.config.Keys, answer, expect, c.SPKI, c.Alg, c.Counter)
}

// usable is a passkey that may answer.
type usable struct {
	credential *unlock.Credential
	salt       []byte // nil for a gate
	gate       bool
}

// passkeyMembers is what navigator.credentials.get needs to know.
func (t *talk) passkeyMembers(challenge []byte, usables []usable) []wire.Member {
	return []wire.Member{
		text("rpId", t.dialog.RPID()),
		bytesMember("challenge", challenge),
		list("credentials", usables, func(u usable) wire.Value {
			members := []wire.Member{
				bytesMember("id", u.credential.ID),
				list("transports", u.credential.Transports, wire.String),
				flag("gate", u.gate),
			}
			if u.salt != nil {
				first, second := unlock.PRFInputs(u.salt)
				members = append(members, bytesMember("prfFirst", first), bytesMember("prfSecond", second))
			}
			return wire.Object(members...)
		}),
	}
}

func readAsserted(screen string, in Input) (webauthn.Asserted, error) {
	r := &reader{screen: screen, in: in}
	answer := webauthn.Asserted{
		CredentialID:      r.bytes("credentialId"),
		ClientDataJSON:    r.bytes("clientDataJSON"),
		AuthenticatorData: r.bytes("authenticatorData"),
		Signature:         r.bytes("signature"),
		UserHandle:        r.bytes("userHandle"),
	}
	return answer, r.err
}

// transports splits a list that is joined by commas.
func transports(joined string) []string {
	var names []string
	for name := range strings.SplitSeq(joined, ",") {
		if name != "" && len(names) < maxTransports {
			names = append(names, name)
		}
	}
	return names
}
