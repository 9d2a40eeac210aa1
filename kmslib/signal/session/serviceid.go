// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/hex"
	"strings"
)

// The kinds of Signal's service ids, as in the field "addresses".
const (
	kindACI = 0 // account identity
	kindPNI = 1 // phone number identity
)

// messageAddresses returns the field "addresses" of a message: of each device the
// kind, the 16 bytes and the device of its name; nil if one of the names is not a
// service id.
func messageAddresses(sender, recipient Address) []byte {
	from, okFrom := sender.serviceID()
	to, okTo := recipient.serviceID()
	if !okFrom || !okTo {
		return nil
	}
	return append(from[:], to[:]...)
}

// serviceID reads a name that is a hyphenated UUID, of a phone number with "PNI:"
// before it.
func (a Address) serviceID() (id [18]byte, ok bool) {
	text, isPNI := strings.CutPrefix(a.Name, "PNI:")
	if isPNI {
		id[0] = kindPNI
	}
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	digits := text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	if _, err := hex.Decode(id[1:17], []byte(digits)); err != nil {
		return id, false
	}
	id[17] = byte(a.Device)
	return id, true
}
