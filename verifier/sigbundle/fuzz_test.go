// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
)

// FuzzParse reads and verifies anything; what is verified must be one of the
// bundles that were signed.
func FuzzParse(f *testing.F) {
	stack := sigtest.New(f)
	keyed := sigtest.Signer{Key: stack.Key("signer")}
	d := demands(f, stack)
	d.Identities = append(d.Identities, policy.Identity{Key: publicKey(f, keyed.Key)})
	verifier, err := d.Prepare()
	if err != nil {
		f.Fatal(err)
	}
	for _, data := range [][]byte{
		stack.SignMessage(publisher, artifact), stack.SignStatement(publisher, statement),
		stack.SignMessage(keyed, artifact), stack.With(sigtest.Faults{ForgedBody: true}).SignStatement(keyed, statement),
		[]byte("{}"), []byte(`{"mediaType":"` + sigbundle.MediaType + `"}`),
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := sigbundle.Parse(data)
		if err != nil {
			faultOnly(t, err)
			return
		}
		var proof *sigbundle.Proof
		if b.IsStatement() {
			proof, err = verifier.Verify(b, nil)
		} else {
			proof, err = verifier.Verify(b, digest(artifact))
		}
		if err != nil {
			faultOnly(t, err)
			return
		}
		if proof.Statement != nil && !bytes.Equal(proof.Statement, statement) {
			t.Errorf("verified a statement that nobody signed: %q", proof.Statement)
		}
	})
}

func faultOnly(t *testing.T, err error) {
	t.Helper()
	var fault *sigbundle.Fault
	if !errors.As(err, &fault) || fault.Step == "" || fault.Expected == "" || fault.Found == "" || fault.Advice == "" {
		t.Errorf("not a whole fault: %v", err)
	}
}

// FuzzVerify changes one byte in one member of a bundle that verifies. It must
// not verify any more, except for the few that no signature covers and that
// nothing is concluded from.
func FuzzVerify(f *testing.F) {
	stack := sigtest.New(f)
	stack.Append([]byte("one"), []byte("two"), []byte("three"))
	d := demands(f, stack)
	d.Witnesses.Threshold = 3
	verifier, err := d.Prepare()
	if err != nil {
		f.Fatal(err)
	}
	bundles := [][]byte{stack.SignMessage(publisher, artifact), stack.SignStatement(publisher, statement)}
	for member := range members {
		f.Add(uint8(member), uint16(0), uint8(1), false)
		f.Add(uint8(member), uint16(40), uint8(0x80), true)
		f.Add(uint8(member), uint16(0xffff), uint8(4), false)
	}
	f.Fuzz(func(t *testing.T, member uint8, position uint16, mask uint8, signed bool) {
		if mask == 0 {
			return
		}
		p := &protobundle.Bundle{}
		which := 0
		if signed {
			which = 1
		}
		if err := protojson.Unmarshal(bundles[which], p); err != nil {
			t.Fatal(err)
		}
		data := members[int(member)%len(members)](p)
		if len(data) == 0 {
			return
		}
		before := bytes.Clone(data)
		data[int(position)%len(data)] ^= mask
		if sameNote(string(before), string(data)) {
			return
		}
		store(p, int(member)%len(members), data)
		changed, err := protojson.Marshal(p)
		if err != nil {
			return // no longer UTF-8
		}
		b, err := sigbundle.Parse(changed)
		if err != nil {
			faultOnly(t, err)
			return
		}
		artifactDigest := digest(artifact)
		if b.IsStatement() {
			artifactDigest = nil
		}
		proof, err := verifier.Verify(b, artifactDigest)
		if err != nil {
			faultOnly(t, err)
			return
		}
		t.Errorf("member %d verifies with byte %d changed by %#x: %+v", int(member)%len(members), int(position)%len(data), mask, proof)
	})
}

// members returns what is signed by someone, each as bytes that may be changed.
var members = []func(*protobundle.Bundle) []byte{
	func(b *protobundle.Bundle) []byte {
		if b.GetDsseEnvelope() != nil {
			return b.GetDsseEnvelope().Payload
		}
		return b.GetMessageSignature().MessageDigest.Digest
	},
	func(b *protobundle.Bundle) []byte {
		if b.GetDsseEnvelope() != nil {
			return b.GetDsseEnvelope().Signatures[0].Sig
		}
		return b.GetMessageSignature().Signature
	},
	func(b *protobundle.Bundle) []byte { return b.VerificationMaterial.GetCertificate().RawBytes },
	func(b *protobundle.Bundle) []byte { return entry(b).CanonicalizedBody },
	func(b *protobundle.Bundle) []byte { return entry(b).InclusionProof.RootHash },
	func(b *protobundle.Bundle) []byte { return entry(b).InclusionProof.Hashes[0] },
	func(b *protobundle.Bundle) []byte { return entry(b).LogId.KeyId },
	func(b *protobundle.Bundle) []byte { return []byte(entry(b).InclusionProof.Checkpoint.Envelope) },
	func(b *protobundle.Bundle) []byte { return []byte(b.MediaType) },
	func(b *protobundle.Bundle) []byte { return []byte(b.GetDsseEnvelope().GetPayloadType()) },
}

// sameNote says whether two notes differ only in spare bits of base64.
func sameNote(a, b string) bool {
	one, other := strings.Split(a, "\n"), strings.Split(b, "\n")
	if len(one) != len(other) {
		return false
	}
	for i := range one {
		if one[i] == other[i] {
			continue
		}
		cut := strings.LastIndex(one[i], " ") + 1
		if cut == 0 || len(other[i]) < cut || one[i][:cut] != other[i][:cut] {
			return false
		}
		x, errX := base64.StdEncoding.DecodeString(one[i][cut:])
		y, errY := base64.StdEncoding.DecodeString(other[i][cut:])
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			return false
		}
	}
	return true
}

// store puts back the members that are text.
func store(b *protobundle.Bundle, member int, data []byte) {
	switch member {
	case 7:
		entry(b).InclusionProof.Checkpoint.Envelope = string(data)
	case 8:
		b.MediaType = string(data)
	case 9:
		b.GetDsseEnvelope().PayloadType = string(data)
	}
}

// FuzzTimestamp changes one byte of the timestamp. Its form has bytes that no
// signature covers (the status, for example); what it says must stay the same.
func FuzzTimestamp(f *testing.F) {
	stack := sigtest.New(f)
	verifier, err := demands(f, stack).Prepare()
	if err != nil {
		f.Fatal(err)
	}
	signed := stack.SignMessage(publisher, artifact)
	f.Add([]byte{0}, uint16(0), uint8(1))
	f.Add([]byte{}, uint16(100), uint8(0xff))
	f.Add([]byte("0\x80"), uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, replacement []byte, position uint16, mask uint8) {
		p := &protobundle.Bundle{}
		if err := protojson.Unmarshal(signed, p); err != nil {
			t.Fatal(err)
		}
		stamp := p.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps[0]
		if len(replacement) > 0 {
			stamp.SignedTimestamp = replacement
		} else {
			stamp.SignedTimestamp[int(position)%len(stamp.SignedTimestamp)] ^= mask
		}
		data, err := protojson.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		b, err := sigbundle.Parse(data)
		if err != nil {
			faultOnly(t, err)
			return
		}
		proof, err := verifier.Verify(b, digest(artifact))
		if err != nil {
			faultOnly(t, err)
			return
		}
		if !proof.Time.Equal(sigtest.Epoch.Add(1e9)) {
			t.Error("another time:", proof.Time)
		}
	})
}

// FuzzIdentity has keys and patterns that somebody chose.
func FuzzIdentity(f *testing.F) {
	stack := sigtest.New(f)
	d := demands(f, stack)
	f.Add("", "https://issuer.test", "^https://forge$")
	f.Add(base64.StdEncoding.EncodeToString([]byte("key")), "", "")
	f.Fuzz(func(t *testing.T, key, issuer, pattern string) {
		d.Identities = []policy.Identity{{Key: key, Issuer: issuer, SubjectPattern: pattern}}
		if _, err := d.Prepare(); err != nil {
			faultOnly(t, err)
		}
	})
}
