// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

// Lengths in characters of base64url, without padding.
const (
	curveLength     = 44   // of 33 bytes: a type byte and an X25519 key
	kyberLength     = 2092 // of 1569 bytes: a type byte and a Kyber1024 key
	signatureLength = 86   // of 64 bytes
	groupLength     = 22   // of 16 bytes
)

// Bounds of what is said of Signal's protocol.
const (
	maxName     = 128     // bytes of the name of a contact
	maxDevice   = 127     // greatest number of a device
	maxOneTime  = 100     // one-time prekeys of a kind
	maxBatch    = 64      // messages of one request
	maxListed   = 1 << 16 // sessions, contacts, groups or senders in an answer
	maxUint32   = 1<<32 - 1
	maxEpoch    = maxInteger
	safetyLen   = 60  // digits of a safety number
	maxScanned  = 256 // bytes of a code that was scanned
	scanVersion = 2   // of codes, as Signal's clients with service ids make them
)

// What the member oldest of signal.identity.create says.
const (
	OldestX3DH          = "x3dh"
	OldestPQXDH         = "pqxdh"
	OldestTripleRatchet = "triple-ratchet"
)

// Peer is a device of somebody.
type Peer struct {
	Name   string
	Device int64
}

func (m *Peer) fields() []Field {
	return []Field{nameField(&m.Name), deviceField(&m.Device)}
}

// SignalPeerRequest names a device.
type SignalPeerRequest struct{ Peer }

// SignalNothing is the request or answer that has no members.
type SignalNothing struct{}

func (m *SignalNothing) fields() []Field { return nil }

// SignalIdentityCreateRequest asks for a new identity.
type SignalIdentityCreateRequest struct {
	Name           string
	Device         int64
	RegistrationID int64
	Oldest         string
}

func (m *SignalIdentityCreateRequest) fields() []Field {
	return []Field{
		text("name", &m.Name, "How others address the person: any word, or a service id (a UUID), which is then authenticated in first messages.", maxLen(maxName), visible()),
		deviceField(&m.Device),
		integer("registrationId", &m.RegistrationID, "Number of this installation, by which others see that it was set up anew. Random if left out.", within(1, 16380), optional()),
		text("oldest", &m.Oldest, "The oldest protocol that is accepted: triple-ratchet if left out; pqxdh and x3dh only for peers that know no better.",
			oneOf(OldestX3DH, OldestPQXDH, OldestTripleRatchet), optional()),
	}
}

// SignalIdentity is the public side of an identity.
type SignalIdentity struct {
	Name           string
	Device         int64
	RegistrationID int64
	IdentityKey    string
	Created        int64
	Oldest         string
}

func (m *SignalIdentity) fields() []Field {
	return []Field{
		nameField(&m.Name),
		deviceField(&m.Device),
		registrationField(&m.RegistrationID),
		identityKeyField(&m.IdentityKey),
		integer("created", &m.Created, "When the identity was made, in seconds since 1970."),
		text("oldest", &m.Oldest, "The oldest protocol that is accepted.", oneOf(OldestX3DH, OldestPQXDH, OldestTripleRatchet)),
	}
}

// SignalPreKeysPublishRequest says how many one-time prekeys there are to be.
type SignalPreKeysPublishRequest struct {
	OneTime int64
}

func (m *SignalPreKeysPublishRequest) fields() []Field {
	return []Field{
		integer("oneTime", &m.OneTime, "How many one-time prekeys of each kind there are to be; 100 if left out.", within(1, maxOneTime), optional()),
	}
}

// SignalPreKeys is what is to be uploaded.
type SignalPreKeys struct {
	RegistrationID int64
	IdentityKey    string
	Signed         SignedKey
	LastResort     SignedKyberKey
	OneTime        []OneTimeKey
	Kyber          []SignedKyberKey
}

func (m *SignalPreKeys) fields() []Field {
	return []Field{
		registrationField(&m.RegistrationID),
		identityKeyField(&m.IdentityKey),
		object("signedPreKey", &m.Signed, "The signed prekey, for every bundle. It replaces the one before."),
		object("lastResort", &m.LastResort, "The Kyber prekey for bundles when no other is left. It replaces the one before."),
		objects("oneTime", &m.OneTime, "New one-time prekeys: hand each out in one bundle, once.", within(0, maxOneTime)),
		objects("kyber", &m.Kyber, "New one-time Kyber prekeys: hand each out in one bundle, once.", within(0, maxOneTime)),
	}
}

// OneTimeKey is a prekey without a signature.
type OneTimeKey struct {
	ID        int64
	PublicKey string
}

func (m *OneTimeKey) fields() []Field {
	return []Field{idField(&m.ID), curveField("publicKey", &m.PublicKey, "The key: a type byte and an X25519 public key, 33 bytes.")}
}

// SignedKey is a prekey with the identity key's signature.
type SignedKey struct {
	ID        int64
	PublicKey string
	Signature string
}

func (m *SignedKey) fields() []Field {
	return []Field{
		idField(&m.ID),
		curveField("publicKey", &m.PublicKey, "The key: a type byte and an X25519 public key, 33 bytes."),
		signatureField(&m.Signature),
	}
}

// SignedKyberKey is a Kyber prekey with the identity key's signature.
type SignedKyberKey struct {
	ID        int64
	PublicKey string
	Signature string
}

func (m *SignedKyberKey) fields() []Field {
	return []Field{
		idField(&m.ID),
		text("publicKey", &m.PublicKey, "The key: a type byte and a Kyber1024 public key, 1569 bytes.", exactly(kyberLength), base64URL()),
		signatureField(&m.Signature),
	}
}

// SignalPreKeyCount says what prekeys are left.
type SignalPreKeyCount struct {
	OneTime, Kyber                   int64
	SignedCreated, LastResortCreated int64
	RotationDue                      bool
}

func (m *SignalPreKeyCount) fields() []Field {
	return []Field{
		integer("oneTime", &m.OneTime, "One-time prekeys that nobody used yet."),
		integer("kyber", &m.Kyber, "One-time Kyber prekeys that nobody used yet."),
		integer("signedCreated", &m.SignedCreated, "When the signed prekey was made, in seconds since 1970; 0 if there is none."),
		integer("lastResortCreated", &m.LastResortCreated, "When the Kyber prekey of last resort was made, in seconds since 1970; 0 if there is none."),
		flag("rotationDue", &m.RotationDue, "Whether signal.prekeys.publish would replace the signed ones."),
	}
}

func nameField(p *string) Field {
	return text("name", p, "Name of the person or contact.", maxLen(maxName), visible())
}

func deviceField(p *int64) Field {
	return integer("device", p, "Number of the device.", within(1, maxDevice))
}

func registrationField(p *int64) Field {
	return integer("registrationId", p, "Number of the installation on the device.", within(0, maxUint32))
}

func idField(p *int64) Field {
	return integer("id", p, "Id of the key, by which messages name it.", within(0, maxUint32))
}

func identityKeyField(p *string, bounds ...bound) Field {
	return curveField("identityKey", p, "The identity key: a type byte and an X25519 public key, 33 bytes.", bounds...)
}

func curveField(name string, p *string, doc string, bounds ...bound) Field {
	return text(name, p, doc, append([]bound{exactly(curveLength), base64URL()}, bounds...)...)
}

func signatureField(p *string) Field {
	return text("signature", p, "The identity key's signature of the key (XEdDSA), 64 bytes.", exactly(signatureLength), base64URL())
}
