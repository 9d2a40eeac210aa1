// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package vapid makes and reads the tokens by which an application server
// identifies itself to a push service: RFC 8292, Voluntary Application Server
// Identification (VAPID).
//
// Who signs is not this package's concern. SigningInput gives the bytes to
// sign with ES256, Assemble takes the signature back, so that a key which the
// browser holds can sign in between. Parse and PublicKey.Verify are for whoever
// receives a token; Verify is left out of builds for js, where nothing needs it
// and its imports would weigh more than all the rest.
//
// # Token
//
//	token  = base64url(header) "." base64url(claims) "." base64url(signature)
//	header = {"alg":"ES256","typ":"JWT"}
//
// Base64url is RFC 4648, section 5, without padding, and with zero bits where
// the last character has some to spare. The signature is r ‖ s, 64 bytes, over
// the ASCII bytes before the last dot (RFC 7518, section 3.4). Header and claims
// are canonical JSON (package wire) when written; when read, members may be in
// any order. The claims:
//
//	aud  origin of the push service, https (package origin); required
//	exp  end of validity, Unix seconds; now < exp ≤ now + 24 h; required
//	sub  contact, a mailto: or https: URI of at most 256 bytes; required
//	iat  time of issue, Unix seconds; not after now + 1 min; may be absent
//	jti  1 to 64 characters of A-Z a-z 0-9 - _ ; may be absent
//
// Other claims and header members are refused, and tokens above 2048 bytes.
// RFC 8292 lets sub be absent; some push services refuse that, so we do.
//
// # Keys
//
// An application server key is a P-256 point in uncompressed form, 65 bytes
// that begin with 04, written in base64url (87 characters). Its key id is its
// RFC 7638 thumbprint: base64url of the SHA-256 of
//
//	{"crv":"P-256","kty":"EC","x":"<base64url>","y":"<base64url>"}
//
// The value of the Authorization header is "vapid t=<token>, k=<key>".
//
// # Example
//
// The claims
//
//	{"aud":"https://push.example.net","exp":1453523768,"sub":"mailto:push@example.com"}
//
// give the signing input, here with a line break after the dot,
//
//	eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.
//	eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0
//
// More examples, RFC 8292's own among them: kmslib/testdata/vectors/vapid.
package vapid
