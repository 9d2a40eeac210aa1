// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestPassphraseMinimum(t *testing.T) {
	for _, c := range []struct {
		name, passphrase string
		want             PassphraseReason
	}{
		{"twelve different characters", "abcdefghijkl", ""},
		{"five different characters", "abcdeabcdeab", ""},
		{"twelve characters of more bytes", "ñandúñandúña", ""},
		{"characters beyond the BMP", "😀😁😂😃😄😀😁😂😃😄😀😁", ""},
		{"the longest", strings.Repeat("abcdefgh", 128), ""},
		{"empty", "", PassphraseShort},
		{"eleven characters", "abcdefghijk", PassphraseShort},
		{"eleven characters in more bytes", "ñandúñandúñ", PassphraseShort},
		{"four different characters", "abcdabcdabcdabcd", PassphraseMonotone},
		{"one character", strings.Repeat("a", 20), PassphraseMonotone},
		{"one byte more than the longest", strings.Repeat("abcdefgh", 128) + "a", PassphraseLong},
		{"not UTF-8", "abcdefghijk\xff", PassphraseEncoding},
	} {
		t.Run(c.name, func(t *testing.T) {
			given := []byte(c.passphrase)
			err := CheckPassphrase(given)
			got, _ := errors.AsType[*PassphraseError](err)
			if (c.want == "") != (err == nil) || err != nil && got.Reason != c.want {
				t.Errorf("error %v, want reason %q", err, c.want)
			}
			if string(given) != c.passphrase {
				t.Error("the passphrase was changed")
			}
			if err != nil && c.passphrase != "" && strings.Contains(err.Error(), c.passphrase) {
				t.Error("the error repeats the passphrase")
			}
		})
	}
}

func TestPRFInputsBelongToUsAndDiffer(t *testing.T) {
	first, second := PRFInputs([]byte("salt"))
	want := "kms-enclave-passkey-prf/1"
	if string(first) != want+"\x01salt" || string(second) != want+"\x02salt" {
		t.Errorf("inputs %q and %q", first, second)
	}
}

func TestSaltsDiffer(t *testing.T) {
	a, err1 := NewSalt(quickEnv().Random)
	b, err2 := NewSalt(quickEnv().Random)
	if err1 != nil || err2 != nil || len(a) != SaltSize || bytes.Equal(a, b) {
		t.Errorf("salts %x, %x, %v, %v", a, b, err1, err2)
	}
}
