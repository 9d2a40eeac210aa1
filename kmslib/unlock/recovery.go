// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"crypto/sha256"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The shape of a recovery key in words (BIP-39, "Generating the mnemonic").
const (
	recoveryWords = 12
	wordBits      = 11
	checksumBits  = 4
	minPrefix     = 4 // letters by which each word of the list is known
	maxWord       = 8 // letters of the longest word of the list
)

// RecoveryError says what is the matter with the words of a recovery key. It
// repeats none of them.
type RecoveryError struct {
	Reason RecoveryReason
	Word   int // which word is unknown, from 1, else 0
	Words  int // how many words there are
}

// RecoveryReason is a word for programs.
type RecoveryReason string

// The reasons.
const (
	RecoveryCount    RecoveryReason = "count"    // not 12 words
	RecoveryWord     RecoveryReason = "word"     // a word is not in the list
	RecoveryChecksum RecoveryReason = "checksum" // the words do not belong together
)

// Error says what is expected.
func (e *RecoveryError) Error() string {
	switch e.Reason {
	case RecoveryCount:
		return "recovery key: expected 12 words, found " + strconv.Itoa(e.Words)
	case RecoveryWord:
		return "recovery key: word " + strconv.Itoa(e.Word) + " is not in the list; check its spelling"
	}
	return "recovery key: the words do not belong together; check each word and their order"
}

// EncodeRecovery returns the 12 words of a recovery key of 16 bytes. It panics
// if there are not 16.
func EncodeRecovery(entropy []byte) []string {
	if len(entropy) != entropySize {
		panic("unlock: internal error: a recovery key has 16 bytes")
	}
	words := make([]string, 0, recoveryWords)
	bits, have := uint32(0), 0
	next := func(b uint32, n int) {
		bits, have = bits<<n|b, have+n
		if have >= wordBits {
			have -= wordBits
			words = append(words, wordAt(int(bits>>have)&(1<<wordBits-1)))
		}
	}
	for _, b := range entropy {
		next(uint32(b), 8)
	}
	next(checksum(entropy), checksumBits)
	return words
}

// DecodeRecovery reads the words of a recovery key, in any case, separated by
// any white space, each whole or cut to four letters or more. The caller clears
// the text and the 16 bytes. The error is a *RecoveryError.
func DecodeRecovery(text []byte) ([]byte, error) {
	var indices [recoveryWords]int
	defer clear(indices[:])
	words, unknown := 0, 0
	for rest := text; ; words++ {
		var word []byte
		if word, rest = nextWord(rest); word == nil {
			break
		}
		if words >= recoveryWords {
			continue
		}
		i, ok := indexOf(word)
		if !ok && unknown == 0 {
			unknown = words + 1
		}
		indices[words] = i
	}
	switch {
	case words != recoveryWords:
		return nil, &RecoveryError{RecoveryCount, 0, words}
	case unknown != 0:
		return nil, &RecoveryError{RecoveryWord, unknown, words}
	}
	return joinWords(&indices)
}

// joinWords returns the bytes of 12 words, whose last 4 bits are their checksum.
func joinWords(indices *[recoveryWords]int) ([]byte, error) {
	entropy := make([]byte, 0, entropySize)
	bits, have := uint32(0), 0
	for _, i := range indices {
		bits, have = bits<<wordBits|uint32(i), have+wordBits
		for have >= 8 && len(entropy) < entropySize {
			have -= 8
			entropy = append(entropy, byte(bits>>have))
		}
	}
	if bits&(1<<checksumBits-1) != checksum(entropy) {
		clear(entropy)
		return nil, &RecoveryError{RecoveryChecksum, 0, recoveryWords}
	}
	return entropy, nil
}

func checksum(entropy []byte) uint32 {
	sum := sha256.Sum256(entropy)
	return uint32(sum[0] >> (8 - checksumBits))
}

// nextWord returns the first word of text and what follows it, or nil if there
// is none.
func nextWord(text []byte) (word, rest []byte) {
	start := -1
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch space := unicode.IsSpace(r); {
		case !space && start < 0:
			start = i
		case space && start >= 0:
			return text[start:i], text[i:]
		}
		i += size
	}
	if start < 0 {
		return nil, nil
	}
	return text[start:], nil
}

// wordAt returns the word of the list with an index from 0 to 2047.
func wordAt(index int) string {
	rest := wordList
	for range index {
		_, rest, _ = strings.Cut(rest, " ")
	}
	word, _, _ := strings.Cut(rest, " ")
	return word
}

// indexOf returns the index of a word that may be cut, in any case. It makes no
// string of what a person typed.
func indexOf(typed []byte) (int, bool) {
	var lower [maxWord]byte
	defer clear(lower[:])
	if len(typed) > maxWord {
		return 0, false
	}
	for i, c := range typed {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	for i, rest := 0, wordList; rest != ""; i++ {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		if isCut(lower[:len(typed)], word) {
			return i, true
		}
	}
	return 0, false
}

// isCut says whether typed is word, or its beginning of at least four letters.
func isCut(typed []byte, word string) bool {
	if len(typed) > len(word) || len(typed) < len(word) && len(typed) < minPrefix {
		return false
	}
	for i := range typed {
		if typed[i] != word[i] {
			return false
		}
	}
	return true
}
