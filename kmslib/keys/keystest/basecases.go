// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"bytes"
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
)

// RFC 7914, section 11: the first 32 bytes of each derived key.
var pbkdf2Vectors = []struct {
	passphrase, salt string
	iterations       int
	output           string
}{
	{"passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"},
	{"Password", "NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"},
}

// RFC 5869, appendices A.1 to A.3.
var hkdfVectors = []struct{ secret, salt, info, output string }{
	{
		"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		"000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
	},
	{
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f" +
			"303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
		"606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f" +
			"909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
		"b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf" +
			"e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		"b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09" +
			"da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
	},
	{
		"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
	},
}

func (t suite) knownPBKDF2(ctx context.Context) error {
	for _, v := range pbkdf2Vectors {
		derived, err := t.ops.PBKDF2(ctx, []byte(v.passphrase), []byte(v.salt), v.iterations)
		if err != nil {
			return err
		}
		known, err := t.ops.ImportBase(ctx, unhex(v.output))
		if err != nil {
			return err
		}
		if err := t.sameBase(ctx, v.passphrase, derived, known); err != nil {
			return err
		}
	}
	return nil
}

func (t suite) knownHKDF(ctx context.Context) error {
	for _, v := range hkdfVectors {
		base, err := t.ops.ImportBase(ctx, unhex(v.secret))
		if err != nil {
			return err
		}
		output := unhex(v.output)
		for _, n := range []int{1, len(output)} {
			got, err := t.ops.DeriveBytes(ctx, base, unhex(v.salt), unhex(v.info), n)
			if err != nil {
				return err
			}
			if err := equal("derived bytes", got, output[:n]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t suite) baseIsCopy(ctx context.Context) error {
	raw := bytes.Repeat([]byte{1}, 32)
	base, err := t.ops.ImportBase(ctx, raw)
	if err != nil {
		return err
	}
	if !bytes.Equal(raw, bytes.Repeat([]byte{1}, 32)) {
		return errors.New("ImportBase changed the bytes that it was given")
	}
	clear(raw)
	again, err := t.ops.ImportBase(ctx, bytes.Repeat([]byte{1}, 32))
	if err != nil {
		return err
	}
	return t.sameBase(ctx, "a base secret after its source was cleared", base, again)
}

func (t suite) impossibleBases(ctx context.Context) error {
	base, err := t.ops.ImportBase(ctx, make([]byte, keys.MinBaseSize))
	if err != nil {
		return err
	}
	bytesOf := func(n int) error { _, err := t.ops.DeriveBytes(ctx, base, nil, nil, n); return err }
	imported := func(n int) error { _, err := t.ops.ImportBase(ctx, make([]byte, n)); return err }
	stretched := func(n int) error { _, err := t.ops.PBKDF2(ctx, []byte("passwd"), []byte("salt"), n); return err }
	return first(
		refused("an empty base secret", imported(0)),
		refused("a base secret of 15 bytes", imported(keys.MinBaseSize-1)),
		bytesOf(keys.MaxDerived),
		refused("no bytes", bytesOf(0)),
		refused("fewer than no bytes", bytesOf(-1)),
		refused("more bytes than HKDF gives", bytesOf(keys.MaxDerived+1)),
		refused("no iteration", stretched(0)),
		refused("fewer than no iterations", stretched(-1)),
	)
}
