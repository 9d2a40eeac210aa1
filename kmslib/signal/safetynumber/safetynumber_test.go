// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package safetynumber_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/safetynumber"
)

func party(t testing.TB, id string) safetynumber.Party {
	t.Helper()
	pair, err := curve.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return safetynumber.Party{ID: []byte(id), Key: pair.Public}
}

// expected is the fingerprint and its digits from the formulas.
func expected(p safetynumber.Party) (fingerprint []byte, digits string) {
	key := p.Key.Bytes()
	h := slices.Concat([]byte{0, 0}, key, p.ID)
	for range 5200 {
		sum := sha512.Sum512(slices.Concat(h, key))
		h = sum[:]
	}
	for i := 0; i < 30; i += 5 {
		n := new(big.Int).SetBytes(h[i : i+5])
		digits += fmt.Sprintf("%05d", n.Mod(n, big.NewInt(100_000)))
	}
	return h[:32], digits
}

func TestNumberIsThatOfTheFormulas(t *testing.T) {
	for _, ids := range [][2]string{{"a", "b"}, {"", ""}, {"sixteen bytes id", "another sixteen."}} {
		local, remote := party(t, ids[0]), party(t, ids[1])
		n := safetynumber.Compute(local, remote)
		localPrint, localDigits := expected(local)
		remotePrint, remoteDigits := expected(remote)
		want := localDigits + remoteDigits
		if remoteDigits < localDigits {
			want = remoteDigits + localDigits
		}
		if n.Digits() != want {
			t.Errorf("digits %s, want %s", n.Digits(), want)
		}
		code := slices.Concat([]byte{0x08, 2, 0x12, 34, 0x0a, 32}, localPrint, []byte{0x1a, 34, 0x0a, 32}, remotePrint)
		if got := n.Scannable(2); !bytes.Equal(got, code) {
			t.Errorf("code %x, want %x", got, code)
		}
	}
}

func TestBothPartiesSeeTheSameDigitsAndTheirCodesMatch(t *testing.T) {
	alice, bob := party(t, "alice"), party(t, "bob")
	ofAlice, ofBob := safetynumber.Compute(alice, bob), safetynumber.Compute(bob, alice)
	if ofAlice.Digits() != ofBob.Digits() || len(ofAlice.Digits()) != 60 {
		t.Errorf("digits %s and %s", ofAlice.Digits(), ofBob.Digits())
	}
	for _, version := range []uint32{0, 1, 2, 1<<32 - 1} {
		one, err1 := ofAlice.Matches(ofBob.Scannable(version))
		other, err2 := ofBob.Matches(ofAlice.Scannable(version))
		if !one || !other || err1 != nil || err2 != nil {
			t.Errorf("version %d: %v, %v, %v, %v", version, one, err1, other, err2)
		}
	}
	if same, err := ofAlice.Matches(ofAlice.Scannable(2)); same || err != nil {
		t.Errorf("one's own code matches, or %v", err)
	}
}

func TestAnotherKeyOrIdentifierDoesNotMatch(t *testing.T) {
	alice, bob := party(t, "alice"), party(t, "bob")
	n := safetynumber.Compute(alice, bob)
	for name, theirs := range map[string]safetynumber.Number{
		"another key of theirs": safetynumber.Compute(party(t, "bob"), alice),
		"another key of ours":   safetynumber.Compute(bob, party(t, "alice")),
		"another id of theirs":  safetynumber.Compute(safetynumber.Party{ID: []byte("bert"), Key: bob.Key}, alice),
		"exchanged ids": safetynumber.Compute(safetynumber.Party{ID: alice.ID, Key: bob.Key},
			safetynumber.Party{ID: bob.ID, Key: alice.Key}),
	} {
		if same, err := n.Matches(theirs.Scannable(2)); same || err != nil || theirs.Digits() == n.Digits() {
			t.Errorf("%s: matches, or %v", name, err)
		}
	}
}

func TestEveryBitOfACodeMatters(t *testing.T) {
	alice, bob := party(t, "alice"), party(t, "bob")
	n, code := safetynumber.Compute(alice, bob), safetynumber.Compute(bob, alice).Scannable(2)
	for i := range 8 * len(code) {
		if i/8 == 1 { // the version
			continue
		}
		changed := bytes.Clone(code)
		changed[i/8] ^= 1 << (i % 8)
		if same, err := n.Matches(changed); same || err != nil && !errors.Is(err, safetynumber.ErrSyntax) {
			t.Errorf("bit %d: matches, or %v", i, err)
		}
	}
	for i := range code {
		if same, err := n.Matches(code[:i]); same || !errors.Is(err, safetynumber.ErrSyntax) {
			t.Errorf("%d bytes: %v, %v", i, same, err)
		}
	}
}

func TestMalformedCodesAreRefused(t *testing.T) {
	alice, bob := party(t, "alice"), party(t, "bob")
	n, code := safetynumber.Compute(alice, bob), safetynumber.Compute(bob, alice).Scannable(2)
	for name, b := range map[string][]byte{
		"empty":            nil,
		"twice":            append(bytes.Clone(code), code...),
		"no version":       code[2:],
		"only a version":   code[:2],
		"huge version":     append([]byte{0x08, 0x80, 0x80, 0x80, 0x80, 0x10}, code[2:]...),
		"long":             append(bytes.Clone(code), slices.Concat([]byte{0x22, 0xff, 0x01}, make([]byte, 255))...),
		"short print":      slices.Concat([]byte{0x08, 2, 0x12, 33, 0x0a, 31}, make([]byte, 31), code[38:]),
		"print is missing": slices.Concat([]byte{0x08, 2, 0x12, 0}, code[38:]),
	} {
		if same, err := n.Matches(b); same || !errors.Is(err, safetynumber.ErrSyntax) {
			t.Errorf("%s: %v, %v", name, same, err)
		}
	}
	newer := append(bytes.Clone(code), 0x20, 1)
	if same, err := n.Matches(newer); !same || err != nil {
		t.Errorf("a field of newer clients: %v, %v", same, err)
	}
}

func FuzzMatches(f *testing.F) {
	alice := safetynumber.Party{ID: []byte("alice"), Key: curve.PublicKey{5, 9}}
	bob := safetynumber.Party{ID: []byte("bob"), Key: curve.PublicKey{5, 8}}
	n, code := safetynumber.Compute(alice, bob), safetynumber.Compute(bob, alice).Scannable(1)
	f.Add(code)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		same, err := n.Matches(b)
		if err != nil && (same || !errors.Is(err, safetynumber.ErrSyntax)) {
			t.Errorf("%v, %v", same, err)
		}
		if same && !bytes.Contains(b, code[6:38]) {
			t.Errorf("%x matches", b)
		}
	})
}

func BenchmarkCompute(b *testing.B) {
	alice, bob := party(b, "alice"), party(b, "bob")
	for b.Loop() {
		safetynumber.Compute(alice, bob)
	}
}
