// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
)

// RFC 6979, appendix A.2.5: the key, and "sample" signed with SHA-256.
const (
	sampleMessage = "sample"
	samplePoint   = "04" +
		"60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
		"7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
	sampleSignature = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
		"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
)

// RFC 7515, appendix A.2: the modulus, what was signed and the signature.
const (
	rsaModulus = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" +
		"d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs" +
		"LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NA" +
		"co9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
	rsaMessage = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl" +
		"LmNvbS9pc19yb290Ijp0cnVlfQ"
	rsaSignature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F" +
		"p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07" +
		"Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8n" +
		"p6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)

// rsaSPKI returns the key of RFC 7515 in DER: the algorithm rsaEncryption, and
// a bit string of modulus and the exponent 65537 (RFC 8017, appendix A.1.1).
func rsaSPKI() []byte {
	spki := unhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
	spki = append(spki, unbase64(rsaModulus)...)
	return append(spki, unhex("0203010001")...)
}

func unbase64(text string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic("keystest: internal error: " + err.Error())
	}
	return raw
}

func (t suite) signs(ctx context.Context) error {
	key, point, err := t.ops.GenerateP256(ctx)
	if err != nil {
		return err
	}
	if len(point) != keys.PointSize || point[0] != 4 {
		return errors.New("the point is not uncompressed")
	}
	for _, message := range [][]byte{nil, []byte("message"), bytes.Repeat([]byte{7}, 100_000)} {
		signature, err := t.ops.SignP256(ctx, key, message)
		if err != nil {
			return err
		}
		if err := t.verify(ctx, point, message, signature); err != nil {
			return err
		}
	}
	return nil
}

func (t suite) knownECDSA(ctx context.Context) error {
	return t.verify(ctx, unhex(samplePoint), []byte(sampleMessage), unhex(sampleSignature))
}

func (t suite) knownRSA(ctx context.Context) error {
	return t.ops.Verify(ctx, keys.RS256, rsaSPKI(), []byte(rsaMessage), unbase64(rsaSignature))
}

func (t suite) alteredSignatures(ctx context.Context) error {
	point, message, signature := unhex(samplePoint), []byte(sampleMessage), unhex(sampleSignature)
	_, other, err := t.ops.GenerateP256(ctx)
	if err != nil {
		return err
	}
	zero := make([]byte, keys.SignatureSize)
	rsa, rsaKey := unbase64(rsaSignature), rsaSPKI()
	return first(
		notOpen("another message", t.verify(ctx, point, []byte("simple"), signature)),
		notOpen("another key", t.verify(ctx, other, message, signature)),
		notOpen("another r", t.verify(ctx, point, message, flipped(signature, 0))),
		notOpen("another s", t.verify(ctx, point, message, flipped(signature, 63))),
		notOpen("r and s of zero", t.verify(ctx, point, message, zero)),
		notOpen("a short signature", t.verify(ctx, point, message, signature[:63])),
		notOpen("a long signature", t.verify(ctx, point, message, append(bytes.Clone(signature), 0))),
		notOpen("no signature", t.verify(ctx, point, message, nil)),
		notOpen("another RSA message", t.ops.Verify(ctx, keys.RS256, rsaKey, message, rsa)),
		notOpen("another RSA signature", t.ops.Verify(ctx, keys.RS256, rsaKey, []byte(rsaMessage), flipped(rsa, 9))),
		notOpen("a short RSA signature", t.ops.Verify(ctx, keys.RS256, rsaKey, []byte(rsaMessage), rsa[1:])),
	)
}

func (t suite) wrongPublicKeys(ctx context.Context) error {
	spki, err := keys.SPKI(unhex(samplePoint))
	if err != nil {
		return err
	}
	message, signature := []byte(sampleMessage), unhex(sampleSignature)
	verify := func(alg keys.Algorithm, spki []byte) error { return t.ops.Verify(ctx, alg, spki, message, signature) }
	if err := verify(-8, spki); !errors.Is(err, keys.ErrNotSupported) {
		return errors.New("an unknown algorithm: want ErrNotSupported")
	}
	return first(
		refused("a P-256 key for RSA", verify(keys.RS256, spki)),
		refused("an RSA key for ECDSA", verify(keys.ES256, rsaSPKI())),
		refused("a bare point", verify(keys.ES256, unhex(samplePoint))),
		refused("a point off the curve", verify(keys.ES256, flipped(spki, len(spki)-1))),
		refused("no key", verify(keys.ES256, nil)),
	)
}
