// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import (
	"io"

	"ats.run/kms-enclave/kmslib/keys"
)

// ChallengeSize is the length of a challenge, in bytes.
const ChallengeSize = 32

// minChallenge is the shortest challenge that is verified, in bytes (WebAuthn,
// section 13.4.3).
const minChallenge = 16

// NewChallenge reads a challenge for one create() or get() from random.
func NewChallenge(random io.Reader) ([]byte, error) {
	challenge := make([]byte, ChallengeSize)
	if _, err := io.ReadFull(random, challenge); err != nil {
		return nil, err
	}
	return challenge, nil
}

// Algorithms returns the algorithms that a credential may have, the preferred
// one first: the member pubKeyCredParams of the options of create().
func Algorithms() []keys.Algorithm { return []keys.Algorithm{keys.ES256, keys.RS256} }

// Expect is what the ceremony asked for. All of it is known before the answer
// comes, and none of it is taken from the answer.
type Expect struct {
	Challenge []byte // at least 16 bytes, used once
	Origin    string // of the document that asked, as package origin writes it
	RPID      string // must be the host of Origin

	// AllowCrossOrigin accepts an answer given in a frame inside another
	// origin; otherwise such a one is refused. TopOrigin is then the origin of
	// the top-level document, if the browser tells it: an answer that names
	// another is refused. If TopOrigin is "", the caller has no such knowledge
	// and any is accepted.
	AllowCrossOrigin bool
	TopOrigin        string

	// CredentialID and UserHandle of the one credential that may answer; nil
	// for a caller that looked them up by the answer's.
	CredentialID []byte
	UserHandle   []byte
}

// Created is the answer of create(), member by member: rawId,
// response.clientDataJSON, getAuthenticatorData(), getPublicKey(),
// getPublicKeyAlgorithm() and getTransports().
type Created struct {
	CredentialID      []byte
	ClientDataJSON    []byte
	AuthenticatorData []byte
	SPKI              []byte
	Alg               keys.Algorithm
	Transports        []string
}

// Asserted is the answer of get(): rawId, response.clientDataJSON,
// .authenticatorData, .signature and .userHandle.
type Asserted struct {
	CredentialID      []byte
	ClientDataJSON    []byte
	AuthenticatorData []byte
	Signature         []byte
	UserHandle        []byte // empty if the authenticator gave none
}

// Credential is what a verified create() made.
type Credential struct {
	ID             []byte
	SPKI           []byte // the public key in DER
	Alg            keys.Algorithm
	Counter        uint32
	Transports     []string
	BackupEligible bool     // it may be copied to other devices
	BackedUp       bool     // it was
	AAGUID         [16]byte // model of the authenticator, often zero
}
