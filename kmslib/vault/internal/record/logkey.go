// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// LogKey is the record of the key that signs a user's log.
type LogKey struct {
	Generation int64 // of the vault key that wraps it
	Point      []byte
	Created    int64 // Unix seconds
	Nonce      []byte
	Wrapped    []byte
}

func (k LogKey) clear() []wire.Member {
	return []wire.Member{
		member("format", wire.String(label.LogKey)),
		member("generation", wire.Int(k.Generation)),
		member("point", text(k.Point)),
		member("created", wire.Int(k.Created)),
	}
}

// Data returns the additional data of the wrapping.
func (k LogKey) Data(p Place) []byte { return p.data(k.clear()) }

// Marshal returns the value that ParseLogKey reads.
func (k LogKey) Marshal() []byte {
	return wire.Object(append(k.clear(), member("nonce", text(k.Nonce)), member("wrapped", text(k.Wrapped)))...).Append(nil)
}

// ParseLogKey reads a log key record. The error is an *Error.
func ParseLogKey(value []byte) (LogKey, error) {
	in, err := open(label.LogKey, value)
	if err != nil {
		return LogKey{}, err
	}
	k := LogKey{
		Generation: count(in, "generation"),
		Point:      pointOf(in, "point"),
		Created:    count(in, "created"),
		Nonce:      bytesOf(in, "nonce", nonceSize),
		Wrapped:    bytesOf(in, "wrapped", 0),
	}
	return k, finish(in)
}

// Delegate is the record of the key that signs a user's log while the vault is
// locked. The Handle beside it is the private key.
type Delegate struct {
	Point       []byte
	Certificate int64 // number of the newest certificate
}

// Marshal returns the value that ParseDelegate reads.
func (d Delegate) Marshal() []byte {
	return wire.Object(
		member("format", wire.String(label.LogDelegate)),
		member("point", text(d.Point)),
		member("certificate", wire.Int(d.Certificate)),
	).Append(nil)
}

// ParseDelegate reads a delegate record. The error is an *Error.
func ParseDelegate(value []byte) (Delegate, error) {
	in, err := open(label.LogDelegate, value)
	if err != nil {
		return Delegate{}, err
	}
	d := Delegate{Point: pointOf(in, "point"), Certificate: count(in, "certificate")}
	return d, finish(in)
}
