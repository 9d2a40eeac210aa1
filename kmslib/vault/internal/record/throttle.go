// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// Throttle is a throttle record.
type Throttle struct {
	Failures int64 // attempts that failed since the last that did not
	Until    int64 // before this none is allowed, Unix seconds
	Unlogged int64 // how many of the failures the log does not have
}

// Marshal returns the value that ParseThrottle reads.
func (t Throttle) Marshal() []byte {
	return wire.Object(
		member("format", wire.String(label.Throttle)),
		member("failures", wire.Int(t.Failures)),
		member("until", wire.Int(t.Until)),
		member("unlogged", wire.Int(t.Unlogged)),
	).Append(nil)
}

// ParseThrottle reads a throttle record. The error is an *Error.
func ParseThrottle(value []byte) (Throttle, error) {
	in, err := open(label.Throttle, value)
	if err != nil {
		return Throttle{}, err
	}
	t := Throttle{Failures: count(in, "failures"), Until: count(in, "until"), Unlogged: count(in, "unlogged")}
	return t, finish(in)
}
