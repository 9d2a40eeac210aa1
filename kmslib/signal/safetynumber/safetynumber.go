// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package safetynumber

import (
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"math"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// ErrSyntax says that what was scanned is no safety number.
var ErrSyntax = errors.New("malformed code of a safety number")

const (
	rounds      = 5200 // hashes for a fingerprint
	groups      = 6    // of digits, for a fingerprint
	groupBytes  = 5
	groupDigits = 5
	groupValues = 100_000
	codeSize    = 32 // bytes of a fingerprint in a code to scan
)

// maxCode is how long a scanned code may be, in bytes: ours has at most 78, and
// newer clients may add fields.
const maxCode = 256

// Party is one of the two: its identity key, and the identifier that both use
// for it.
type Party struct {
	ID  []byte
	Key curve.PublicKey
}

// Number is the safety number of two parties as one of them sees it. Two are
// equal (==) if the same party sees the same keys.
type Number struct{ local, remote [codeSize]byte }

// Compute returns the safety number of two parties. It takes some milliseconds,
// which do not depend on the keys.
func Compute(local, remote Party) Number {
	return Number{fingerprint(local), fingerprint(remote)}
}

func fingerprint(p Party) [codeSize]byte {
	first := make([]byte, 0, 2+2*curve.PublicKeySize+len(p.ID))
	first = append(first, 0, 0) // the version of the fingerprint
	first = append(first, p.Key[:]...)
	first = append(first, p.ID...)
	hash := sha512.Sum512(append(first, p.Key[:]...))

	var input [sha512.Size + curve.PublicKeySize]byte
	copy(input[sha512.Size:], p.Key[:])
	for range rounds - 1 {
		copy(input[:], hash[:])
		hash = sha512.Sum512(input[:])
	}
	return [codeSize]byte(hash[:])
}

// Digits returns the 60 digits, which are the same for both parties.
func (n Number) Digits() string {
	local, remote := digits(n.local), digits(n.remote)
	return min(local, remote) + max(local, remote)
}

func digits(fingerprint [codeSize]byte) string {
	var b strings.Builder
	for i := range groups {
		var value uint64
		for _, c := range fingerprint[i*groupBytes : (i+1)*groupBytes] {
			value = value<<8 | uint64(c)
		}
		text := strconv.FormatUint(value%groupValues, 10)
		b.WriteString(strings.Repeat("0", groupDigits-len(text)) + text)
	}
	return b.String()
}

// Scannable returns the bytes of the code that the other party scans.
func (n Number) Scannable(version uint32) []byte {
	var w proto.Writer
	w.Uint(1, uint64(version))
	w.Message(2, func(w *proto.Writer) { w.Bytes(1, n.local[:]) })
	w.Message(3, func(w *proto.Writer) { w.Bytes(1, n.remote[:]) })
	return w.Finish()
}

// Matches says whether scanned, the code that the other party shows, is of the
// same keys and identifiers: what is local there is remote here. It takes a time
// that does not depend on them. The error is ErrSyntax.
func (n Number) Matches(scanned []byte) (bool, error) {
	theirs, err := parse(scanned)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare(n.local[:], theirs.remote[:]) &
		subtle.ConstantTimeCompare(n.remote[:], theirs.local[:])
	return same == 1, nil
}

// parse reads a code.
func parse(code []byte) (Number, error) {
	if len(code) > maxCode {
		return Number{}, ErrSyntax
	}
	var n Number
	r := proto.NewReader(code)
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			r.Uint(f, math.MaxUint32)
		case 2:
			n.local, ok = content(r.Bytes(f, 0, maxCode))
		case 3:
			n.remote, ok = content(r.Bytes(f, 0, maxCode))
		default:
			r.Unknown(f)
		}
		if !ok {
			return Number{}, ErrSyntax
		}
	}
	r.Require(1, 2, 3)
	if r.Err() != nil {
		return Number{}, ErrSyntax
	}
	return n, nil
}

// content reads the message around one fingerprint.
func content(b []byte) (fingerprint [codeSize]byte, ok bool) {
	r := proto.NewReader(b)
	var raw []byte
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		if f.Number == 1 {
			raw = r.Bytes(f, codeSize, codeSize)
		} else {
			r.Unknown(f)
		}
	}
	r.Require(1)
	if r.Err() != nil {
		return fingerprint, false
	}
	return [codeSize]byte(raw), true
}
