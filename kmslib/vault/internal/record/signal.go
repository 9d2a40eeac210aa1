// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/wire"
)

// Sizes of Signal records, in bytes.
const (
	// MaxSignalValue is the longest value: with all that is around it, it still
	// fits the longest value of a Store, 1 MiB.
	MaxSignalValue = 1<<20 - 2<<10
	// MaxSignalName is the longest true name: two addresses' worth.
	MaxSignalName = 512
	// NamingSize is the length of a naming key.
	NamingSize = 32

	signalTagSize = 16 // of a name in a key: HMAC-SHA-256, truncated
	maxSignalKind = 32
	maxDigits     = 10 // of an id in clear

	maxSignalHeader = 192
)

// accountKind stands in the key of the account record, which has no name.
const accountKind = "account"

// SignalKey is the key of a Signal record.
type SignalKey struct {
	Origin string
	Kind   string
	Name   string // as it stands in the key; "": the account record
}

// SignalAccountKey returns the key of the account record of an origin.
func SignalAccountKey(origin string) string { return origin + " " + accountKind }

// SignalKindPrefix returns how the keys of the records of a kind begin.
func SignalKindPrefix(origin, kind string) string { return origin + " " + kind + " " }

// SignalPrefix returns how the keys of all records of an origin begin.
func SignalPrefix(origin string) string { return origin + " " }

// String returns the key as it is stored. Its inverse is ParseSignalKey.
func (k SignalKey) String() string {
	if k.Name == "" {
		return SignalAccountKey(k.Origin)
	}
	return SignalKindPrefix(k.Origin, k.Kind) + k.Name
}

// IsAccount says whether it is the key of an account record.
func (k SignalKey) IsAccount() bool { return k.Name == "" }

// IsSignalKind says whether a kind can stand in a key.
func IsSignalKind(kind string) bool {
	outside := func(r rune) bool { return (r < 'a' || r > 'z') && r != '-' }
	return kind != "" && len(kind) <= maxSignalKind && !strings.ContainsFunc(kind, outside)
}

// IsSignalNumber says whether a name is an id in decimal, which may stand in a
// key in clear. It is never as long as a name that is hidden.
func IsSignalNumber(name string) bool {
	outside := func(r rune) bool { return r < '0' || r > '9' }
	return name != "" && len(name) <= maxDigits && !strings.ContainsFunc(name, outside)
}

// HideSignalName returns how a name stands in a key.
func HideSignalName(naming []byte, kind, name string) string {
	mac := hmac.New(sha256.New, naming)
	mac.Write([]byte(label.SignalName + "\n" + kind + "\n" + name))
	return encode(mac.Sum(nil)[:signalTagSize])
}

// ParseSignalKey reads the key of a Signal record. The error is an *Error.
func ParseSignalKey(key string) (SignalKey, error) {
	parts := strings.Split(key, " ")
	k := SignalKey{Origin: parts[0]}
	if _, err := origin.Parse(k.Origin); err != nil {
		return SignalKey{}, refuse("it belongs to another place")
	}
	switch {
	case len(parts) == 2 && parts[1] == accountKind:
		k.Kind = accountKind
		return k, nil
	case len(parts) == 3 && IsSignalKind(parts[1]) && (IsSignalNumber(parts[2]) || IsID(parts[2])):
		k.Kind, k.Name = parts[1], parts[2]
		return k, nil
	}
	return SignalKey{}, refuse("it belongs to another place")
}

// Signal is the record of a value of a Signal account, or of the account.
type Signal struct {
	Generation int64 // of the vault key
	Nonce      []byte
	Sealed     []byte
}

func (r Signal) clear() []wire.Member {
	return []wire.Member{
		member("format", wire.String(label.SignalRecord)),
		member("generation", wire.Int(r.Generation)),
	}
}

// Data returns the additional data of the seal.
func (r Signal) Data(p Place) []byte { return p.data(r.clear()) }

// Marshal returns the value that ParseSignal reads.
func (r Signal) Marshal() []byte {
	header := wire.Object(append(r.clear(), member("nonce", text(r.Nonce)), member("size", wire.Int(int64(len(r.Sealed)))))...)
	b := make([]byte, 0, maxSignalHeader+len(r.Sealed))
	b = append(header.Append(b), '\n')
	return append(b, r.Sealed...)
}

// ParseSignal reads the Signal record that lies under key. The error is an
// *Error.
func ParseSignal(key string, value []byte) (Signal, error) {
	header, sealed, _ := bytes.Cut(value, []byte{'\n'})
	in, err := open(label.SignalRecord, header)
	if err != nil {
		return Signal{}, err
	}
	r := Signal{
		Generation: count(in, "generation"),
		Nonce:      bytesOf(in, "nonce", nonceSize),
		Sealed:     sealed,
	}
	size := count(in, "size")
	if err := finish(in); err != nil {
		return Signal{}, err
	}
	if size != int64(len(sealed)) || size < tagSize {
		return Signal{}, refuse("it has not the size that it says")
	}
	if _, err := ParseSignalKey(key); err != nil {
		return Signal{}, err
	}
	return r, nil
}

// SignalValue returns the plaintext of a value's record: the length of its true
// name, the name, and the value.
func SignalValue(name string, value []byte) []byte {
	b := make([]byte, 0, 2+len(name)+len(value))
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	return append(append(b, name...), value...)
}

// ParseSignalValue reads the plaintext of a value's record; value is a part of
// it. The error is an *Error.
func ParseSignalValue(plaintext []byte) (name string, value []byte, err error) {
	if len(plaintext) < 2 {
		return "", nil, refuse("it ends too early")
	}
	n := int(binary.BigEndian.Uint16(plaintext))
	if n > MaxSignalName || len(plaintext) < 2+n {
		return "", nil, refuse("its name has an impossible length")
	}
	return string(plaintext[2 : 2+n]), plaintext[2+n:], nil
}

// SignalAccount returns the plaintext of an account record: a label and the
// naming key.
func SignalAccount(naming []byte) []byte {
	return append([]byte(label.SignalAccount+"\n"), naming...)
}

// ParseSignalAccount reads the plaintext of an account record; naming is a part
// of it. The error is an *Error.
func ParseSignalAccount(plaintext []byte) (naming []byte, err error) {
	naming, ok := bytes.CutPrefix(plaintext, []byte(label.SignalAccount+"\n"))
	if !ok || len(naming) != NamingSize {
		return nil, refuse("expected a naming key of 32 bytes")
	}
	return naming, nil
}
