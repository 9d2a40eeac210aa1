// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package kdf

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// independent is HKDF written out by RFC 5869, section 2, with a salt in full.
func independent(salt, ikm, info []byte, size int) []byte {
	mac := func(key []byte, parts ...[]byte) []byte {
		h := hmac.New(sha256.New, key)
		for _, part := range parts {
			h.Write(part)
		}
		return h.Sum(nil)
	}
	prk, previous, out := mac(salt, ikm), []byte(nil), []byte(nil)
	for i := byte(1); len(out) < size; i++ {
		previous = mac(prk, previous, info, []byte{i})
		out = append(out, previous...)
	}
	return out[:size]
}

func pattern(first byte) (p [Size]byte) {
	for i := range p {
		p[i] = first + byte(i)
	}
	return p
}

func join(parts ...[Size]byte) (all []byte) {
	for _, part := range parts {
		all = append(all, part[:]...)
	}
	return all
}

// TestDerivationsAreThoseOfTheProtocol spells every input out once more, byte by
// byte where a slip would go unnoticed.
func TestDerivationsAreThoseOfTheProtocol(t *testing.T) {
	a, b := pattern(0x10), pattern(0x80)
	zero := make([]byte, 32)
	const epoch = 0x0102030405060708
	bigEndian := []byte{1, 2, 3, 4, 5, 6, 7, 8}

	root, initiator, responder := ChainStart(&a)
	next, nextInitiator, nextResponder := ChainAddEpoch(&a, &b)
	chain, key := ChainNext(&a, 0x01020304)
	secret := EpochSecret(&a, epoch)
	authRoot, mac := AuthenticatorUpdate(&a, &b, epoch)
	for name, c := range map[string]struct{ got, want []byte }{
		"start": {
			join(root, initiator, responder),
			independent(zero, a[:], []byte("Signal PQ Ratchet V1 Chain\x20\x20Start"), 96),
		},
		"add epoch": {
			join(next, nextInitiator, nextResponder),
			independent(a[:], b[:], []byte("Signal PQ Ratchet V1 Chain Add Epoch"), 96),
		},
		"next": {
			join(chain, key),
			independent(zero, a[:], []byte("\x01\x02\x03\x04Signal PQ Ratchet V1 Chain Next"), 64),
		},
		"epoch secret": {
			join(secret),
			independent(zero, a[:], append([]byte("Signal_PQCKA_V1_MLKEM768:SCKA Key"), bigEndian...), 32),
		},
		"authenticator": {
			join(authRoot, mac),
			independent(zero, append(a[:], b[:]...), append([]byte("Signal_PQCKA_V1_MLKEM768:Authenticator Update"), bigEndian...), 64),
		},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: %x, want %x", name, c.got, c.want)
		}
	}
	if a != pattern(0x10) || b != pattern(0x80) {
		t.Error("inputs were changed")
	}
}

// TestIndependentHKDFIsThatOfTheRFC is RFC 5869, appendix A.1 and A.3.
func TestIndependentHKDFIsThatOfTheRFC(t *testing.T) {
	ikm := bytes.Repeat([]byte{0x0b}, 22)
	salt, _ := hex.DecodeString("000102030405060708090a0b0c")
	info, _ := hex.DecodeString("f0f1f2f3f4f5f6f7f8f9")
	for want, got := range map[string][]byte{
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865": independent(salt, ikm, info, 42),
		"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8": independent(make([]byte, 32), ikm, nil, 42),
	} {
		if hex.EncodeToString(got) != want {
			t.Errorf("%x, want %s", got, want)
		}
	}
}

// TestKnownAnswers pins the values for the key 00 01 … 1f, computed with
// Python's hmac module.
func TestKnownAnswers(t *testing.T) {
	key := pattern(0)
	root, initiator, responder := ChainStart(&key)
	_, first := ChainNext(&initiator, 1)
	for name, c := range map[string]struct {
		got  [Size]byte
		want string
	}{
		"root":                {root, "cecef8bfcf6f9248e22dbcaf8aae953e8eda4a2525ee2aca6fdbf00ed3b671d9"},
		"chain of initiator":  {initiator, "cf242eedd7fba9a7092aa6a0ab4683b96e70e2a43876bda97e567fdffb290577"},
		"chain of responder":  {responder, "c6aa9194504352d146ac7f6a8a785d21193ec6ef44719ede0c74d9099414b4f1"},
		"first message's key": {first, "4e95e19749223cd40e0790a3f65f4265a51834cdc72602a6eab133b015ed48d9"},
		"secret of epoch 1":   {EpochSecret(&key, 1), "52def81f0514130c29c964f889a798b839be4a32d8b79ee273b55af67f4b2eb6"},
	} {
		if got := hex.EncodeToString(c.got[:]); got != c.want {
			t.Errorf("%s = %s, want %s", name, got, c.want)
		}
	}
}
