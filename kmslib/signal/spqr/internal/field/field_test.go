// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package field

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/erasure"
)

const data = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func chunk(index uint16) (c erasure.Chunk) {
	c.Index = index
	for i := range c.Data {
		c.Data[i] = byte(i)
	}
	return c
}

func TestFieldsHaveTheBytesOfTheProtocol(t *testing.T) {
	for want, m := range map[string]Message{
		"01 01 01 01 00" + data:      {1, 1, Header, chunk(0)},
		"01 01 01 00":                {1, 1, None, erasure.Chunk{}},
		"01 01 00 01 02" + data:      {1, 0, Header, chunk(2)},
		"01 02 7f 02 23" + data:      {2, 127, Key, chunk(35)},
		"01 03 80 01 03 ff01" + data: {3, 128, KeyAcknowledge, chunk(255)},
		"01 04 05 04":                {4, 5, Acknowledge, erasure.Chunk{}},
		"01 ac02 09 05 1d" + data:    {300, 9, Ciphertext1, chunk(29)},
		"01 ffffffffffffffffff01 ffffffff0f 06 ffff03" + data: {math.MaxUint64, math.MaxUint32, Ciphertext2, chunk(65535)},
	} {
		wantBytes := unhex(want)
		if got := m.Marshal(); !bytes.Equal(got, wantBytes) || len(got) > MaxSize {
			t.Errorf("%+v: %x, want %s", m, got, want)
		}
		for _, trailing := range [][]byte{nil, {0}, []byte("more")} {
			if got, err := Parse(append(bytes.Clone(wantBytes), trailing...)); err != nil || *got != m {
				t.Errorf("%s with %x: %+v, %v", want, trailing, got, err)
			}
		}
		for i := range wantBytes {
			if _, err := Parse(wantBytes[:i]); !errors.Is(err, ErrSyntax) {
				t.Errorf("the first %d bytes of %s: %v", i, want, err)
			}
		}
	}
}

func TestFieldsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		field string
		want  error
	}{
		"nothing":                   {"", ErrSyntax},
		"version 0":                 {"00 01 01 00", ErrSyntax},
		"version 2":                 {"02 01 01 00", ErrVersion},
		"version 255, nothing else": {"ff", ErrVersion},
		"epoch 0":                   {"01 00 01 00", ErrSyntax},
		"long form of the epoch":    {"01 8100 01 00", ErrSyntax},
		"long form of the index":    {"01 01 8100 00", ErrSyntax},
		"long form of 0":            {"01 01 8000 00", ErrSyntax},
		"epoch of 65 bits":          {"01 ffffffffffffffffff02 01 00", ErrSyntax},
		"endless epoch":             {"01" + strings.Repeat("ff", 20), ErrSyntax},
		"index of 33 bits":          {"01 01 8080808010 00", ErrSyntax},
		"no key in epoch 2":         {"01 02 00 00", ErrSyntax},
		"kind 7":                    {"01 01 01 07 00" + data, ErrSyntax},
		"kind of two bytes":         {"01 01 01 8100 00" + data, ErrSyntax},
		"chunk 65536":               {"01 01 01 01 808004" + data, ErrSyntax},
		"long form of a chunk":      {"01 01 01 01 8000" + data, ErrSyntax},
		"chunk of 31 bytes":         {"01 01 01 01 00" + data[2:], ErrSyntax},
	} {
		if m, err := Parse(unhex(c.field)); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "01010100", "0101010100" + data, "01ac0209051d" + data, "02"} {
		f.Add(unhex(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		if again := m.Marshal(); !bytes.HasPrefix(b, again) {
			t.Errorf("%x reads as %x", b, again)
		}
	})
}
