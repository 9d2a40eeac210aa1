// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"io"
)

// Kind says what a stored value is.
type Kind string

// The kinds of stored values, and what their names are. An id is written in
// decimal, an address as by Address.String, 16 bytes as 32 digits of lower-case
// hexadecimal.
const (
	KindIdentity     Kind = "identity"      // "": there is one
	KindPreKey       Kind = "prekey"        // id
	KindSignedPreKey Kind = "signed-prekey" // id
	KindKyberPreKey  Kind = "kyber-prekey"  // id
	KindReplay       Kind = "replay"        // id of a signed prekey
	KindPeer         Kind = "peer"          // address
	KindSession      Kind = "session"       // address "/" session id
	KindContact      Kind = "contact"       // name
	KindSenderKey    Kind = "sender-key"    // group "/" address, or group "/own"
)

// Kinds returns all kinds there are.
func Kinds() []Kind {
	return []Kind{
		KindIdentity, KindPreKey, KindSignedPreKey, KindKyberPreKey, KindReplay,
		KindPeer, KindSession, KindContact, KindSenderKey,
	}
}

// Key is where a value is stored.
type Key struct {
	Kind Kind
	Name string
}

// Change sets the value of a key, or deletes it if Value is nil. Values have
// secrets inside.
type Change struct {
	Key   Key
	Value []byte
}

// Reader reads the values of one account, as they were when the unit of work
// began. Both methods' errors pass through this package unchanged.
type Reader interface {
	// Get returns a value, a copy that is the caller's, or ErrNotFound.
	Get(ctx context.Context, k Key) ([]byte, error)
	// Names returns the names there are of a kind, sorted by their bytes.
	Names(ctx context.Context, kind Kind) ([]string, error)
}

// Env is what a unit of work takes from the world.
type Env struct {
	Now    int64     // Unix seconds
	Random io.Reader // cryptographically secure
}
