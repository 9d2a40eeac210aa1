// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"bytes"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/keys"
)

// The limits of a credential.
const (
	maxCredentialID = 1023 // bytes (WebAuthn, section 5.8.3)
	maxSPKI         = 1024 // bytes; RSA with 4096 bits has 550
	maxRPID         = 253  // bytes, a host name
	maxTransports   = 8
	maxTransport    = 32 // bytes
)

// Credential is the passkey of an enrolment, as create() made it.
type Credential struct {
	ID         []byte         // 1 to 1023 bytes
	SPKI       []byte         // public key in DER
	Alg        keys.Algorithm // of the public key
	Counter    uint32         // signature counter at the last use
	Transports []string       // hints for get(), such as "internal"
	RPID       string         // relying party, the host of the enclave
}

func (c *Credential) clone() *Credential {
	copied := *c
	copied.ID, copied.SPKI = bytes.Clone(c.ID), bytes.Clone(c.SPKI)
	copied.Transports = slices.Clone(c.Transports)
	return &copied
}

// reason says in fixed words why c is not a credential, or "".
func (c *Credential) reason() string {
	switch {
	case len(c.ID) == 0 || len(c.ID) > maxCredentialID:
		return "expected a credential id of 1 to 1023 bytes"
	case len(c.SPKI) == 0 || len(c.SPKI) > maxSPKI:
		return "expected a public key of 1 to 1024 bytes"
	case c.Alg != keys.ES256 && c.Alg != keys.RS256:
		return "expected the algorithm -7 or -257"
	case !isRPID(c.RPID):
		return "expected a host name as rpId"
	case len(c.Transports) > maxTransports || slices.ContainsFunc(c.Transports, isNoTransport):
		return "expected at most 8 transports of a-z, 0-9 and hyphen"
	}
	return ""
}

// normalized returns a copy without the transports that cannot be kept: they
// are hints, and browsers may invent new ones.
func (c *Credential) normalized() *Credential {
	copied := c.clone()
	copied.Transports = slices.DeleteFunc(copied.Transports, isNoTransport)
	copied.Transports = copied.Transports[:min(len(copied.Transports), maxTransports)]
	return copied
}

func isNoTransport(name string) bool {
	return name == "" || len(name) > maxTransport || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
}

func isRPID(name string) bool {
	return name != "" && len(name) <= maxRPID && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}
