// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/origin"
)

// The types of client data.
const (
	typeCreate = "webauthn.create"
	typeGet    = "webauthn.get"
)

// VerifyCreated verifies the answer of create() (section 7.1) and returns what
// it made. The error is a *VerifyError.
func VerifyCreated(created Created, expect Expect) (Credential, error) {
	data, err := verifyCommon(typeCreate, created.ClientDataJSON, created.AuthenticatorData, expect)
	if err != nil {
		return Credential{}, err
	}
	a := data.attested
	if a == nil {
		return Credential{}, refuse(StepCredential, "a new credential in the authenticator data", "none")
	}
	spki, alg, ok := a.key.spki()
	switch {
	case !ok:
		return Credential{}, refuse(StepCredential, "a key for ES256 or RS256", "another key")
	case alg != created.Alg || !bytes.Equal(spki, created.SPKI):
		return Credential{}, refuse(StepCredential, "the public key of the authenticator data", "another")
	case !bytes.Equal(a.id, created.CredentialID):
		return Credential{}, refuse(StepCredential, "the credential id of the authenticator data", "another")
	}
	return Credential{
		ID:             bytes.Clone(a.id),
		SPKI:           spki,
		Alg:            alg,
		Counter:        data.counter,
		Transports:     slices.Clone(created.Transports),
		BackupEligible: data.has(flagBE),
		BackedUp:       data.has(flagBS),
		AAGUID:         a.aaguid,
	}, nil
}

// VerifyAsserted verifies the answer of get() (section 7.2) with the stored
// public key and counter of the credential, and returns the counter to store.
// The error is a *VerifyError if the answer is refused; any other error of ops
// says nothing about it.
func VerifyAsserted(
	ctx context.Context, ops keys.Ops, asserted Asserted, expect Expect,
	spki []byte, alg keys.Algorithm, lastCounter uint32,
) (newCounter uint32, err error) {
	data, err := verifyCommon(typeGet, asserted.ClientDataJSON, asserted.AuthenticatorData, expect)
	if err != nil {
		return 0, err
	}
	switch {
	case expect.CredentialID != nil && !bytes.Equal(asserted.CredentialID, expect.CredentialID):
		return 0, refuse(StepCredential, "the credential that was asked for", "another")
	case expect.UserHandle != nil && len(asserted.UserHandle) > 0 && !bytes.Equal(asserted.UserHandle, expect.UserHandle):
		return 0, refuse(StepCredential, "a credential of this user", "one of another user")
	}
	if err := verifySignature(ctx, ops, asserted, spki, alg); err != nil {
		return 0, err
	}
	if (data.counter != 0 || lastCounter != 0) && data.counter <= lastCounter {
		return 0, refuse(StepCounter, "a counter above the last one", "one that is not: the passkey may have been copied")
	}
	return data.counter, nil
}

func verifySignature(ctx context.Context, ops keys.Ops, asserted Asserted, spki []byte, alg keys.Algorithm) error {
	signature := asserted.Signature
	if alg == keys.ES256 {
		raw, ok := rawSignature(signature)
		if !ok {
			return refuse(StepSignature, "an ECDSA signature in DER", "other bytes")
		}
		signature = raw
	}
	hash := sha256.Sum256(asserted.ClientDataJSON)
	message := append(bytes.Clone(asserted.AuthenticatorData), hash[:]...)
	err := ops.Verify(ctx, alg, spki, message, signature)
	if errors.Is(err, keys.ErrOpen) {
		return refuse(StepSignature, "a signature by the stored key", "another")
	}
	return err
}

// verifyCommon takes the steps that both answers have.
func verifyCommon(kind string, client, authenticator []byte, expect Expect) (*authenticatorData, error) {
	c, ok := parseClientData(client)
	if !ok {
		return nil, refuse(StepFormat, "client data with type, challenge and origin", "something else")
	}
	data, ok := parseAuthenticatorData(authenticator)
	if !ok {
		return nil, refuse(StepFormat, "authenticator data of its form", "something else")
	}
	if c.kind != kind {
		return nil, refuse(StepType, kind, "another type")
	}
	if len(expect.Challenge) < minChallenge {
		return nil, refuse(StepChallenge, "a challenge of at least 16 bytes to compare with", "a shorter one")
	}
	challenge := base64.RawURLEncoding.EncodeToString(expect.Challenge)
	if subtle.ConstantTimeCompare([]byte(c.challenge), []byte(challenge)) != 1 {
		return nil, refuse(StepChallenge, "the challenge of this ceremony", "another")
	}
	if c.origin != expect.Origin {
		return nil, refuse(StepOrigin, "the enclave's origin", "another")
	}
	if err := verifyCrossOrigin(c, expect); err != nil {
		return nil, err
	}
	return data, verifyAuthenticator(data, expect)
}

func verifyCrossOrigin(c *clientData, expect Expect) error {
	switch {
	case c.crossOrigin && !expect.AllowCrossOrigin:
		return refuse(StepCrossOrigin, "an answer given in the enclave's own document", "one from inside another site")
	case c.hasTopOrigin && !c.crossOrigin:
		return refuse(StepCrossOrigin, "no top-level origin unless embedded", "one")
	case c.hasTopOrigin && expect.TopOrigin != "" && c.topOrigin != expect.TopOrigin:
		return refuse(StepCrossOrigin, "the top-level origin that embeds the enclave", "another")
	}
	return nil
}

func verifyAuthenticator(data *authenticatorData, expect Expect) error {
	own, err := origin.Parse(expect.Origin)
	if err != nil || own.Host() != expect.RPID {
		return refuse(StepRPID, "the host of the enclave's origin as relying party", "another name")
	}
	hash := sha256.Sum256([]byte(expect.RPID))
	switch {
	case !bytes.Equal(data.rpIDHash, hash[:]):
		return refuse(StepRPID, "the hash of the enclave's host", "another")
	case !data.has(flagUP):
		return refuse(StepUserPresent, "that the user was present", "that nobody was")
	case !data.has(flagUV):
		return refuse(StepUserVerified, "that the authenticator verified the user", "that it did not")
	}
	return nil
}

func refuse(step Step, expected, found string) *VerifyError {
	return &VerifyError{step, expected, found}
}
