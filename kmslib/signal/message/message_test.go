// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// unhex reads hexadecimal digits with white space in between.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// key returns a public key that is made of one byte.
func key(b byte) curve.PublicKey {
	return curve.PublicKey(append([]byte{5}, bytes.Repeat([]byte{b}, 32)...))
}

func fill(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

// The bytes below are typed from the profile of libsignal 0.103.0's messages,
// with keys and ciphertexts of one byte each.
const (
	goldenSignal = `44
		0a21 05 9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b
		1000 1800
		2210 18181818181818181818181818181818
		2a04 01010100
		5bccdb008e5b909f`
	goldenFirst = `44
		0a21 05 adadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadad
		1000 1800
		2210 77777777777777777777777777777777
		2a25 0101010100 cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
		3224 00 9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d 01 00 79797979797979797979797979797979 01
		baeda44ba8ad173e`
	goldenX3DH = `34
		0a21 05 9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b
		10ac02 18ffffffff0f
		2210 18181818181818181818181818181818
		0102030405060708`
	goldenSenderKey = `33
		0a10 d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1
		10ffffffff07 1800
		2210 18181818181818181818181818181818
		51515151515151515151515151515151515151515151515151515151515151515151515151515151
		515151515151515151515151515151515151515151515151`
	goldenDistribution = `33
		0a10 d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1
		1001 1800
		2220 c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0
		2a21 05 5555555555555555555555555555555555555555555555555555555555555555`
	goldenRetry = `c0 422a
		0a21 05 9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b
		1080c2d72f 1802
		80`
)

func reply() *Signal {
	return &Signal{Version: 4, RatchetKey: key(0x9b), Ciphertext: fill(0x18, 16),
		PQRatchet: []byte{1, 1, 1, 0}, MAC: [8]byte{0x5b, 0xcc, 0xdb, 0x00, 0x8e, 0x5b, 0x90, 0x9f}}
}

func first() *Signal {
	addresses := bytes.Join([][]byte{{0}, fill(0x9d, 16), {1, 0}, fill(0x79, 16), {1}}, nil)
	return &Signal{Version: 4, RatchetKey: key(0xad), Ciphertext: fill(0x77, 16),
		PQRatchet: append([]byte{1, 1, 1, 1, 0}, fill(0xcc, 32)...), Addresses: addresses,
		MAC: [8]byte{0xba, 0xed, 0xa4, 0x4b, 0xa8, 0xad, 0x17, 0x3e}}
}

func x3dh() *Signal {
	return &Signal{Version: 3, RatchetKey: key(0x9b), Counter: 300, Previous: 1<<32 - 1,
		Ciphertext: fill(0x18, 16), MAC: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}}
}

func TestSignalMessagesHaveTheBytesOfTheProfile(t *testing.T) {
	for name, c := range map[string]struct {
		golden string
		m      *Signal
	}{"reply": {goldenSignal, reply()}, "first": {goldenFirst, first()}, "X3DH": {goldenX3DH, x3dh()}} {
		golden := unhex(t, c.golden)
		if got := c.m.Append(c.m.MAC); !bytes.Equal(got, golden) {
			t.Errorf("%s: written %x, want %x", name, got, golden)
		}
		parsed, err := ParseSignal(golden)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(parsed.Body(), golden[:len(golden)-8]) || !bytes.Equal(parsed.Append(parsed.MAC), golden) {
			t.Errorf("%s: the body is not what came", name)
		}
		if parsed.body = nil; !reflect.DeepEqual(parsed, c.m) {
			t.Errorf("%s: read %+v, want %+v", name, parsed, c.m)
		}
	}
}

func preKey() *PreKey {
	return &PreKey{Version: 4, HasPreKey: true, PreKeyID: 101, BaseKey: key(0xa6), IdentityKey: key(0xca),
		Message: first(), RegistrationID: 1111, SignedPreKeyID: 22, HasKyber: true, KyberPreKeyID: 33,
		KyberCiphertext: append([]byte{8}, fill(0xee, 1568)...)}
}

// goldenPreKey returns the first message of the profile.
func goldenPreKey(t testing.TB) []byte {
	return bytes.Join([][]byte{
		unhex(t, "44 0865 1221 05"), fill(0xa6, 32), unhex(t, "1a21 05"), fill(0xca, 32),
		unhex(t, "228f01"), unhex(t, goldenFirst),
		unhex(t, "28d708 3016 3821 42a10c 08"), fill(0xee, 1568),
	}, nil)
}

func TestPreKeyMessagesHaveTheBytesOfTheProfile(t *testing.T) {
	golden := goldenPreKey(t)
	if got := preKey().Marshal(); !bytes.Equal(got, golden) {
		t.Errorf("written %x, want %x", got, golden)
	}
	if len(golden) != 1798 {
		t.Errorf("%d bytes, that of the profile has 1798", len(golden))
	}
	parsed, err := ParsePreKey(golden)
	if err != nil {
		t.Fatal(err)
	}
	if again := parsed.Marshal(); !bytes.Equal(again, golden) {
		t.Errorf("written again %x", again)
	}
	if parsed.Message.body = nil; !reflect.DeepEqual(parsed, preKey()) {
		t.Errorf("read %+v", parsed)
	}
}

func TestPreKeyMessageWithoutOneTimeKeys(t *testing.T) {
	m := preKey()
	m.Version, m.HasPreKey, m.PreKeyID, m.HasKyber, m.KyberPreKeyID, m.KyberCiphertext = 3, false, 0, false, 0, nil
	m.Message = x3dh()
	parsed, err := ParsePreKey(m.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Message.body = nil; !reflect.DeepEqual(parsed, m) {
		t.Errorf("read %+v", parsed)
	}
}

func TestPrekeyNumberZeroIsNotNone(t *testing.T) {
	m := preKey()
	m.PreKeyID = 0
	if parsed, err := ParsePreKey(m.Marshal()); err != nil || !parsed.HasPreKey || parsed.PreKeyID != 0 {
		t.Errorf("%+v, %v", parsed, err)
	}
}

func TestOnlyTheHighHalfOfTheVersionIsChecked(t *testing.T) {
	for version := range 16 {
		for _, low := range []int{0, 3, 4, 15} {
			b := byte(version<<4 | low)
			signal, preKey, senderKey := unhex(t, goldenSignal), goldenPreKey(t), unhex(t, goldenSenderKey)
			signal[0], preKey[0], senderKey[0] = b, b, b
			distribution := unhex(t, goldenDistribution)
			distribution[0] = b
			_, err1 := ParseSignal(signal)
			_, err2 := ParsePreKey(preKey)
			_, err3 := ParseSenderKey(senderKey)
			_, err4 := ParseSenderKeyDistribution(distribution)
			if version == 3 && errors.Is(err2, ErrSyntax) {
				err2 = nil // it has a Kyber key
			}
			for i, err := range []error{err1, err2, err3, err4} {
				var refused *VersionError
				want := version == 3 || i < 2 && version == 4
				if (err == nil) != want || !want && (!errors.As(err, &refused) || int(refused.Found) != version) {
					t.Errorf("message %d with version byte %02x: %v", i, b, err)
				}
			}
		}
	}
}

func TestKyberKeysBelongToVersion4(t *testing.T) {
	without := preKey()
	without.HasKyber = false
	with := preKey()
	with.Version = 3
	half := func(version byte) []byte { // field 7 without 8
		b := without.Marshal()
		b[0] = version
		return append(b, 0x38, 0x21)
	}
	for name, b := range map[string][]byte{
		"4 without": without.Marshal(), "3 with": with.Marshal(), "4 with half": half(0x44), "3 with half": half(0x34),
	} {
		if _, err := ParsePreKey(b); !errors.Is(err, ErrSyntax) {
			t.Errorf("version %s: %v", name, err)
		}
	}
}

func TestSenderKeyMessagesHaveTheBytesOfTheProfile(t *testing.T) {
	golden := unhex(t, goldenSenderKey)
	m := &SenderKey{Distribution: [16]byte(fill(0xd1, 16)), Chain: 1<<31 - 1, Ciphertext: fill(0x18, 16),
		Signature: [64]byte(fill(0x51, 64))}
	if got := m.Append(m.Signature); !bytes.Equal(got, golden) {
		t.Errorf("written %x, want %x", got, golden)
	}
	parsed, err := ParseSenderKey(golden)
	if err != nil || !bytes.Equal(parsed.Body(), golden[:len(golden)-64]) || !bytes.Equal(parsed.Append(parsed.Signature), golden) {
		t.Fatalf("%+v, %v", parsed, err)
	}
	if parsed.body = nil; !reflect.DeepEqual(parsed, m) {
		t.Errorf("read %+v", parsed)
	}
}

func TestDistributionsHaveTheBytesOfTheProfile(t *testing.T) {
	golden := unhex(t, goldenDistribution)
	chainKey := [32]byte(fill(0xc0, 32))
	m := &SenderKeyDistribution{Distribution: [16]byte(fill(0xd1, 16)), Chain: 1, ChainKey: secret.NewBox(&chainKey), SigningKey: key(0x55)}
	if got := m.Marshal(); !bytes.Equal(got, golden) {
		t.Errorf("written %x, want %x", got, golden)
	}
	parsed, err := ParseSenderKeyDistribution(golden)
	if err != nil || !bytes.Equal(parsed.Marshal(), golden) || *parsed.ChainKey.Expose() != chainKey {
		t.Fatalf("%+v, %v", parsed, err)
	}
}

func TestNoVerbPrintsAChainKey(t *testing.T) {
	m, err := ParseSenderKeyDistribution(unhex(t, goldenDistribution))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		text := fmt.Sprintf(verb, m) + fmt.Sprintf(verb, *m)
		for _, form := range []string{"c0c0c0", "C0C0C0", "c0, 0xc0", "192 192", "192, 192", string(fill(0xc0, 3)), `\xc0\xc0`} {
			if strings.Contains(text, form) {
				t.Errorf("%s: %s", verb, text)
			}
		}
	}
}

func TestRetryRequestsHaveTheBytesOfTheProfile(t *testing.T) {
	golden := unhex(t, goldenRetry)
	m := &Retry{RatchetKey: key(0x9b), Timestamp: 100_000_000, Device: 2}
	if got := m.Marshal(); !bytes.Equal(got, golden) {
		t.Errorf("written %x, want %x", got, golden)
	}
	for _, m := range []*Retry{m, {Timestamp: 1<<64 - 1, Device: 127}} {
		if parsed, err := ParseRetry(m.Marshal()); err != nil || *parsed != *m {
			t.Errorf("read %+v, %v; want %+v", parsed, err, m)
		}
	}
}

func TestUnknownFieldsAreSkippedAndCovered(t *testing.T) {
	golden := unhex(t, goldenSignal)
	unknown := unhex(t, "980601 a206020102 7d01020304 b90701020304050607ff")
	end := len(golden) - 8
	b := bytes.Join([][]byte{golden[:end], unknown, golden[end:]}, nil)
	m, err := ParseSignal(b)
	if err != nil || !bytes.Equal(m.Body(), b[:len(b)-8]) {
		t.Errorf("%v", err)
	}
}

func TestFieldsMayComeInAnyOrder(t *testing.T) {
	var w proto.Writer
	m := x3dh()
	w.Bytes(4, m.Ciphertext)
	w.Uint(2, uint64(m.Counter))
	w.Bytes(1, m.RatchetKey[:])
	parsed, err := ParseSignal(append(append([]byte{0x34}, w.Finish()...), m.MAC[:]...))
	if err != nil || parsed.Counter != 300 || parsed.Previous != 0 || parsed.PQRatchet != nil || parsed.Addresses != nil {
		t.Errorf("%+v, %v", parsed, err)
	}
}
