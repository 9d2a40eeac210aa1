// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremonytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/wire"
)

// PRF says when an Authenticator gives the results of the prf extension.
type PRF int

// The kinds of authenticators.
const (
	PRFAtCreate PRF = iota // already with create
	PRFAtUse               // with get, not yet with create
	PRFNever               // says it will at create, but does not
	PRFUnknown             // says nothing, as with browsers that do not know prf
	PRFRefused             // says no at create
)

// The flags of authenticator data (WebAuthn, section 6.1).
const (
	FlagUserPresent  = 0x01
	FlagUserVerified = 0x04
	flagAttested     = 0x40
)

// Authenticator is a passkey provider made of software. The zero value is one
// with PRF. It answers like a browser does, from what the screen says, with
// real signatures.
type Authenticator struct {
	PRF    PRF
	Clear  byte                           // flags that it does not set
	Frozen bool                           // its counter does not increase
	Forge  func(fields map[string]string) // changes the answer at last

	Origin, Type, Top string // what it says instead of what is true, if not ""

	credentials []*credential
	counter     uint32
}

type credential struct {
	id, handle []byte
	key        *ecdsa.PrivateKey
	secret     []byte // of prf
}

// Create answers the screen "create-passkey".
func (a *Authenticator) Create(screen ceremony.Screen) (ceremony.Input, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return ceremony.Input{}, err
	}
	c := &credential{id: random(20), handle: decode(Text(screen.Data, "userHandle")), key: key, secret: random(32)}
	a.credentials = append(a.credentials, c)
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return ceremony.Input{}, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return ceremony.Input{}, err
	}
	fields := map[string]string{
		"credentialId":      encode(c.id),
		"clientDataJSON":    encode(a.clientData("webauthn.create", screen.Data)),
		"authenticatorData": encode(a.data(screen.Data, attested(c.id, point))),
		"publicKey":         encode(spki),
		"alg":               "-7",
		"transports":        "internal,hybrid",
		"prf":               [...]string{"yes", "yes", "yes", "unknown", "no"}[a.PRF],
	}
	if a.Forge != nil {
		a.Forge(fields)
	}
	in := ceremony.Input{Action: "created", Fields: fields}
	if a.PRF == PRFAtCreate {
		in.Secrets = c.prf(Text(screen.Data, "prfFirst"), Text(screen.Data, "prfSecond"))
	}
	return in, nil
}

// Get answers the screens that ask for a passkey, by the first that the screen
// allows and it has.
func (a *Authenticator) Get(screen ceremony.Screen) (ceremony.Input, error) {
	data := screen.Data
	if inner, ok := data.Get("passkey"); ok {
		data = inner
	}
	allowed, _ := get(data, []string{"credentials"}).Elements()
	for _, one := range allowed {
		i := slices.IndexFunc(a.credentials, func(c *credential) bool { return encode(c.id) == Text(one, "id") })
		if i >= 0 {
			return a.assert(a.credentials[i], data, one)
		}
	}
	return ceremony.Input{Action: "failed", Fields: map[string]string{"name": "NotAllowedError"}}, nil
}

func (a *Authenticator) assert(c *credential, data, allowed wire.Value) (ceremony.Input, error) {
	client, authenticator := a.clientData("webauthn.get", data), a.data(data, nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(slices.Clone(authenticator), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, c.key, digest[:])
	if err != nil {
		return ceremony.Input{}, err
	}
	fields := map[string]string{
		"credentialId":      encode(c.id),
		"clientDataJSON":    encode(client),
		"authenticatorData": encode(authenticator),
		"signature":         encode(signature),
		"userHandle":        encode(c.handle),
	}
	if a.Forge != nil {
		a.Forge(fields)
	}
	in := ceremony.Input{Action: "asserted", Fields: fields}
	if first := Text(allowed, "prfFirst"); first != "" && a.PRF <= PRFAtUse {
		in.Secrets = c.prf(first, Text(allowed, "prfSecond"))
	}
	return in, nil
}

// ForgetSecrets makes every passkey answer prf differently from now on, as a
// passkey that was lost and made anew under the same id.
func (a *Authenticator) ForgetSecrets() {
	for _, c := range a.credentials {
		c.secret = random(32)
	}
}

// IDs returns the ids of the passkeys that were made, in base64url.
func (a *Authenticator) IDs() []string {
	ids := make([]string, len(a.credentials))
	for i, c := range a.credentials {
		ids[i] = encode(c.id)
	}
	return ids
}

func (a *Authenticator) clientData(kind string, data wire.Value) []byte {
	client := map[string]any{
		"type": or(a.Type, kind), "challenge": Text(data, "challenge"), "origin": or(a.Origin, Origin), "crossOrigin": a.Top != "",
	}
	if a.Top != "" {
		client["topOrigin"] = a.Top
	}
	encoded, err := json.Marshal(client)
	if err != nil {
		panic("ceremonytest: " + err.Error())
	}
	return encoded
}

// data returns authenticator data (WebAuthn, section 6.1).
func (a *Authenticator) data(data wire.Value, attested []byte) []byte {
	hash := sha256.Sum256([]byte(Text(data, "rpId")))
	flags := byte(FlagUserPresent | FlagUserVerified)
	if attested != nil {
		flags |= flagAttested
	}
	if !a.Frozen {
		a.counter++
	}
	out := append(hash[:], flags&^a.Clear)
	out = binary.BigEndian.AppendUint32(out, a.counter)
	return append(out, attested...)
}

// attested returns attested credential data with a COSE key for ES256.
func attested(id, point []byte) []byte {
	out := make([]byte, 16) // AAGUID
	out = binary.BigEndian.AppendUint16(out, uint16(len(id)))
	out = append(out, id...)
	out = append(out, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20)
	out = append(out, point[1:33]...)
	out = append(out, 0x22, 0x58, 0x20)
	return append(out, point[33:]...)
}

// prf returns the results of the prf extension for two inputs.
func (c *credential) prf(first, second string) [][]byte {
	results := make([][]byte, 2)
	for i, input := range []string{first, second} {
		salt := sha256.Sum256(append([]byte("WebAuthn PRF\x00"), decode(input)...))
		mac := hmac.New(sha256.New, c.secret)
		mac.Write(salt[:])
		results[i] = mac.Sum(nil)
	}
	return results
}

func random(n int) []byte {
	out := make([]byte, n)
	rand.Read(out)
	return out
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func decode(text string) []byte {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic("ceremonytest: " + strconv.Quote(text) + " is not base64url")
	}
	return data
}
