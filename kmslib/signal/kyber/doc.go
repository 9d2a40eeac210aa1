// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package kyber is the key encapsulation of Signal's post-quantum prekeys:
// Kyber1024 as submitted to round 3 of the NIST competition.
//
// This is not ML-KEM-1024 (FIPS 203), which came of it. Keys and ciphertexts
// have the same sizes, and the bytes of one are accepted as those of the other,
// but the secrets differ: ML-KEM neither hashes the random message first nor puts
// the ciphertext into the derivation of the secret. Whoever mixes them up sees no
// error, only messages that do not open.
//
// # Encoding
//
// A public key and a ciphertext are the type byte 08 and then 1568 bytes of
// round 3. They are checked for length and type alone, as all clients do: any
// such bytes are a key, and decapsulating a ciphertext that was altered gives a
// secret that nobody else has. A private key is kept as the seed of 64 bytes from
// which round 3 makes it, d ‖ z, instead of its 3168 bytes; expanding it costs
// about as much as encapsulating.
//
// # Errors
//
// ErrKey and ErrCiphertext say that bytes are not what they should be. Neither
// carries them.
package kyber
