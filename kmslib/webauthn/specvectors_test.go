// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"ats.run/kms-enclave/kmslib/keys/keystest"
)

// The test vectors of the specification (WebAuthn Level 3, section 16). All of
// their inputs are derived from their names, and signatures are deterministic:
// so they are made here, and their signatures held against those printed there.
var specVectors = []struct {
	name           string
	more           string // of the client data
	idSize         int
	signature      string // as printed
	created, given Step   // by which step we refuse, "" if not
}{
	{
		"none.ES256", sameOrigin, 32,
		"3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd38" +
			"0221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87",
		StepUserVerified, StepUserVerified,
	},
	{
		"packed-self.ES256", sameOrigin, 32,
		"304402203310b9431903c401f1be2bdc8d23a4007682dbbddcf846994947b7f465daf840" +
			"02204e94dd00047b316061b3b99772b7efd95994a83ef584b3b6b825ea3550251b66",
		"", StepUserVerified,
	},
	{
		"none.ES256.crossOrigin", embedded, 32,
		"3046022100eb12fcf23b12764c0f122e22371fab92e283879fd798f38ee1841c951b6e40e7" +
			"022100c76237ff9db77b3c56f30837cda6a09acfa2e915544e609c0733b1184036d1cf",
		"", "",
	},
	{
		"none.ES256.topOrigin", embedded + `,"topOrigin":"https://example.com"`, 32,
		"3045022100b5a70c81780d5fcc9a4f2ae9caae99058f8accaf58b91fb59329646c28ac6ffc" +
			"022012e101c165db3c8e9957f0c54dd6ca9b56bc3bd2f280bd2faa6c1d02c6e5c171",
		StepUserVerified, "",
	},
	{"none.ES256.long-credential-id", sameOrigin, 1023, "", StepUserVerified, ""},
}

// specSource gives the random values of one vector.
type specSource struct {
	t    *testing.T
	name string
	next byte
}

func (s *specSource) bytes(n int) []byte {
	s.t.Helper()
	out, err := hkdf.Key(sha256.New, []byte("WebAuthn test vectors"), []byte{s.next}, s.name, n)
	if err != nil {
		s.t.Fatal(err)
	}
	s.next++
	return out
}

func (s *specSource) client(kind string, challenge []byte, more string) []byte {
	if s.bytes(1)[0]&1 != 0 {
		more += `,"extraData":"clientDataJSON may be extended with additional fields in the future, such as this: ` +
			base64.RawURLEncoding.EncodeToString(s.bytes(16)) + `"`
	}
	return clientJSON(kind, challenge, "https://example.org", more)
}

func TestVectorsOfTheSpecification(t *testing.T) {
	for _, v := range specVectors {
		t.Run(v.name, func(t *testing.T) {
			s := &specSource{t: t, name: v.name}
			expect := Expect{Origin: "https://example.org", RPID: "example.org"}
			if v.more != sameOrigin {
				expect.AllowCrossOrigin, expect.TopOrigin = true, "https://example.com"
			}

			expect.Challenge = s.bytes(32)
			key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), s.bytes(32))
			if err != nil {
				t.Fatal(err)
			}
			d := &device{key: key, rpID: "example.org"}
			client := s.client(typeCreate, expect.Challenge, v.more)
			aaguid := s.bytes(16)
			d.id = s.bytes(v.idSize)
			d.flags = flagUP | s.bytes(1)[0]&(flagUV|flagBE|flagBS)
			if d.flags&flagBE == 0 {
				d.flags &^= flagBS
			}
			created := d.create(client)
			copy(created.AuthenticatorData[authenticatorHead:], aaguid)
			made, err := VerifyCreated(created, expect)
			expectStep(t, err, v.created)
			if err == nil && string(made.AAGUID[:]) != string(aaguid) {
				t.Errorf("credential %+v", made)
			}

			if v.signature == "" {
				return
			}
			expect.Challenge = s.bytes(32)
			client = s.client(typeGet, expect.Challenge, v.more)
			uvbs := s.bytes(1)[0] & (flagUV | flagBS)
			if d.flags&flagBE == 0 {
				uvbs &^= flagBS
			}
			d.flags = flagUP | d.flags&flagBE | uvbs
			asserted := Asserted{CredentialID: d.id, ClientDataJSON: client, AuthenticatorData: d.authData(false)}
			asserted.Signature = unhex(v.signature)
			expectDeterministic(t, key, asserted)
			_, err = VerifyAsserted(t.Context(), keystest.Ops{}, asserted, expect, d.spki(), d.alg(), 0)
			expectStep(t, err, v.given)
		})
	}
}

// expectDeterministic fails unless the signature is the one of RFC 6979: then
// everything else is as it was where the vector was printed.
func expectDeterministic(t *testing.T, key *ecdsa.PrivateKey, a Asserted) {
	t.Helper()
	hash := sha256.Sum256(a.ClientDataJSON)
	digest := sha256.Sum256(append(append([]byte(nil), a.AuthenticatorData...), hash[:]...))
	signature, err := key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil || string(signature) != string(a.Signature) {
		t.Errorf("signature %x, %v, printed is %x", signature, err, a.Signature)
	}
}
