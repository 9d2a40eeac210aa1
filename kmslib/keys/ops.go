// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keys

import (
	"context"
	"errors"
)

// Handle is a key or secret that only the Ops which made it can use. Nothing
// else looks inside. A Handle may be used by many goroutines.
type Handle any

// Errors that callers tell apart with errors.Is.
var (
	ErrNotSupported = errors.New("this platform lacks the algorithm")
	ErrOpen         = errors.New("authentication failed: another key, other additional data or altered bytes")
)

// Use says what a P-256 key pair is for.
type Use string

// The uses.
const (
	UseSign  Use = "sign"  // ECDSA with SHA-256
	UseAgree Use = "agree" // ECDH
)

// Algorithm is a signature algorithm by its number in the COSE registry.
type Algorithm int64

// The algorithms that Verify knows.
const (
	ES256 Algorithm = -7   // ECDSA on P-256 with SHA-256 (RFC 9053, section 2.1)
	RS256 Algorithm = -257 // RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8812, section 2)
)

// The sizes of what goes in and out, in bytes.
const (
	PointSize     = 65 // uncompressed P-256 point
	SignatureSize = 64 // r ‖ s
	NonceSize     = 12
	TagSize       = 16
	SecretSize    = 32
	MinBaseSize   = 16       // shortest secret that ImportBase takes
	MaxDerived    = 255 * 32 // most bytes that DeriveBytes gives (RFC 5869, section 2.3)
)

// Ops makes and uses keys. The package comment says which bytes and errors;
// every Ops passes the conformance test of package keystest. No method changes
// or keeps a slice that it is given.
type Ops interface {
	// GenerateP256 makes a signing key that cannot be exported and that a Store
	// can keep, and returns it with its public point.
	GenerateP256(ctx context.Context) (key Handle, point []byte, err error)

	// SignP256 signs the SHA-256 digest of message with a signing key.
	SignP256(ctx context.Context, key Handle, message []byte) (signature []byte, err error)

	// Verify returns nil if the private key of the public key spki, in DER
	// (RFC 5280, section 4.1.2.7), signed message. An ES256 signature is r ‖ s.
	Verify(ctx context.Context, alg Algorithm, spki, message, signature []byte) error

	// PBKDF2 derives a base secret from a passphrase.
	PBKDF2(ctx context.Context, passphrase, salt []byte, iterations int) (base Handle, err error)

	// ImportBase makes a base secret of bytes, at least MinBaseSize, which the
	// caller clears.
	ImportBase(ctx context.Context, secret []byte) (base Handle, err error)

	// DeriveKey derives a sealing key that cannot be exported.
	DeriveKey(ctx context.Context, base Handle, salt, info []byte) (key Handle, err error)

	// DeriveBytes derives n bytes, 1 to MaxDerived.
	DeriveBytes(ctx context.Context, base Handle, salt, info []byte, n int) ([]byte, error)

	// GenerateAES makes a sealing key that cannot be exported and that a Store
	// can keep.
	GenerateAES(ctx context.Context) (key Handle, err error)

	// Seal encrypts plaintext and authenticates it with aad.
	Seal(ctx context.Context, key Handle, nonce, aad, plaintext []byte) ([]byte, error)

	// Open is the inverse of Seal.
	Open(ctx context.Context, key Handle, nonce, aad, sealed []byte) ([]byte, error)

	// GenerateWrapped makes a key pair and returns the private key wrapped under
	// a sealing key, and the public point.
	GenerateWrapped(ctx context.Context, use Use, wrapping Handle, nonce, aad []byte) (wrapped, point []byte, err error)

	// Unwrap returns a wrapped private key as one that cannot be exported.
	Unwrap(ctx context.Context, use Use, wrapping Handle, nonce, aad, wrapped []byte) (key Handle, err error)

	// Rewrap wraps a wrapped private key under another sealing key.
	Rewrap(ctx context.Context, use Use, from Handle, fromNonce, fromAAD, wrapped []byte,
		to Handle, toNonce, toAAD []byte) ([]byte, error)

	// Agree returns the base secret that an agreement key has in common with the
	// private key of point, which must be on the curve.
	Agree(ctx context.Context, private Handle, point []byte) (base Handle, err error)

	// AgreeEphemeral is Agree with a new key pair, of which only the public
	// point remains.
	AgreeEphemeral(ctx context.Context, point []byte) (base Handle, ephemeral []byte, err error)

	// GenerateSecret makes a secret. It can be wrapped and nothing else.
	GenerateSecret(ctx context.Context) (secret Handle, err error)

	// WrapSecret wraps a secret under a sealing key.
	WrapSecret(ctx context.Context, secret, wrapping Handle, nonce, aad []byte) ([]byte, error)

	// UnwrapSecret returns a wrapped secret as one that can be wrapped again.
	UnwrapSecret(ctx context.Context, wrapping Handle, nonce, aad, wrapped []byte) (secret Handle, err error)

	// UnwrapBase returns a wrapped secret as a base secret.
	UnwrapBase(ctx context.Context, wrapping Handle, nonce, aad, wrapped []byte) (base Handle, err error)
}
