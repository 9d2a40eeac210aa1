// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"errors"
	"math"
	"strconv"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// Type is that of an envelope, which an application sends beside the message.
type Type uint8

// The types, with the numbers of Signal's envelopes.
const (
	Whisper       Type = 2 // Signal
	PreKeyType    Type = 3 // PreKey
	SenderKeyType Type = 7 // SenderKey
	PlaintextType Type = 8 // Retry
)

// MaxSize is the greatest length of a message, in bytes. It bounds the work for
// a message of unknown origin, whose MAC may have to be checked by each session
// there is. What is greater is for attachments.
const MaxSize = 256 << 10

// MaxPlaintext is the greatest length of a plaintext, in bytes: whatever is
// wrapped around it, the message does not exceed MaxSize.
const MaxPlaintext = MaxSize - 4<<10

// Versions of messages. Sender keys have their own.
const (
	versionX3DH      = 3
	versionPQXDH     = 4
	versionSenderKey = 3
)

// ErrSyntax is in the tree of errors about malformed messages.
var ErrSyntax = errors.New("malformed message")

var (
	errTooLong  = malformed("longer than any message can be")
	errTooShort = malformed("shorter than any message can be")
)

// syntaxError is what is wrong with a message, in fixed words.
type syntaxError struct{ reason string }

func malformed(reason string) error { return &syntaxError{reason} }

// Error describes the refusal.
func (e *syntaxError) Error() string { return ErrSyntax.Error() + ": " + e.reason }

// Unwrap returns ErrSyntax.
func (e *syntaxError) Unwrap() error { return ErrSyntax }

// VersionError says that a message has a version that is not read here. Found is
// its version, 0 to 15: one below those that are read is of a client too old,
// one above of a client newer than this.
type VersionError struct{ Found uint8 }

// Error describes the refusal.
func (e *VersionError) Error() string {
	return "version " + strconv.Itoa(int(e.Found)) + " of messages is not supported"
}

// open checks size and version of a message, of which trailer bytes follow the
// fields, and returns a reader of those.
func open(b []byte, trailer int, least, most uint8) (version uint8, r *proto.Reader, err error) {
	switch {
	case len(b) > MaxSize:
		return 0, nil, errTooLong
	case len(b) == 0:
		return 0, nil, errTooShort
	}
	if version = b[0] >> 4; version < least || version > most {
		return 0, nil, &VersionError{version}
	}
	if len(b) < 1+trailer {
		return 0, nil, errTooShort
	}
	return version, proto.NewReader(b[1 : len(b)-trailer]), nil
}

// finish requires the fields and returns what is wrong.
func finish(r *proto.Reader, required ...int) error {
	r.Require(required...)
	if err := r.Err(); err != nil {
		return malformed(err.Error())
	}
	return nil
}

// versionByte returns that of a message of version v, from a client that speaks
// no greater one than newest.
func versionByte(v, newest uint8) byte { return v<<4 | newest }

func readUint32(r *proto.Reader, f proto.Field) uint32 { return uint32(r.Uint(f, math.MaxUint32)) }

func readKey(r *proto.Reader, f proto.Field) curve.PublicKey {
	key, err := curve.ParsePublicKey(r.Bytes(f, curve.PublicKeySize, curve.PublicKeySize))
	if err != nil {
		r.Refuse(f.Number, "expected a public key")
	}
	return key
}

// minCiphertext is one block of AES-CBC, which is never empty.
const minCiphertext = 16

func readCiphertext(r *proto.Reader, f proto.Field) []byte {
	return r.Bytes(f, minCiphertext, MaxSize)
}
