// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func TestSignaturesInDER(t *testing.T) {
	for name, c := range map[string]struct{ r, s, der string }{
		"small":          {"01", "7f", "3006020101" + "02017f"},
		"high bit":       {"80", "ff", "3008" + "02020080" + "020200ff"},
		"zero":           {"00", "00", "3006020100020100"},
		"inner zeros":    {"8000", "010000", "3a"},
		"all of a curve": {pad("ff", 32), pad("7f", 32), ""},
	} {
		t.Run(name, func(t *testing.T) {
			signature := append(half(t, c.r), half(t, c.s)...)
			der := toDER(signature)
			if len(c.der) > 4 && hex.EncodeToString(der) != c.der {
				t.Errorf("written as %x, want %s", der, c.der)
			}
			if back, ok := fromDER(der); !ok || !bytes.Equal(back, signature) {
				t.Errorf("%x read as %x", der, back)
			}
		})
	}
}

func pad(b string, n int) string { return string(bytes.Repeat([]byte(b), n)) }

func half(t *testing.T, text string) []byte {
	t.Helper()
	n, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return append(make([]byte, 32-len(n)), n...)
}

func TestOtherDERIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"no sequence":       "3106020101020101",
		"too short":         "3006020101",
		"a byte more":       "300602010102010100",
		"more inside":       "300902010102010102010a",
		"long length":       "308106020101020101",
		"negative":          "3006020181020101",
		"zero too many":     "300702020001020101",
		"empty integer":     "30050200020101",
		"length beyond":     "3006020101020501",
		"33 bytes":          "3026" + "0221" + "01" + pad("00", 32) + "020101",
		"no second integer": "3003020101",
	} {
		der, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if signature, ok := fromDER(der); ok {
			t.Errorf("%s: read as %x", name, signature)
		}
	}
}

func FuzzFromDER(f *testing.F) {
	f.Add(toDER(make([]byte, SignatureSize)))
	f.Add(toDER(bytes.Repeat([]byte{0xff}, SignatureSize)))
	f.Fuzz(func(t *testing.T, der []byte) {
		signature, ok := fromDER(der)
		if ok && (len(signature) != SignatureSize || !bytes.Equal(toDER(signature), der)) {
			t.Errorf("%x is written as %x", der, toDER(signature))
		}
	})
}
