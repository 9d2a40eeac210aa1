// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"slices"
	"unicode"
	"unicode/utf8"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/wire"
)

// EnrolmentFormat is the member "format" of an enrolment record.
const EnrolmentFormat = label.Enrolment

// The sizes of an enrolment.
const (
	MaxRecord = 16 << 10 // of the record, in bytes
	MaxLabel  = 64       // of a label, in code points
	SaltSize  = 32       // in bytes
	idSize    = 16       // of a user or enrolment id, in bytes
	checkSize = 32       // in bytes
)

// Method is how an enrolment is opened.
type Method string

// The methods.
const (
	Passphrase  Method = "passphrase"
	PasskeyPRF  Method = "passkey-prf"
	PasskeyGate Method = "passkey-gate" // policy, not encryption
	Recovery    Method = "recovery"
)

// Env is what the functions here need of the world.
type Env struct {
	Keys   keys.Ops
	Random io.Reader // cryptographically secure
}

// Slot says where an enrolment lies. It comes from the address of the record,
// never from the record: what lies in another slot does not open there. Both
// ids are 16 bytes in base64url, 22 characters.
type Slot struct{ User, ID string }

func (s Slot) valid() bool { return isID(s.User) && isID(s.ID) }

func isID(text string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(raw) == idSize && len(text) == base64.RawURLEncoding.EncodedLen(idSize)
}

// sealed is a ciphertext with its nonce.
type sealed struct{ nonce, bytes []byte }

// Enrolment is one way to open the vault; the package comment specifies it. It
// is made by Enrol or Parse, and not changed: WithUsed, WithLabel, WithCounter
// and Reencapsulate return others. Changing a field leaves an enrolment that
// does not open.
type Enrolment struct {
	Method  Method
	Label   string
	Created int64 // Unix seconds
	Used    int64 // Unix seconds, 0 if never

	salt       []byte
	kdf        *KDF        // without its salt; with Passphrase
	credential *Credential // with the passkey methods
	device     *sealed     // with PasskeyGate
	point      []byte
	check      []byte
	key        sealed
	generation int64
	ephemeral  []byte
	capsule    sealed
	sender     sealed
}

// Credential returns a copy of the passkey, or nil if the method has none.
func (e *Enrolment) Credential() *Credential {
	if e.credential == nil {
		return nil
	}
	return e.credential.clone()
}

// PRFSalt returns the salt of PRFInputs, or nil if the method is not
// PasskeyPRF.
func (e *Enrolment) PRFSalt() []byte {
	if e.Method != PasskeyPRF {
		return nil
	}
	return bytes.Clone(e.salt)
}

// KDF returns how the passphrase is stretched, or nil if the method is not
// Passphrase.
func (e *Enrolment) KDF() *KDF {
	if e.kdf == nil {
		return nil
	}
	kdf := *e.kdf
	kdf.Salt = bytes.Clone(e.salt)
	return &kdf
}

// Generation returns which vault key the enrolment carries, from 1.
func (e *Enrolment) Generation() int64 { return e.generation }

// PointHash returns the SHA-256 of the public point, 32 bytes.
func (e *Enrolment) PointHash() []byte {
	sum := sha256.Sum256(e.point)
	return sum[:]
}

// WithUsed returns the enrolment with another time of last use, in Unix
// seconds.
func (e *Enrolment) WithUsed(used int64) *Enrolment {
	changed := *e
	changed.Used = min(max(used, 0), wire.MaxInt)
	return &changed
}

// WithLabel returns the enrolment with another label, or the error of
// CheckLabel.
func (e *Enrolment) WithLabel(name string) (*Enrolment, error) {
	if err := CheckLabel(name); err != nil {
		return nil, err
	}
	changed := *e
	changed.Label = name
	return &changed, nil
}

// WithCounter returns the enrolment with another signature counter of its
// passkey; the same enrolment if it has none.
func (e *Enrolment) WithCounter(counter uint32) *Enrolment {
	if e.credential == nil {
		return e
	}
	changed := *e
	changed.credential = e.credential.clone()
	changed.credential.Counter = counter
	return &changed
}

// CheckLabel returns ErrLabel unless name does as a label.
func CheckLabel(name string) error {
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > MaxLabel ||
		slices.ContainsFunc([]rune(name), unicode.IsControl) {
		return ErrLabel
	}
	return nil
}

// NewSalt reads a salt for PRFInputs and WithPRF from random.
func NewSalt(random io.Reader) ([]byte, error) { return read(random, SaltSize) }

func read(random io.Reader, n int) ([]byte, error) {
	raw := make([]byte, n)
	if _, err := io.ReadFull(random, raw); err != nil {
		return nil, err
	}
	return raw, nil
}
