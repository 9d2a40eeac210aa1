// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strconv"

	"ats.run/kms-enclave/kmslib/keys"
)

// Case is one property of an Ops. Run returns nil if it has it.
type Case struct {
	Name string
	Run  func(ctx context.Context) error
}

// Cases returns the conformance test of an Ops.
func Cases(ops keys.Ops) []Case {
	t := suite{ops}
	return []Case{
		{"a generated key signs for its point", t.signs},
		{"the ECDSA signature of RFC 6979 verifies", t.knownECDSA},
		{"the RSA signature of RFC 7515 verifies", t.knownRSA},
		{"altered signatures, messages and keys do not verify", t.alteredSignatures},
		{"public keys of the wrong kind are refused", t.wrongPublicKeys},
		{"PBKDF2 gives the vectors of RFC 7914", t.knownPBKDF2},
		{"HKDF gives the vectors of RFC 5869", t.knownHKDF},
		{"a base secret is a copy of the bytes", t.baseIsCopy},
		{"impossible base secrets and lengths are refused", t.impossibleBases},
		{"AES-GCM with a derived key gives the known ciphertext", t.knownSealing},
		{"what was sealed opens, also the empty", t.sealedOpens},
		{"altered sealed bytes, data, nonces and keys do not open", t.alteredSealing},
		{"two generated sealing keys are different", t.sealingKeysDiffer},
		{"a wrapped signing key signs for its point", t.wrappedSigns},
		{"a wrapped agreement key agrees", t.wrappedAgrees},
		{"a wrapped key from elsewhere gives the known agreement", t.knownAgreement},
		{"altered wrapped keys do not open", t.alteredWrapping},
		{"a rewrapped key opens under the new key alone", t.rewraps},
		{"what is not a private key is not unwrapped", t.notAPrivateKey},
		{"points that are none are refused", t.badPoints},
		{"a wrapped secret is one base secret for ever", t.secretIsOneBase},
		{"a wrapped secret from elsewhere gives the known base secret", t.knownSecret},
		{"altered wrapped secrets do not open", t.alteredSecrets},
		{"secrets of another size are refused", t.wrongSizeSecret},
		{"two generated secrets are different", t.secretsDiffer},
		{"a handle is of one kind", t.handlesAreOfOneKind},
		{"nonces of another size are refused", t.wrongNonces},
		{"unknown uses are refused", t.unknownUse},
		{"arguments stay as they were", t.argumentsStay},
		{"a cancelled context ends every operation", t.cancelled},
		{"handles are used concurrently", t.concurrent},
	}
}

// suite holds the Ops that the cases test.
type suite struct{ ops keys.Ops }

// testNonce is a nonce that cases use for keys of their own.
var testNonce = []byte("twelve bytes")

// key returns a new sealing key from a known base secret and a label.
func (t suite) key(ctx context.Context, name string) (keys.Handle, error) {
	base, err := t.ops.ImportBase(ctx, []byte("a base secret that is no secret"))
	if err != nil {
		return nil, err
	}
	return t.ops.DeriveKey(ctx, base, nil, []byte(name))
}

// twoKeys returns two different sealing keys.
func (t suite) twoKeys(ctx context.Context) (a, b keys.Handle, err error) {
	if a, err = t.key(ctx, "a"); err != nil {
		return nil, nil, err
	}
	b, err = t.key(ctx, "b")
	return a, b, err
}

// fingerprint returns bytes that tell base secrets apart.
func (t suite) fingerprint(ctx context.Context, base keys.Handle) ([]byte, error) {
	return t.ops.DeriveBytes(ctx, base, []byte("salt"), []byte("fingerprint"), 32)
}

// sameBase returns an error unless both base secrets are the same.
func (t suite) sameBase(ctx context.Context, what string, a, b keys.Handle) error {
	first, err := t.fingerprint(ctx, a)
	if err != nil {
		return err
	}
	second, err := t.fingerprint(ctx, b)
	if err != nil {
		return err
	}
	return equal(what, second, first)
}

// verify verifies a signature for a P-256 point.
func (t suite) verify(ctx context.Context, point, message, signature []byte) error {
	spki, err := keys.SPKI(point)
	if err != nil {
		return err
	}
	return t.ops.Verify(ctx, keys.ES256, spki, message, signature)
}

// equal returns an error unless the bytes are the same.
func equal(what string, got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	return errors.New(what + ": " + hex.EncodeToString(got) + ", want " + hex.EncodeToString(want))
}

// notOpen returns an error unless err is keys.ErrOpen.
func notOpen(what string, err error) error {
	if errors.Is(err, keys.ErrOpen) {
		return nil
	}
	if err == nil {
		return errors.New(what + ": accepted, want ErrOpen")
	}
	return errors.New(what + ": error " + strconv.Quote(err.Error()) + ", want ErrOpen")
}

// refused returns an error unless err is one that is not keys.ErrOpen.
func refused(what string, err error) error {
	switch {
	case err == nil:
		return errors.New(what + ": accepted, want it refused")
	case errors.Is(err, keys.ErrOpen):
		return errors.New(what + ": error is ErrOpen, want one that says what was impossible")
	}
	return nil
}

// first returns the first error of steps that have run.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// unhex decodes digits that are part of a case.
func unhex(digits string) []byte {
	raw, err := hex.DecodeString(digits)
	if err != nil {
		panic("keystest: internal error: " + err.Error())
	}
	return raw
}

// flipped returns a copy of raw with one bit changed.
func flipped(raw []byte, at int) []byte {
	changed := bytes.Clone(raw)
	changed[at] ^= 1
	return changed
}
