// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

const signatureAnswer = `{"format":"kms-enclave-signer/1","signature":"MAYCAQECAQE="}`

func TestAnswerOfASignerIsReadStrictly(t *testing.T) {
	if der, err := parseSignature([]byte(signatureAnswer + "\n")); err != nil || len(der) != 8 {
		t.Errorf("%v", err)
	}
	for name, answer := range map[string]string{
		"nothing":         "",
		"no JSON":         "MAYCAQECAQE=",
		"another format":  strings.Replace(signatureAnswer, "/1", "/2", 1),
		"more members":    strings.Replace(signatureAnswer, "{", `{"more":1,`, 1),
		"fewer members":   `{"format":"kms-enclave-signer/1"}`,
		"another member":  strings.Replace(signatureAnswer, "signature", "publicKey", 1),
		"a number":        `{"format":"kms-enclave-signer/1","signature":5}`,
		"no padding":      strings.Replace(signatureAnswer, "E=", "E", 1),
		"empty":           `{"format":"kms-enclave-signer/1","signature":""}`,
		"more after it":   signatureAnswer + signatureAnswer,
		"bytes after DER": strings.Replace(signatureAnswer, "MAYCAQECAQE=", "MAYCAQECAQEA", 1),
		"zero":            strings.Replace(signatureAnswer, "MAYCAQECAQE=", "MAYCAQACAQE=", 1),
		"negative":        strings.Replace(signatureAnswer, "MAYCAQECAQE=", "MAYCAf8CAQE=", 1),
	} {
		_, err := parseSignature([]byte(answer))
		var fault *Fault
		if !errors.As(err, &fault) || fault.Kind != Refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := parsePublicKey([]byte(strings.Replace(signatureAnswer, "signature", "publicKey", 1))); err == nil {
		t.Error("something else is taken for a public key")
	}
}

func FuzzParseSignerAnswer(f *testing.F) {
	key, _ := NewKey()
	spki, _ := SPKI(key.Public())
	f.Add([]byte(signatureAnswer))
	f.Add([]byte(`{"format":"kms-enclave-signer/1","publicKey":"` + spki + `"}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if der, err := parseSignature(answer); err == nil && len(der) < 8 {
			t.Error("a signature that is too short")
		}
		key, err := parsePublicKey(answer)
		if err != nil {
			return
		}
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil || !strings.Contains(string(answer), base64.StdEncoding.EncodeToString(der)[:20]) {
			t.Error("a key that is not in the answer")
		}
	})
}
