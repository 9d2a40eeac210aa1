// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"testing"

	"golang.org/x/crypto/argon2"

	"ats.run/kms-enclave/kmslib/internal/vectors"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
)

//go:embed testdata/enrolments.txt
var storedRecords string

func eachStored(t *testing.T, f func(t *testing.T, v vectors.Vector)) {
	t.Helper()
	all, err := vectors.Parse(storedRecords)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) { f(t, v) })
	}
}

func field(t *testing.T, v vectors.Vector, name string) []byte {
	t.Helper()
	value, err := v.Bytes(name)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// A record that was stored once opens for ever.
func TestStoredRecordsOpen(t *testing.T) {
	eachStored(t, func(t *testing.T, v vectors.Vector) {
		slot := Slot{v.Text("user"), v.Text("id")}
		e, err := Parse(slot, field(t, v, "record"))
		if err != nil {
			t.Fatal(err)
		}
		opened, err := e.Open(t.Context(), Env{Keys: keystest.Ops{}}, slot, storedProof(t, v))
		if err != nil {
			t.Fatal(err)
		}
		base, err := opened.Base(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want, err := keystest.Ops{}.ImportBase(t.Context(), field(t, v, "vault-key"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(fingerprintOfBase(t, base), fingerprintOfBase(t, want)) {
			t.Error("another vault key")
		}
		if !bytes.Equal(e.Marshal(), field(t, v, "record")) {
			t.Error("the record is written differently")
		}
	})
}

func storedProof(t *testing.T, v vectors.Vector) Proof {
	t.Helper()
	switch Method(v.Text("method")) {
	case Passphrase:
		return ByPassphrase(field(t, v, "passphrase"))
	case PasskeyPRF:
		outputs := field(t, v, "prf")
		return ByPRF(outputs[:32], outputs[32:])
	case PasskeyGate:
		base, err := keystest.Ops{}.ImportBase(t.Context(), []byte("base of the device key"))
		if err != nil {
			t.Fatal(err)
		}
		key, err := keystest.Ops{}.DeriveKey(t.Context(), base, nil, []byte("device key"))
		if err != nil {
			t.Fatal(err)
		}
		return ByGate(key)
	}
	return ByRecovery(field(t, v, "entropy"))
}

// The package comment alone suffices to open a record: this does it with Go's
// own cryptography and encoding/json, and nothing of this package.
func TestPackageCommentSpecifiesTheRecord(t *testing.T) {
	eachStored(t, func(t *testing.T, v vectors.Vector) {
		r := &reader{t: t, v: v}
		if err := json.Unmarshal(field(t, v, "record"), &r.record); err != nil {
			t.Fatal(err)
		}
		vaultKey := r.open()
		if !bytes.Equal(vaultKey, field(t, v, "vault-key")) {
			t.Errorf("vault key %x", vaultKey)
		}
		sealed := r.record["sender"].(map[string]any)
		bound := r.context("kms-enclave-enrolment-sender/1", "check", "device", "point", "key", "generation")
		sender := r.decrypt(r.hkdf(vaultKey, nil, bound), sealed, bound)
		if !bytes.Equal(sender, r.hkdf(r.base(), r.bytes("salt"), []byte("kms-enclave-enrolment-sender/1"))) {
			t.Error("another sender secret")
		}
	})
}

// reader opens one record.
type reader struct {
	t      *testing.T
	v      vectors.Vector
	record map[string]any
}

func (r *reader) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *reader) decode(value any) []byte {
	r.t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(value.(string))
	r.must(err)
	return raw
}

func (r *reader) bytes(name string) []byte { return r.decode(r.record[name]) }

func (r *reader) hkdf(secret, salt, info []byte) []byte {
	r.t.Helper()
	out, err := hkdf.Key(sha256.New, secret, salt, string(info), 32)
	r.must(err)
	return out
}

func (r *reader) decrypt(key []byte, sealed map[string]any, bound []byte) []byte {
	r.t.Helper()
	block, err := aes.NewCipher(key)
	r.must(err)
	gcm, err := cipher.NewGCM(block)
	r.must(err)
	opened, err := gcm.Open(nil, r.decode(sealed["nonce"]), r.decode(sealed["sealed"]), bound)
	r.must(err)
	return opened
}

// context returns the additional data of a label, with the members that are
// known beside those that all have.
func (r *reader) context(label string, more ...string) []byte {
	r.t.Helper()
	members := map[string]any{"format": label, "user": r.v.Text("user"), "id": r.v.Text("id")}
	for _, name := range append([]string{"method", "created", "salt", "kdf", "credential"}, more...) {
		if value, ok := r.record[name]; ok {
			members[name] = value
		}
	}
	if credential, ok := members["credential"].(map[string]any); ok {
		fixed := make(map[string]any)
		for name, value := range credential {
			if name != "counter" {
				fixed[name] = value
			}
		}
		members["credential"] = fixed
	}
	if label == "kms-enclave-vault-key-capsule/1" {
		members["ephemeral"] = r.record["capsule"].(map[string]any)["ephemeral"]
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	r.must(encoder.Encode(asIntegers(members)))
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// asIntegers returns a tree of encoding/json whose numbers are written without
// exponents.
func asIntegers(value any) any {
	switch v := value.(type) {
	case float64:
		return int64(v)
	case map[string]any:
		out := make(map[string]any)
		for name, child := range v {
			out[name] = asIntegers(child)
		}
		return out
	}
	return value
}

func (r *reader) base() []byte {
	r.t.Helper()
	switch Method(r.record["method"].(string)) {
	case Passphrase:
		kdf := r.record["kdf"].(map[string]any)
		passphrase := r.v.Text("passphrase")
		if kdf["name"] == "argon2id" {
			return argon2.IDKey([]byte(passphrase), r.bytes("salt"), uint32(kdf["passes"].(float64)),
				uint32(kdf["memoryKiB"].(float64)), uint8(kdf["lanes"].(float64)), 32)
		}
		base, err := pbkdf2.Key(sha256.New, passphrase, r.bytes("salt"), int(kdf["iterations"].(float64)), 32)
		r.must(err)
		return base
	case PasskeyPRF:
		return field(r.t, r.v, "prf")
	case PasskeyGate:
		bound := r.context("kms-enclave-enrolment-device/1")
		return r.decrypt(field(r.t, r.v, "device"), r.record["device"].(map[string]any), bound)
	}
	return field(r.t, r.v, "entropy")
}

func (r *reader) open() []byte {
	r.t.Helper()
	base, salt := r.base(), r.bytes("salt")
	if !bytes.Equal(r.bytes("check"), r.hkdf(base, salt, []byte("kms-enclave-enrolment-check/1"))) {
		r.t.Error("another check")
	}
	sender := r.hkdf(base, salt, []byte("kms-enclave-enrolment-sender/1"))
	wrapping := r.hkdf(base, salt, []byte("kms-enclave-enrolment-key/1"))
	bound := r.context("kms-enclave-enrolment-key/1", "check", "device")
	parsed, err := x509.ParsePKCS8PrivateKey(r.decrypt(wrapping, r.record["key"].(map[string]any), bound))
	r.must(err)
	private, err := parsed.(interface {
		ECDH() (*ecdh.PrivateKey, error)
	}).ECDH()
	r.must(err)
	if !bytes.Equal(private.PublicKey().Bytes(), r.bytes("point")) {
		r.t.Error("another point")
	}
	capsule := r.record["capsule"].(map[string]any)
	ephemeral, err := ecdh.P256().NewPublicKey(r.decode(capsule["ephemeral"]))
	r.must(err)
	shared, err := private.ECDH(ephemeral)
	r.must(err)
	bound = r.context("kms-enclave-vault-key-capsule/1", "check", "device", "point", "key", "generation")
	return r.decrypt(r.hkdf(shared, sender, bound), capsule, bound)
}

func TestStoredRecordsDoNotOpenWithoutTheirSecret(t *testing.T) {
	eachStored(t, func(t *testing.T, v vectors.Vector) {
		slot := Slot{v.Text("user"), v.Text("id")}
		e, err := Parse(slot, field(t, v, "record"))
		if err != nil {
			t.Fatal(err)
		}
		w := wayOf(e.Method)
		if _, err := e.Open(t.Context(), Env{Keys: keystest.Ops{}}, slot, w.wrong(keys.Handle(nil))); err == nil {
			t.Error("it opens with another secret")
		}
	})
}
