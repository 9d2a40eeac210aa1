// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

// VAPIDGenerateRequest asks for a new key.
type VAPIDGenerateRequest struct{}

func (m *VAPIDGenerateRequest) fields() []Field { return nil }

// VAPIDKeyRequest names a key.
type VAPIDKeyRequest struct {
	KID string
}

func (m *VAPIDKeyRequest) fields() []Field { return []Field{kidField(&m.KID)} }

// VAPIDKeyResponse is the public part of a key.
type VAPIDKeyResponse struct {
	KID       string
	PublicKey string
}

func (m *VAPIDKeyResponse) fields() []Field {
	return []Field{
		kidField(&m.KID),
		publicKeyField(&m.PublicKey),
	}
}

// VAPIDSignRequest asks for a token.
type VAPIDSignRequest struct {
	KID      string
	Audience string
	Subject  string
	Expires  int64
}

func (m *VAPIDSignRequest) fields() []Field {
	return []Field{
		kidField(&m.KID),
		text("aud", &m.Audience, "Origin of the push service: scheme, host and port of the subscription's endpoint, https."),
		text("sub", &m.Subject, "Where the push service reaches whoever sends: a mailto: or https: URI (RFC 8292, section 2.1)."),
		integer("exp", &m.Expires, "When the token ends, in seconds since 1970; at most 24 hours ahead. 12 hours ahead if left out.", within(1, maxInteger), optional()),
	}
}

// VAPIDSignResponse is a token.
type VAPIDSignResponse struct {
	Token         string
	Expires       int64
	Authorization string
}

func (m *VAPIDSignResponse) fields() []Field {
	return []Field{
		text("token", &m.Token, "The signed JWT (RFC 8292, section 2).", maxLen(maxToken)),
		integer("exp", &m.Expires, "When the token ends, in seconds since 1970.", within(1, maxInteger)),
		text("authorization", &m.Authorization, "Value of the Authorization header for the push service (RFC 8292, section 3).", maxLen(maxToken+128)),
	}
}

// VAPIDDeleteResponse says that the key is gone.
type VAPIDDeleteResponse struct{}

func (m *VAPIDDeleteResponse) fields() []Field { return nil }

// VAPIDListRequest asks for the keys of the asking origin.
type VAPIDListRequest struct{}

func (m *VAPIDListRequest) fields() []Field { return nil }

// VAPIDListResponse is the keys of the asking origin.
type VAPIDListResponse struct {
	Keys []VAPIDKeyInfo
}

func (m *VAPIDListResponse) fields() []Field {
	return []Field{objects("keys", &m.Keys, "The key pairs, in the order of their ids.", within(0, maxKeys))}
}

// VAPIDKeyInfo is what the list says of a key.
type VAPIDKeyInfo struct {
	KID        string
	PublicKey  string
	Created    int64
	Protection string
}

func (m *VAPIDKeyInfo) fields() []Field {
	return []Field{
		kidField(&m.KID),
		publicKeyField(&m.PublicKey),
		integer("created", &m.Created, "When the key was made, in seconds since 1970."),
		text("protection", &m.Protection, "Whether the private key is sealed under the vault key, or kept by the browser alone as an earlier release did.",
			oneOf("sealed", "browser")),
	}
}

// maxKeys is how many keys a list can show.
const maxKeys = 1024

func publicKeyField(p *string) Field {
	return text("publicKey", p, "The public key as PushManager.subscribe takes it (applicationServerKey): the uncompressed P-256 point, 65 bytes.",
		exactly(pointLength), base64URL())
}

func kidField(p *string) Field {
	return text("kid", p, "Key id: the RFC 7638 thumbprint of the public key.", exactly(kidLength), base64URL())
}
