// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/spqr"
)

func TestAStoredStateGoesOnInEveryPhase(t *testing.T) {
	for name, s := range everyPhase(t) {
		stored := s.Marshal()
		again, err := spqr.Parse(stored)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		clear(stored)
		if !bytes.Equal(again.Marshal(), s.Marshal()) || again.Epoch() != s.Epoch() {
			t.Errorf("%s is stored differently again", name)
		}
		for range 40 {
			var field, key, fieldAgain, keyAgain []byte
			if s, field, key, err = s.Send(rand.NewChaCha8([32]byte{7})); err != nil {
				t.Fatal(err)
			}
			if again, fieldAgain, keyAgain, err = again.Send(rand.NewChaCha8([32]byte{7})); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(field, fieldAgain) || !bytes.Equal(key, keyAgain) {
				t.Errorf("%s sends differently", name)
			}
		}
	}
}

// TestTheFirstStoredStateHasItsBytes pins the form: whoever changes it needs a new
// version and a migration.
func TestTheFirstStoredStateHasItsBytes(t *testing.T) {
	got := hex.EncodeToString(spqr.New(spqr.Responder, &agreed, spqr.Required).Marshal())
	want := "01" + "0802" + "1001" + "1800" + "2000" + // version, role, mode, negotiating, salted
		"2a72" + "0800" + "1220" + "cecef8bfcf6f9248e22dbcaf8aae953e8eda4a2525ee2aca6fdbf00ed3b671d9" + // chains: epoch of the last sent, root
		"1a4c" + "0a24" + "00000000" + "c6aa9194504352d146ac7f6a8a785d21193ec6ef44719ede0c74d9099414b4f1" + "1224" + "00000000" + "cf242eedd7fba9a7092aa6a0ab4683b96e70e2a43876bda97e567fdffb290577" +
		"324a" + "0806" + "1001" + "1a20" + "eae875be1b0c8ce16b6c7b67a9d4b49f476d93eaf152676b82bd4a1993211a05" + "2220" + "0d54710b71cef4864e8339471177d3699162c711907b0c5593ce569a0b43c30e" + "5a00" // the exchange
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestMalformedStatesAreRefused(t *testing.T) {
	chains := func(s spqr.State) (chains, exchange []byte) {
		r := proto.NewReader(s.Marshal()[1:])
		for f, ok := r.Next(); ok; f, ok = r.Next() {
			switch f.Number {
			case 5:
				chains = f.Bytes
			case 6:
				exchange = f.Bytes
			}
		}
		return chains, exchange
	}
	states := everyPhase(t)
	newChains, newExchange := chains(states["new responder"])
	_, laterExchange := chains(states["ciphertext1Sampled"])
	build := func(role, mode, negotiating, salted uint64, chains, exchange []byte) []byte {
		w := proto.NewWriter(0, 1)
		for i, v := range []uint64{role, mode, negotiating, salted} {
			w.Uint(i+1, v)
		}
		w.Bytes(5, chains)
		if exchange != nil {
			w.Bytes(6, exchange)
		}
		return w.Finish()
	}
	good := build(2, 1, 0, 0, newChains, newExchange)
	if _, err := spqr.Parse(good); err != nil {
		t.Fatal(err)
	}
	long := bytes.Clone(good)
	long = append(long[:2], append([]byte{0x82, 0}, long[3:]...)...) // role 2 in two bytes
	for name, b := range map[string][]byte{
		"nothing":                       nil,
		"version 0":                     append([]byte{0}, good[1:]...),
		"version 2":                     append([]byte{2}, good[1:]...),
		"role 0":                        build(0, 1, 0, 0, newChains, newExchange),
		"role 3":                        build(3, 1, 0, 0, newChains, newExchange),
		"mode 0":                        build(2, 0, 0, 0, newChains, newExchange),
		"mode 4":                        build(2, 4, 0, 0, newChains, newExchange),
		"a responder that negotiates":   build(2, 2, 1, 0, newChains, newExchange),
		"negotiating without the mode":  build(1, 1, 1, 0, newChains, newExchange),
		"negotiating, but salted":       build(1, 2, 1, 1, newChains, newExchange),
		"salted 2":                      build(2, 1, 0, 2, newChains, newExchange),
		"no exchange":                   build(2, 1, 0, 0, newChains, nil),
		"an exchange with chain only":   build(2, 3, 0, 0, newChains, newExchange),
		"an exchange ahead":             build(2, 1, 0, 0, newChains, laterExchange),
		"an empty exchange":             build(2, 1, 0, 0, newChains, []byte{}),
		"chains of a later epoch alone": build(2, 3, 0, 0, func() []byte { c, _ := chains(states["ciphertext1Sampled"]); return c }(), nil),
		"an unknown field":              append(bytes.Clone(good), 0x38, 0),
		"a byte more":                   append(bytes.Clone(good), 0),
		"a number in a longer form":     long,
		"fields in another order":       append(append([]byte{1, 0x10, 1}, good[1:3]...), good[5:]...),
	} {
		if _, err := spqr.Parse(b); !errors.Is(err, spqr.ErrStored) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, s := range states {
		stored := s.Marshal()
		for cut := 0; cut < len(stored); cut += 1 + len(stored)/500 {
			if _, err := spqr.Parse(stored[:cut]); !errors.Is(err, spqr.ErrStored) {
				t.Errorf("the first %d bytes of %s: %v", cut, name, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for name, s := range everyPhase(f) {
		if name != "missing messages" { // too long to mutate well
			f.Add(s.Marshal(), []byte{1, 1, 1, 0})
		}
	}
	f.Fuzz(func(t *testing.T, b, field []byte) {
		s, err := spqr.Parse(b)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Marshal(), b) {
			t.Error("stored differently again")
		}
		s.Receive(field)
		s.Send(rand.NewChaCha8([32]byte{}))
	})
}
