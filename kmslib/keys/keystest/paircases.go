// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"bytes"
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
)

// NIST CAVP, KAS ECC CDH primitive, P-256, count 0: their point, our scalar and
// point, and the shared secret.
const (
	cdhTheirPoint = "04" +
		"700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287" +
		"db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac"
	cdhScalar = "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534"
	cdhPoint  = "04" +
		"ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230" +
		"28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141"
	cdhShared = "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"
)

// cdhPKCS8 returns our key of the vector in PKCS#8 (RFC 5208, section 5, with
// the ECPrivateKey of RFC 5915 and its point inside).
func cdhPKCS8() []byte {
	return unhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420" +
		cdhScalar + "a144034200" + cdhPoint)
}

var pairAAD = []byte("what the key pair is for")

// wrapKnown returns the PKCS#8 structure wrapped under the known key.
func (t suite) wrapKnown(ctx context.Context, structure []byte) (wrapping keys.Handle, wrapped []byte, err error) {
	wrapping, known, err := t.knownKey(ctx)
	if err != nil {
		return nil, nil, err
	}
	return wrapping, known.Seal(nil, testNonce, structure, pairAAD), nil
}

func (t suite) wrappedSigns(ctx context.Context) error {
	wrapping, err := t.ops.GenerateAES(ctx)
	if err != nil {
		return err
	}
	wrapped, point, err := t.ops.GenerateWrapped(ctx, keys.UseSign, wrapping, testNonce, pairAAD)
	if err != nil {
		return err
	}
	if len(point) != keys.PointSize {
		return errors.New("the point is not uncompressed")
	}
	for range 2 { // a wrapped key can be unwrapped again
		if err := t.unwrapsAndSigns(ctx, wrapping, testNonce, pairAAD, wrapped, point); err != nil {
			return err
		}
	}
	return nil
}

// unwrapsAndSigns returns an error unless the wrapped key signs for point.
func (t suite) unwrapsAndSigns(
	ctx context.Context, wrapping keys.Handle, nonce, aad, wrapped, point []byte,
) error {
	key, err := t.ops.Unwrap(ctx, keys.UseSign, wrapping, nonce, aad, wrapped)
	if err != nil {
		return err
	}
	signature, err := t.ops.SignP256(ctx, key, []byte("message"))
	if err != nil {
		return err
	}
	return t.verify(ctx, point, []byte("message"), signature)
}

func (t suite) wrappedAgrees(ctx context.Context) error {
	wrapping, err := t.key(ctx, "a")
	if err != nil {
		return err
	}
	wrapped, point, err := t.ops.GenerateWrapped(ctx, keys.UseAgree, wrapping, testNonce, pairAAD)
	if err != nil {
		return err
	}
	private, err := t.ops.Unwrap(ctx, keys.UseAgree, wrapping, testNonce, pairAAD, wrapped)
	if err != nil {
		return err
	}
	theirs, ephemeral, err := t.ops.AgreeEphemeral(ctx, point)
	if err != nil {
		return err
	}
	_, again, err := t.ops.AgreeEphemeral(ctx, point)
	if err != nil {
		return err
	}
	if len(ephemeral) != keys.PointSize || bytes.Equal(ephemeral, again) {
		return errors.New("the ephemeral points are not two uncompressed ones")
	}
	ours, err := t.ops.Agree(ctx, private, ephemeral)
	if err != nil {
		return err
	}
	return t.sameBase(ctx, "the agreed base secret", ours, theirs)
}

func (t suite) knownAgreement(ctx context.Context) error {
	wrapping, wrapped, err := t.wrapKnown(ctx, cdhPKCS8())
	if err != nil {
		return err
	}
	private, err := t.ops.Unwrap(ctx, keys.UseAgree, wrapping, testNonce, pairAAD, wrapped)
	if err != nil {
		return err
	}
	got, err := t.ops.Agree(ctx, private, unhex(cdhTheirPoint))
	if err != nil {
		return err
	}
	want, err := t.ops.ImportBase(ctx, unhex(cdhShared))
	if err != nil {
		return err
	}
	return first(
		t.sameBase(ctx, "the agreed base secret", got, want),
		t.unwrapsAndSigns(ctx, wrapping, testNonce, pairAAD, wrapped, unhex(cdhPoint)),
	)
}

func (t suite) alteredWrapping(ctx context.Context) error {
	key, other, err := t.twoKeys(ctx)
	if err != nil {
		return err
	}
	wrapped, _, err := t.ops.GenerateWrapped(ctx, keys.UseAgree, key, testNonce, pairAAD)
	if err != nil {
		return err
	}
	unwrap := func(key keys.Handle, nonce, aad, wrapped []byte) error {
		_, unwrapErr := t.ops.Unwrap(ctx, keys.UseAgree, key, nonce, aad, wrapped)
		_, rewrapErr := t.ops.Rewrap(ctx, keys.UseAgree, key, nonce, aad, wrapped, other, testNonce, nil)
		return first(notOpen("Unwrap", unwrapErr), notOpen("Rewrap", rewrapErr))
	}
	return first(
		unwrap(other, testNonce, pairAAD, wrapped),
		unwrap(key, flipped(testNonce, 0), pairAAD, wrapped),
		unwrap(key, testNonce, flipped(pairAAD, 0), wrapped),
		unwrap(key, testNonce, nil, wrapped),
		unwrap(key, testNonce, pairAAD, flipped(wrapped, 40)),
		unwrap(key, testNonce, pairAAD, wrapped[1:]),
		unwrap(key, testNonce, pairAAD, nil),
	)
}

func (t suite) rewraps(ctx context.Context) error {
	from, to, err := t.twoKeys(ctx)
	if err != nil {
		return err
	}
	wrapped, point, err := t.ops.GenerateWrapped(ctx, keys.UseSign, from, testNonce, pairAAD)
	if err != nil {
		return err
	}
	nonce, aad := []byte("second nonce"), []byte("the next generation")
	again, err := t.ops.Rewrap(ctx, keys.UseSign, from, testNonce, pairAAD, wrapped, to, nonce, aad)
	if err != nil {
		return err
	}
	_, oldErr := t.ops.Unwrap(ctx, keys.UseSign, from, nonce, aad, again)
	return first(
		t.unwrapsAndSigns(ctx, to, nonce, aad, again, point),
		notOpen("the old key", oldErr),
		t.unwrapsAndSigns(ctx, from, testNonce, pairAAD, wrapped, point),
	)
}

func (t suite) notAPrivateKey(ctx context.Context) error {
	for _, structure := range [][]byte{nil, []byte("not a structure"), cdhPKCS8()[:60]} {
		wrapping, wrapped, err := t.wrapKnown(ctx, structure)
		if err != nil {
			return err
		}
		_, unwrapErr := t.ops.Unwrap(ctx, keys.UseSign, wrapping, testNonce, pairAAD, wrapped)
		_, rewrapErr := t.ops.Rewrap(ctx, keys.UseSign, wrapping, testNonce, pairAAD, wrapped,
			wrapping, []byte("second nonce"), nil)
		if err := first(refused("Unwrap", unwrapErr), refused("Rewrap", rewrapErr)); err != nil {
			return err
		}
	}
	return nil
}

func (t suite) badPoints(ctx context.Context) error {
	wrapping, wrapped, err := t.wrapKnown(ctx, cdhPKCS8())
	if err != nil {
		return err
	}
	private, err := t.ops.Unwrap(ctx, keys.UseAgree, wrapping, testNonce, pairAAD, wrapped)
	if err != nil {
		return err
	}
	good := unhex(cdhTheirPoint)
	compressed := append([]byte{3}, good[1:33]...)
	for _, point := range [][]byte{nil, {0}, good[:64], append(bytes.Clone(good), 0), compressed, flipped(good, 64)} {
		_, ours := t.ops.Agree(ctx, private, point)
		_, _, theirs := t.ops.AgreeEphemeral(ctx, point)
		if err := first(refused("Agree", ours), refused("AgreeEphemeral", theirs)); err != nil {
			return err
		}
	}
	return nil
}
