// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"bytes"
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
)

// one is a handle of each kind, with a wrapped key and a point to go with it.
type one struct {
	sign, agree, seal, base, secret keys.Handle
	wrappedKey, wrappedSecret       []byte
	point                           []byte
}

func (t suite) oneOfEach(ctx context.Context) (o one, err error) {
	if o.seal, err = t.key(ctx, "a"); err != nil {
		return o, err
	}
	if o.sign, _, err = t.ops.GenerateP256(ctx); err != nil {
		return o, err
	}
	if o.wrappedKey, o.point, err = t.ops.GenerateWrapped(ctx, keys.UseAgree, o.seal, testNonce, nil); err != nil {
		return o, err
	}
	if o.agree, err = t.ops.Unwrap(ctx, keys.UseAgree, o.seal, testNonce, nil, o.wrappedKey); err != nil {
		return o, err
	}
	if o.base, err = t.ops.ImportBase(ctx, make([]byte, 32)); err != nil {
		return o, err
	}
	if o.secret, err = t.ops.GenerateSecret(ctx); err != nil {
		return o, err
	}
	o.wrappedSecret, err = t.ops.WrapSecret(ctx, o.secret, o.seal, []byte("second nonce"), nil)
	return o, err
}

// operation is one that takes a handle of a kind, with its other arguments.
type operation struct {
	name string
	kind keys.Handle
	run  func(ctx context.Context, handle keys.Handle) error
}

func (t suite) operations(o one) []operation {
	return []operation{
		{"SignP256", o.sign, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.SignP256(ctx, h, nil)
			return err
		}},
		{"DeriveKey", o.base, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.DeriveKey(ctx, h, nil, nil)
			return err
		}},
		{"DeriveBytes", o.base, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.DeriveBytes(ctx, h, nil, nil, 32)
			return err
		}},
		{"Seal", o.seal, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.Seal(ctx, h, []byte("third nonce."), nil, nil)
			return err
		}},
		{"Open", o.seal, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.Open(ctx, h, testNonce, nil, o.wrappedKey)
			return err
		}},
		{"GenerateWrapped", o.seal, func(ctx context.Context, h keys.Handle) error {
			_, _, err := t.ops.GenerateWrapped(ctx, keys.UseSign, h, []byte("fourth nonce"), nil)
			return err
		}},
		{"Unwrap", o.seal, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.Unwrap(ctx, keys.UseAgree, h, testNonce, nil, o.wrappedKey)
			return err
		}},
		{"Rewrap from", o.seal, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.Rewrap(ctx, keys.UseAgree, h, testNonce, nil, o.wrappedKey, o.seal, []byte("fifth nonce."), nil)
			return err
		}},
		{"Rewrap to", o.seal, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.Rewrap(ctx, keys.UseAgree, o.seal, testNonce, nil, o.wrappedKey, h, []byte("sixth nonce."), nil)
			return err
		}},
		{"Agree", o.agree, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.Agree(ctx, h, o.point)
			return err
		}},
		{"WrapSecret", o.secret, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.WrapSecret(ctx, h, o.seal, []byte("seventh one."), nil)
			return err
		}},
		{"WrapSecret under", o.seal, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.WrapSecret(ctx, o.secret, h, []byte("eighth nonce"), nil)
			return err
		}},
		{"UnwrapSecret", o.seal, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.UnwrapSecret(ctx, h, []byte("second nonce"), nil, o.wrappedSecret)
			return err
		}},
		{"UnwrapBase", o.seal, func(ctx context.Context, h keys.Handle) error {
			_, err := t.ops.UnwrapBase(ctx, h, []byte("second nonce"), nil, o.wrappedSecret)
			return err
		}},
	}
}

func (t suite) handlesAreOfOneKind(ctx context.Context) error {
	o, err := t.oneOfEach(ctx)
	if err != nil {
		return err
	}
	kinds := []keys.Handle{o.sign, o.agree, o.seal, o.base, o.secret}
	for _, op := range t.operations(o) {
		taken := 0
		for _, handle := range kinds {
			if op.run(ctx, handle) == nil {
				taken++
			}
		}
		if err := op.run(ctx, op.kind); err != nil || taken != 1 {
			return errors.New(op.name + " does not take exactly the one kind of handle")
		}
		for _, handle := range []keys.Handle{nil, 7, "a handle", []byte("a handle")} {
			if err := refused(op.name+" of what is no handle", op.run(ctx, handle)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t suite) wrongNonces(ctx context.Context) error {
	o, err := t.oneOfEach(ctx)
	if err != nil {
		return err
	}
	for _, nonce := range [][]byte{nil, make([]byte, 11), make([]byte, 13), make([]byte, 16)} {
		_, seal := t.ops.Seal(ctx, o.seal, nonce, nil, nil)
		_, open := t.ops.Open(ctx, o.seal, nonce, nil, o.wrappedKey)
		_, _, generate := t.ops.GenerateWrapped(ctx, keys.UseSign, o.seal, nonce, nil)
		_, unwrap := t.ops.Unwrap(ctx, keys.UseAgree, o.seal, nonce, nil, o.wrappedKey)
		_, from := t.ops.Rewrap(ctx, keys.UseAgree, o.seal, nonce, nil, o.wrappedKey, o.seal, testNonce, nil)
		_, to := t.ops.Rewrap(ctx, keys.UseAgree, o.seal, testNonce, nil, o.wrappedKey, o.seal, nonce, nil)
		_, wrap := t.ops.WrapSecret(ctx, o.secret, o.seal, nonce, nil)
		_, secret := t.ops.UnwrapSecret(ctx, o.seal, nonce, nil, o.wrappedSecret)
		_, base := t.ops.UnwrapBase(ctx, o.seal, nonce, nil, o.wrappedSecret)
		for _, err := range []error{seal, open, generate, unwrap, from, to, wrap, secret, base} {
			if err := refused("a nonce that has not 12 bytes", err); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t suite) unknownUse(ctx context.Context) error {
	o, err := t.oneOfEach(ctx)
	if err != nil {
		return err
	}
	for _, use := range []keys.Use{"", "Sign", "encrypt"} {
		_, _, generate := t.ops.GenerateWrapped(ctx, use, o.seal, []byte("third nonce."), nil)
		_, unwrap := t.ops.Unwrap(ctx, use, o.seal, testNonce, nil, o.wrappedKey)
		_, rewrap := t.ops.Rewrap(ctx, use, o.seal, testNonce, nil, o.wrappedKey, o.seal, []byte("fourth nonce"), nil)
		err := first(refused("GenerateWrapped", generate), refused("Unwrap", unwrap), refused("Rewrap", rewrap))
		if err != nil {
			return err
		}
	}
	return nil
}

func (t suite) argumentsStay(ctx context.Context) error {
	key, err := t.key(ctx, "a")
	if err != nil {
		return err
	}
	nonce, aad, plaintext := bytes.Clone(testNonce), []byte("additional data"), make([]byte, 64, 256)
	sealed, err := t.ops.Seal(ctx, key, nonce, aad, plaintext)
	if err != nil {
		return err
	}
	if err := equal("bytes behind the plaintext", plaintext[:256], make([]byte, 256)); err != nil {
		return err
	}
	before := bytes.Clone(sealed)
	opened, err := t.ops.Open(ctx, key, nonce, aad, sealed)
	if err != nil {
		return err
	}
	opened[0] = 1
	passphrase := []byte("passphrase")
	if _, err := t.ops.PBKDF2(ctx, passphrase, nonce, 1); err != nil {
		return err
	}
	return first(
		equal("sealed bytes after Open", sealed, before),
		equal("nonce", nonce, testNonce),
		equal("additional data", aad, []byte("additional data")),
		equal("passphrase", passphrase, []byte("passphrase")),
	)
}

func (t suite) cancelled(ctx context.Context) error {
	o, err := t.oneOfEach(ctx)
	if err != nil {
		return err
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	ended := func(name string, err error) error {
		if !errors.Is(err, context.Canceled) {
			return errors.New(name + " does not end with the context's error")
		}
		return nil
	}
	for _, op := range t.operations(o) {
		if err := ended(op.name, op.run(done, op.kind)); err != nil {
			return err
		}
	}
	_, _, generate := t.ops.GenerateP256(done)
	verify := t.verify(done, unhex(samplePoint), []byte(sampleMessage), unhex(sampleSignature))
	_, stretch := t.ops.PBKDF2(done, []byte("passwd"), []byte("salt"), 1)
	_, base := t.ops.ImportBase(done, make([]byte, 32))
	_, aes := t.ops.GenerateAES(done)
	_, _, ephemeral := t.ops.AgreeEphemeral(done, o.point)
	_, secret := t.ops.GenerateSecret(done)
	return first(
		ended("GenerateP256", generate), ended("Verify", verify), ended("PBKDF2", stretch),
		ended("ImportBase", base), ended("GenerateAES", aes), ended("AgreeEphemeral", ephemeral),
		ended("GenerateSecret", secret),
	)
}

func (t suite) concurrent(ctx context.Context) error {
	o, err := t.oneOfEach(ctx)
	if err != nil {
		return err
	}
	// Sealing needs nonces of its own; every other operation may run twice.
	var running int
	results := make(chan error)
	for range 4 {
		for _, op := range t.operations(o) {
			if op.name == "Seal" || op.name == "GenerateWrapped" || op.name == "Rewrap to" {
				continue
			}
			running++
			go func() { results <- op.run(ctx, op.kind) }()
		}
	}
	var failed error
	for range running {
		if err := <-results; err != nil {
			failed = err
		}
	}
	return failed
}
