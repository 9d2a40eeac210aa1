// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"context"

	"golang.org/x/crypto/argon2"

	"ats.run/kms-enclave/kmslib/keys"
)

// The names of the functions that stretch passphrases.
const (
	KDFPBKDF2   = "pbkdf2-sha256" // RFC 8018, with HMAC-SHA-256
	KDFArgon2id = "argon2id"      // RFC 9106, version 0x13
)

// The bounds of cost. What is below was never made by an enclave; what is above
// would be a record that keeps the person waiting for ever.
const (
	MinIterations = 600_000
	MaxIterations = 100_000_000
	minMemoryKiB  = 64 << 10
	maxMemoryKiB  = 256 << 10
	minPasses     = 3
	maxPasses     = 64
	maxLanes      = 4
)

// KDF says how a passphrase is stretched.
type KDF struct {
	Name       string
	Iterations int    // of PBKDF2, else 0
	MemoryKiB  int    // of Argon2id, else 0
	Passes     int    // of Argon2id, else 0
	Lanes      int    // of Argon2id, else 0
	Salt       []byte // of an enrolment; made by Enrol, which ignores what is here
}

// PBKDF2 returns the default KDF with a number of iterations, such as Calibrate
// finds.
func PBKDF2(iterations int) KDF { return KDF{Name: KDFPBKDF2, Iterations: iterations} }

// Argon2id returns the KDF that also costs memory: 64 MiB, three passes, one
// lane (RFC 9106, section 4, with the one lane that WebAssembly has).
func Argon2id() KDF {
	return KDF{Name: KDFArgon2id, MemoryKiB: minMemoryKiB, Passes: minPasses, Lanes: 1}
}

// reason says in fixed words why k is not a KDF, or "".
func (k KDF) reason() string {
	switch k.Name {
	case KDFPBKDF2:
		if k.MemoryKiB != 0 || k.Passes != 0 || k.Lanes != 0 {
			return "expected only iterations for pbkdf2-sha256"
		}
		if k.Iterations < MinIterations || k.Iterations > MaxIterations {
			return "expected 600,000 to 100,000,000 iterations"
		}
	case KDFArgon2id:
		if k.Iterations != 0 {
			return "expected no iterations for argon2id"
		}
		if k.MemoryKiB < minMemoryKiB || k.MemoryKiB > maxMemoryKiB || k.Passes < minPasses ||
			k.Passes > maxPasses || k.Lanes < 1 || k.Lanes > maxLanes {
			return "expected 64 to 256 MiB, 3 to 64 passes and 1 to 4 lanes"
		}
	default:
		return "expected pbkdf2-sha256 or argon2id"
	}
	return ""
}

// stretch returns the base secret of a passphrase.
func (k KDF) stretch(ctx context.Context, ops keys.Ops, passphrase, salt []byte) (keys.Handle, error) {
	if k.Name == KDFPBKDF2 {
		return ops.PBKDF2(ctx, passphrase, salt, k.Iterations)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	const size = 32
	raw := argon2.IDKey(passphrase, salt, uint32(k.Passes), uint32(k.MemoryKiB), uint8(k.Lanes), size)
	defer clear(raw)
	return ops.ImportBase(ctx, raw)
}

// Stale says whether an enrolment should be stretched anew because opening it
// took measured milliseconds where target is wanted: less than half of it, or
// more than 2.5 times as long and there is something to save. A measured time of
// 0 or less is none.
func Stale(kdf KDF, measured, target int64) bool {
	if kdf.Name != KDFPBKDF2 {
		floor := Argon2id()
		return kdf.MemoryKiB < floor.MemoryKiB || kdf.Passes < floor.Passes
	}
	switch {
	case kdf.Iterations < MinIterations:
		return true
	case measured <= 0 || target <= 0:
		return false
	case measured < target/2:
		return kdf.Iterations < MaxIterations
	}
	return measured > target*5/2 && kdf.Iterations > MinIterations
}
