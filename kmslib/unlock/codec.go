// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"encoding/base64"
	"math"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/wire"
)

func text(name, value string) wire.Member { return wire.Member{Name: name, Value: wire.String(value)} }

func number(name string, value int64) wire.Member {
	return wire.Member{Name: name, Value: wire.Int(value)}
}

func raw(name string, value []byte) wire.Member {
	return text(name, base64.RawURLEncoding.EncodeToString(value))
}

func (s *sealed) value() wire.Value {
	return wire.Object(raw("nonce", s.nonce), raw("sealed", s.bytes))
}

func (k *KDF) value() wire.Value {
	if k.Name == KDFPBKDF2 {
		return wire.Object(text("name", k.Name), number("iterations", int64(k.Iterations)))
	}
	return wire.Object(text("name", k.Name), number("memoryKiB", int64(k.MemoryKiB)),
		number("passes", int64(k.Passes)), number("lanes", int64(k.Lanes)))
}

// fixed returns the members that do not change.
func (c *Credential) fixed() []wire.Member {
	transports := make([]wire.Value, len(c.Transports))
	for i, name := range c.Transports {
		transports[i] = wire.String(name)
	}
	return []wire.Member{
		raw("id", c.ID),
		raw("publicKey", c.SPKI),
		number("alg", int64(c.Alg)),
		{Name: "transports", Value: wire.Array(transports...)},
		text("rpId", c.RPID),
	}
}

func (c *Credential) value() wire.Value {
	return wire.Object(append(c.fixed(), number("counter", int64(c.Counter)))...)
}

// Marshal returns the record of the enrolment. Its inverse is Parse.
func (e *Enrolment) Marshal() []byte {
	members := []wire.Member{
		text("format", EnrolmentFormat),
		text("method", string(e.Method)),
		text("label", e.Label),
		number("created", e.Created),
		number("used", e.Used),
		raw("salt", e.salt),
		raw("point", e.point),
		raw("check", e.check),
		{Name: "key", Value: e.key.value()},
		number("generation", e.generation),
		{Name: "capsule", Value: wire.Object(raw("ephemeral", e.ephemeral),
			raw("nonce", e.capsule.nonce), raw("sealed", e.capsule.bytes))},
		{Name: "sender", Value: e.sender.value()},
	}
	if e.kdf != nil {
		members = append(members, wire.Member{Name: "kdf", Value: e.kdf.value()})
	}
	if e.credential != nil {
		members = append(members, wire.Member{Name: "credential", Value: e.credential.value()})
	}
	if e.device != nil {
		members = append(members, wire.Member{Name: "device", Value: e.device.value()})
	}
	return wire.Object(members...).Append(nil)
}

// Parse reads the record that was found at slot. It checks the form alone: what
// the record says is only believed once it opens. The error is a *FormatError,
// or an *InputError for a slot that is none.
func Parse(slot Slot, value []byte) (*Enrolment, error) {
	if !slot.valid() {
		return nil, &InputError{"slot", "expected ids of 16 bytes in base64url"}
	}
	if len(value) > MaxRecord {
		return nil, &FormatError{"expected at most 16,384 bytes"}
	}
	v, err := wire.ParseCanonical(value)
	if err != nil {
		return nil, &FormatError{err.Error()}
	}
	format, _ := v.Get("format")
	if name, _ := format.AsString(); name != EnrolmentFormat {
		return nil, &FormatError{"its format is not " + EnrolmentFormat + "; another release of the enclave may read it"}
	}
	in := wire.NewObjectReader(v)
	e := read1(in)
	if err := in.Done(); err != nil {
		return nil, &FormatError{err.Error()}
	}
	return e, nil
}

// read1 reads version 1. What is amiss is kept by the reader.
func read1(in *wire.ObjectReader) *Enrolment {
	in.String("format")
	e := &Enrolment{
		Method:     Method(in.String("method")),
		Label:      in.String("label"),
		Created:    readInt(in, "created", 0, wire.MaxInt),
		Used:       readInt(in, "used", 0, wire.MaxInt),
		salt:       readBytes(in, "salt", SaltSize, SaltSize),
		point:      readBytes(in, "point", keys.PointSize, keys.PointSize),
		check:      readBytes(in, "check", checkSize, checkSize),
		generation: readInt(in, "generation", 1, wire.MaxInt),
		key:        readSealed(in.Object("key"), keys.TagSize+1, maxPrivateKey),
		sender:     readSealed(in.Object("sender"), senderSize+keys.TagSize, senderSize+keys.TagSize),
	}
	capsule := in.Object("capsule")
	e.ephemeral = readBytes(capsule, "ephemeral", keys.PointSize, keys.PointSize)
	e.capsule = readSealed(capsule, keys.SecretSize+keys.TagSize, keys.SecretSize+keys.TagSize)
	if CheckLabel(e.Label) != nil {
		in.Refuse("label", "expected 1 to 64 characters without control characters")
	}
	switch e.Method {
	case Passphrase:
		e.kdf = readKDF(in.Object("kdf"))
	case PasskeyPRF:
		e.credential = readCredential(in.Object("credential"))
	case PasskeyGate:
		e.credential = readCredential(in.Object("credential"))
		device := readSealed(in.Object("device"), keys.SecretSize+keys.TagSize, keys.SecretSize+keys.TagSize)
		e.device = &device
	case Recovery:
	default:
		in.Refuse("method", "expected passphrase, passkey-prf, passkey-gate or recovery")
	}
	return e
}

// maxPrivateKey bounds a wrapped private key: PKCS#8 with the public key inside
// has 138 bytes, and some platforms add attributes.
const maxPrivateKey = 512

func readSealed(in *wire.ObjectReader, least, most int) sealed {
	return sealed{
		nonce: readBytes(in, "nonce", keys.NonceSize, keys.NonceSize),
		bytes: readBytes(in, "sealed", least, most),
	}
}

func readKDF(in *wire.ObjectReader) *KDF {
	k := &KDF{Name: in.String("name")}
	if k.Name == KDFArgon2id {
		k.MemoryKiB = int(readInt(in, "memoryKiB", 0, math.MaxInt32))
		k.Passes = int(readInt(in, "passes", 0, math.MaxInt32))
		k.Lanes = int(readInt(in, "lanes", 0, math.MaxInt32))
	} else {
		k.Iterations = int(readInt(in, "iterations", 0, math.MaxInt32))
	}
	if reason := k.reason(); reason != "" {
		in.Refuse("", reason)
	}
	return k
}

func readCredential(in *wire.ObjectReader) *Credential {
	c := &Credential{
		ID:         readBytes(in, "id", 1, maxCredentialID),
		SPKI:       readBytes(in, "publicKey", 1, maxSPKI),
		Alg:        keys.Algorithm(in.Int("alg")),
		Counter:    uint32(readInt(in, "counter", 0, math.MaxUint32)),
		Transports: in.Strings("transports"),
		RPID:       in.String("rpId"),
	}
	if reason := c.reason(); reason != "" {
		in.Refuse("", reason)
	}
	return c
}

func readInt(in *wire.ObjectReader, name string, least, most int64) int64 {
	n := in.Int(name)
	if n < least || n > most {
		in.Refuse(name, "beyond its bounds")
	}
	return n
}

// readBytes reads base64url in its only spelling.
func readBytes(in *wire.ObjectReader, name string, least, most int) []byte {
	encoded := in.String(name)
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(decoded) < least || len(decoded) > most ||
		len(encoded) != base64.RawURLEncoding.EncodedLen(len(decoded)) { // a line break is not counted
		in.Refuse(name, "expected base64url of its length")
		return nil
	}
	return decoded
}
