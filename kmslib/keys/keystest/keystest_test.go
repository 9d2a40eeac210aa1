// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
)

func TestSoftwareOpsConform(t *testing.T) { TestOps(t, Ops{}) }

// The GCM specification (McGrew and Viega), test case 16: what gcm is held
// against, which the cases hold an Ops against.
func TestGCMGivesTheVectorOfItsSpecification(t *testing.T) {
	key := unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
	nonce := unhex("cafebabefacedbaddecaf888")
	plaintext := unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
	aad := unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
	want := unhex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b")
	if got := gcm(key).Seal(nil, nonce, plaintext, aad); !bytes.Equal(got, want) {
		t.Errorf("sealed %x, want %x", got, want)
	}
}

// No way of printing, encoding or walking shows the bytes of a handle.
//
// Mistake M28 (docs/mistakes.md).
func TestHandlesHideTheirBytes(t *testing.T) {
	ctx := t.Context()
	raw := []byte("marker: these bytes must not show")
	base, err := Ops{}.ImportBase(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	derived, err := Ops{}.DeriveBytes(ctx, base, nil, nil, 32)
	if err != nil {
		t.Fatal(err)
	}
	seal, err := Ops{}.DeriveKey(ctx, base, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	known := gcm(derived)
	unwrap := func(use keys.Use) keys.Handle {
		wrapped := known.Seal(nil, testNonce, cdhPKCS8(), nil)
		key, err := Ops{}.Unwrap(ctx, use, seal, testNonce, nil, wrapped)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	marker := raw[:keys.SecretSize]
	secret, err := Ops{}.UnwrapSecret(ctx, seal, testNonce, nil, known.Seal(nil, testNonce, marker, nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]struct {
		handle keys.Handle
		bytes  []byte
	}{
		"base secret":   {base, raw},
		"sealing key":   {seal, derived},
		"signing key":   {unwrap(keys.UseSign), unhex(cdhScalar)},
		"agreement key": {unwrap(keys.UseAgree), unhex(cdhScalar)},
		"secret":        {secret, marker},
	} {
		t.Run(name, func(t *testing.T) {
			expectHidden(t, h.handle, h.bytes)
			expectHidden(t, []keys.Handle{h.handle}, h.bytes)
			expectHidden(t, &struct{ key keys.Handle }{h.handle}, h.bytes)
		})
	}
}

func expectHidden(t *testing.T, handle any, raw []byte) {
	t.Helper()
	shown := []string{reflect.ValueOf(handle).String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%c"} {
		shown = append(shown, fmt.Sprintf(verb, handle))
	}
	if encoded, err := json.Marshal(handle); err == nil {
		shown = append(shown, string(encoded))
	}
	for _, text := range shown {
		for _, form := range []string{
			string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
			strings.Trim(fmt.Sprint(raw), "[]"),
		} {
			if strings.Contains(text, form[:16]) {
				t.Errorf("a handle shows its bytes: %s", text)
			}
		}
	}
}

// The faults are what the conformance test is for: an Ops with one of them must
// fail at least one case.
func TestConformanceCatchesFaultyOps(t *testing.T) {
	for name, ops := range faults {
		t.Run(name, func(t *testing.T) {
			for _, c := range Cases(ops) {
				if err := c.Run(context.Background()); err != nil {
					return
				}
			}
			t.Error("no case noticed")
		})
	}
}
