// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/base64"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// Error says why a record cannot be read, in fixed words.
type Error struct{ Reason string }

// Error describes the refusal.
func (e *Error) Error() string { return e.Reason }

func refuse(reason string) error { return &Error{reason} }

// IDSize is the length of an id in characters: 16 bytes in base64url.
const IDSize = 22

// IsID says whether text has the form of an id.
func IsID(text string) bool {
	raw, ok := decode(text)
	return ok && len(text) == IDSize && len(raw) == 16
}

// SequenceKey returns the key of the record that has a sequence number: 16
// decimal digits, so that keys sort as numbers do.
func SequenceKey(n int64) string {
	digits := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(0, 16-len(digits))) + digits
}

// Place says where a sealed record lies. It comes from the address, never from
// the record.
type Place struct {
	Collection string
	Key        string
	Version    uint64 // of the record in its store
}

// data returns the additional data of a record with the clear members at p.
func (p Place) data(clear []wire.Member) []byte {
	return wire.Object(
		member("format", wire.String(label.RecordData)),
		member("collection", wire.String(p.Collection)),
		member("key", wire.String(p.Key)),
		member("version", wire.Int(int64(p.Version))),
		member("record", wire.Object(clear...)),
	).Append(nil)
}

func member(name string, v wire.Value) wire.Member { return wire.Member{Name: name, Value: v} }

func text(b []byte) wire.Value { return wire.String(encode(b)) }

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode reads base64url, which must be the only spelling of its bytes.
func decode(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") { // which package base64 skips
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return raw, err == nil
}

// open returns a reader of the canonical object value, which has the format.
func open(format string, value []byte) (*wire.ObjectReader, error) {
	v, err := wire.ParseCanonical(value)
	if err != nil {
		return nil, refuse(err.Error())
	}
	found, _ := v.Get("format")
	if name, _ := found.AsString(); name != format {
		return nil, refuse("its format is not " + format + "; another release of the enclave may read it")
	}
	in := wire.NewObjectReader(v)
	in.String("format")
	return in, nil
}

// finish returns the first refusal of in.
func finish(in *wire.ObjectReader) error {
	if err := in.Done(); err != nil {
		return refuse(err.Error())
	}
	return nil
}

// count reads an integer that is not negative.
func count(in *wire.ObjectReader, name string) int64 {
	n := in.Int(name)
	if n < 0 {
		in.Refuse(name, "expected 0 or more")
	}
	return n
}

// bytesOf reads base64url of size bytes; of any number if size is 0.
func bytesOf(in *wire.ObjectReader, name string, size int) []byte {
	raw, ok := decode(in.String(name))
	if !ok || size > 0 && len(raw) != size {
		in.Refuse(name, "expected base64url of the right length")
	}
	return raw
}

// pointOf reads an uncompressed P-256 point. Only its form is checked.
func pointOf(in *wire.ObjectReader, name string) []byte {
	point := bytesOf(in, name, pointSize)
	if len(point) == pointSize && point[0] != 4 {
		in.Refuse(name, "expected an uncompressed point")
	}
	return point
}

const (
	nonceSize = 12
	tagSize   = 16
	pointSize = 65
	hashSize  = 32
)
