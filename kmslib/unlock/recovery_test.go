// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

// The vectors of BIP-39 with 128 bits.
var recoveryVectors = []struct{ entropy, words string }{
	{
		"00000000000000000000000000000000",
		"abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
	},
	{
		"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
		"legal winner thank year wave sausage worth useful legal winner thank yellow",
	},
	{
		"80808080808080808080808080808080",
		"letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
	},
	{
		"ffffffffffffffffffffffffffffffff",
		"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
	},
	{
		"9e885d952ad362caeb4efe34a8e91bd2",
		"ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
	},
	{
		"c0ba5a8e914111210f2bd131f3d5e08d",
		"scheme spot photo card baby mountain device kick cradle pact join borrow",
	},
	{
		"23db8160a31d3e0dca3688ed941adbf3",
		"cat swing flag economy stadium alone churn speed unique patch report train",
	},
	{
		"f30f8c1da665478f49b001d94c5fc452",
		"vessel ladder alter error federal sibling chat ability sun glass valve picture",
	},
}

func TestRecoveryWordsAreThoseOfBIP39(t *testing.T) {
	for _, v := range recoveryVectors {
		entropy, err := hex.DecodeString(v.entropy)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(EncodeRecovery(entropy), " "); got != v.words {
			t.Errorf("words of %s: %q, want %q", v.entropy, got, v.words)
		}
		if got, err := DecodeRecovery([]byte(v.words)); err != nil || !bytes.Equal(got, entropy) {
			t.Errorf("%q: %x, %v, want %s", v.words, got, err, v.entropy)
		}
	}
}

func TestWordListIsThatOfBIP39(t *testing.T) {
	list := strings.ReplaceAll(wordList, " ", "\n")
	sum := sha256.Sum256([]byte(list))
	const want = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
	if hex.EncodeToString(sum[:]) != want {
		t.Errorf("SHA-256 of the list %x, want %s", sum, want)
	}
	words := strings.Fields(list)
	if len(words) != 1<<wordBits || !slices.IsSorted(words) {
		t.Fatalf("%d words, sorted %t", len(words), slices.IsSorted(words))
	}
	known := make(map[string]bool)
	for i, word := range words {
		if len(word) > maxWord || wordAt(i) != word {
			t.Errorf("word %d is %q", i, wordAt(i))
		}
		if cut := word[:min(len(word), minPrefix)]; known[cut] {
			t.Errorf("%q is not known by its first letters", word)
		} else {
			known[cut] = true
		}
		for n := min(len(word), minPrefix); n <= len(word); n++ {
			if got, ok := indexOf([]byte(word[:n])); !ok || got != i {
				t.Fatalf("%q is read as %d, want %d", word[:n], got, i)
			}
		}
	}
}

func TestRecoveryWordsAreReadAsPeopleWriteThem(t *testing.T) {
	entropy := bytes.Repeat([]byte{0x7f}, entropySize)
	for _, text := range []string{
		"legal winner thank year wave sausage worth useful legal winner thank yellow",
		"  legal\twinner\r\nthank year wave sausage worth useful legal winner thank yellow\n",
		"Legal WINNER Thank yEAR wave sausage worth useful legal winner thank yellow",
		"lega winn than year wave saus wort usef lega winn than yell",
		"legal winne than year wave sausa worth useful legal winner thank yellow",
		"legal\u00a0winner\u3000thank year wave sausage worth useful legal winner thank yellow",
	} {
		if got, err := DecodeRecovery([]byte(text)); err != nil || !bytes.Equal(got, entropy) {
			t.Errorf("%q: %x, %v", text, got, err)
		}
	}
}

func TestWrongRecoveryWordsAreExplained(t *testing.T) {
	for _, c := range []struct {
		text string
		want RecoveryError
	}{
		{"", RecoveryError{RecoveryCount, 0, 0}},
		{" \n ", RecoveryError{RecoveryCount, 0, 0}},
		{"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong", RecoveryError{RecoveryCount, 0, 11}},
		{"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong", RecoveryError{RecoveryCount, 0, 13}},
		{"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo", RecoveryError{RecoveryChecksum, 0, 12}},
		{"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong zoo", RecoveryError{RecoveryChecksum, 0, 12}},
		{"zoo zoo zooo zoo zoo zoo zoo zoo zoo zoo zoo wrong", RecoveryError{RecoveryWord, 3, 12}},
		{"zoo zo zooo zoo zoo zoo zoo zoo zoo zoo zoo wrong", RecoveryError{RecoveryWord, 2, 12}},
		{"wro zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong", RecoveryError{RecoveryWord, 1, 12}},
		{"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrongfully", RecoveryError{RecoveryWord, 12, 12}},
		{"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo \xff\xfe", RecoveryError{RecoveryWord, 12, 12}},
		{"zoo,zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong", RecoveryError{RecoveryWord, 1, 12}},
	} {
		entropy, err := DecodeRecovery([]byte(c.text))
		got, ok := errors.AsType[*RecoveryError](err)
		if !ok || *got != c.want || entropy != nil {
			t.Errorf("%q: %x, %v, want %v", c.text, entropy, err, &c.want)
			continue
		}
		for word := range strings.FieldsSeq(c.text) {
			if strings.Contains(got.Error(), word) {
				t.Errorf("the error repeats %q: %v", word, got)
			}
		}
	}
}

func TestRandomRecoveryKeysComeBack(t *testing.T) {
	for range 1000 {
		entropy := make([]byte, entropySize)
		rand.Read(entropy)
		text := []byte(strings.Join(EncodeRecovery(entropy), " "))
		got, err := DecodeRecovery(text)
		if err != nil || !bytes.Equal(got, entropy) {
			t.Fatalf("%s: %x, %v, want %x", text, got, err, entropy)
		}
	}
}

func TestEncodeRecoveryPanicsOnAnotherSize(t *testing.T) {
	for _, n := range []int{0, 15, 17, 32} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d bytes were encoded", n)
				}
			}()
			EncodeRecovery(make([]byte, n))
		}()
	}
}

func FuzzDecodeRecovery(f *testing.F) {
	for _, v := range recoveryVectors {
		f.Add([]byte(v.words))
	}
	f.Add([]byte("\xff zoo"))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		entropy, err := DecodeRecovery(text)
		if !bytes.Equal(text, before) {
			t.Error("the text was changed")
		}
		if _, ok := errors.AsType[*RecoveryError](err); err != nil && !ok {
			t.Errorf("error of another type: %v", err)
		}
		if err != nil {
			return
		}
		again, err := DecodeRecovery([]byte(strings.Join(EncodeRecovery(entropy), "\n")))
		if err != nil || !bytes.Equal(again, entropy) {
			t.Errorf("%x comes back as %x, %v", entropy, again, err)
		}
	})
}
