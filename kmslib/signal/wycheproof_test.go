// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package signal_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/c2sp/wycheproof"
	"github.com/cloudflare/circl/kem"
	"github.com/cloudflare/circl/kem/mlkem/mlkem1024"
	"github.com/cloudflare/circl/kem/mlkem/mlkem768"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/cbc"
)

// hexBytes is bytes that JSON has in hexadecimal.
type hexBytes []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *hexBytes) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	*b = raw
	return err
}

// vector has the fields of all kinds of test that are run here.
type vector struct {
	ID      int      `json:"tcId"`
	Comment string   `json:"comment"`
	Flags   []string `json:"flags"`
	Result  string   `json:"result"` // "valid", "invalid" or "acceptable"

	Public, Private, Shared hexBytes // agreements
	IKM, Salt, Info, OKM    hexBytes // HKDF
	Size                    int      // of OKM
	Key, IV, Msg, CT, Tag   hexBytes // ciphers and MACs
	Seed, EK, DK, M, C      hexBytes // ML-KEM
	SharedKey               hexBytes `json:"K"`
}

func (v vector) has(flag string) bool { return slices.Contains(v.Flags, flag) }

// group is vectors with the same sizes, in bits.
type group struct {
	KeySize int
	TagSize int
	Tests   []vector
}

// run calls check with each vector of a file of project Wycheproof, and fails if
// it has fewer than least.
func run(t *testing.T, file string, least int, check func(t *testing.T, g group, v vector)) {
	t.Helper()
	data, err := fs.ReadFile(wycheproof.TestVectors, file)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Count  int     `json:"numberOfTests"`
		Groups []group `json:"testGroups"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, g := range all.Groups {
		for _, v := range g.Tests {
			count++
			check(t, g, v)
		}
	}
	t.Logf("%s: %d cases", file, count)
	if count != all.Count || count < least {
		t.Errorf("%s: %d cases were run of %d, want at least %d", file, count, all.Count, least)
	}
}

// TestX25519 also checks which keys are canonical.
func TestX25519(t *testing.T) {
	run(t, "x25519_test.json", 500, func(t *testing.T, _ group, v vector) {
		private, err1 := curve.ParsePrivateKey(v.Private)
		public, err2 := curve.ParsePublicKey(append([]byte{5}, v.Public...))
		if err := errors.Join(err1, err2); err != nil {
			t.Errorf("%d: %v", v.ID, err)
			return
		}
		shared, err := curve.Agree(private, public)
		if v.has("ZeroSharedSecret") {
			if !errors.Is(err, curve.ErrAgreement) {
				t.Errorf("%d (%s): error = %v, want ErrAgreement", v.ID, v.Comment, err)
			}
		} else if err != nil || !bytes.Equal(shared[:], v.Shared) {
			t.Errorf("%d (%s): %x, %v; want %x", v.ID, v.Comment, shared, err, v.Shared)
		}
		if (v.has("NonCanonicalPublic") || v.has("Twist") || v.has("LowOrderPublic")) && public.IsCanonical() {
			t.Errorf("%d (%s): the public key is canonical", v.ID, v.Comment)
		}
	})
}

func TestHKDF(t *testing.T) {
	run(t, "hkdf_sha256_test.json", 80, func(t *testing.T, _ group, v vector) {
		got, err := hkdf.Key(sha256.New, v.IKM, v.Salt, string(v.Info), v.Size)
		if (err == nil) != (v.Result == "valid") || err == nil && !bytes.Equal(got, v.OKM) {
			t.Errorf("%d (%s): %x, %v; want %x", v.ID, v.Comment, got, err, v.OKM)
		}
	})
}

func TestHMAC(t *testing.T) {
	run(t, "hmac_sha256_test.json", 170, func(t *testing.T, g group, v vector) {
		h := hmac.New(sha256.New, v.Key)
		h.Write(v.Msg)
		if got := h.Sum(nil)[:g.TagSize/8]; hmac.Equal(got, v.Tag) != (v.Result == "valid") {
			t.Errorf("%d (%s): %x, the vector has %x and is %s", v.ID, v.Comment, got, v.Tag, v.Result)
		}
	})
}

func TestAESCBC(t *testing.T) {
	used := 0
	run(t, "aes_cbc_pkcs5_test.json", 210, func(t *testing.T, g group, v vector) {
		if g.KeySize != 8*cbc.KeySize {
			return
		}
		used++
		key, iv := [cbc.KeySize]byte(v.Key), [cbc.IVSize]byte(v.IV)
		plaintext, ok := cbc.Open(&key, &iv, v.CT)
		if ok != (v.Result == "valid") || ok && !bytes.Equal(plaintext, v.Msg) {
			t.Errorf("%d (%s): %x, %v; want %x, %s", v.ID, v.Comment, plaintext, ok, v.Msg, v.Result)
		}
		if sealed := cbc.Seal(&key, &iv, v.Msg); ok != bytes.Equal(sealed, v.CT) {
			t.Errorf("%d (%s): sealed as %x", v.ID, v.Comment, sealed)
		}
	})
	if used < 70 {
		t.Errorf("%d cases have a key of 256 bits", used)
	}
}

// kems are the schemes and the prefixes of their files.
var kems = map[string]kem.Scheme{"mlkem_768": mlkem768.Scheme(), "mlkem_1024": mlkem1024.Scheme()}

// decapsulate returns the encoded public key of a seed, and the secret in c.
func decapsulate(scheme kem.Scheme, seed, c []byte) (ek, shared []byte, err error) {
	if len(seed) != scheme.SeedSize() {
		return nil, nil, kem.ErrSeedSize // DeriveKeyPair panics
	}
	public, private := scheme.DeriveKeyPair(seed)
	if ek, err = public.MarshalBinary(); err != nil {
		return nil, nil, err
	}
	shared, err = scheme.Decapsulate(private, c)
	return ek, shared, err
}

func TestMLKEMDecapsulation(t *testing.T) {
	for prefix, scheme := range kems {
		run(t, prefix+"_test.json", 200, func(t *testing.T, _ group, v vector) {
			ek, shared, err := decapsulate(scheme, v.Seed, v.C)
			if (err == nil) != (v.Result == "valid") || err == nil && (!bytes.Equal(ek, v.EK) || !bytes.Equal(shared, v.SharedKey)) {
				t.Errorf("%s %d (%s): %x, %v; want %x", prefix, v.ID, v.Comment, shared, err, v.SharedKey)
			}
		})
	}
}

func TestMLKEMKeyGeneration(t *testing.T) {
	for prefix, scheme := range kems {
		run(t, prefix+"_keygen_seed_test.json", 100, func(t *testing.T, _ group, v vector) {
			public, private := scheme.DeriveKeyPair(v.Seed)
			ek, err1 := public.MarshalBinary()
			dk, err2 := private.MarshalBinary()
			if err1 != nil || err2 != nil || !bytes.Equal(ek, v.EK) || !bytes.Equal(dk, v.DK) {
				t.Errorf("%s %d (%s): another key pair, or %v, %v", prefix, v.ID, v.Comment, err1, err2)
			}
		})
	}
}

func TestMLKEMEncapsulation(t *testing.T) {
	for prefix, scheme := range kems {
		run(t, prefix+"_encaps_test.json", 260, func(t *testing.T, _ group, v vector) {
			public, err := scheme.UnmarshalBinaryPublicKey(v.EK)
			var c, shared []byte
			if err == nil {
				c, shared, err = scheme.EncapsulateDeterministically(public, v.M)
			}
			if (err == nil) != (v.Result == "valid") || err == nil && (!bytes.Equal(c, v.C) || !bytes.Equal(shared, v.SharedKey)) {
				t.Errorf("%s %d (%s): %x, %v; want %x", prefix, v.ID, v.Comment, shared, err, v.SharedKey)
			}
		})
	}
}
