// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import "ats.run/kms-enclave/kmslib/wire"

const maxClientData = 16 << 10 // bytes

// clientData is what a browser says (section 5.8.1).
type clientData struct {
	kind, challenge, origin string
	crossOrigin             bool
	topOrigin               string
	hasTopOrigin            bool
}

// parseClientData reads the members that are verified. Others are allowed, as
// the specification demands.
func parseClientData(raw []byte) (*clientData, bool) {
	if len(raw) > maxClientData {
		return nil, false
	}
	v, err := wire.Parse(raw)
	if err != nil {
		return nil, false
	}
	d := new(clientData)
	for _, m := range []struct {
		name string
		into *string
	}{{"type", &d.kind}, {"challenge", &d.challenge}, {"origin", &d.origin}} {
		member, _ := v.Get(m.name)
		text, ok := member.AsString()
		if !ok {
			return nil, false
		}
		*m.into = text
	}
	if member, ok := v.Get("crossOrigin"); ok {
		if d.crossOrigin, ok = member.AsBool(); !ok {
			return nil, false
		}
	}
	if member, ok := v.Get("topOrigin"); ok {
		if d.topOrigin, d.hasTopOrigin = member.AsString(); !d.hasTopOrigin {
			return nil, false
		}
	}
	return d, true
}
