// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/vapid"
	"ats.run/kms-enclave/kmslib/wire"
)

const vapidCollection = "vapid"

// vapidRecord is the value of a VAPID key record; the package comment
// specifies it.
type vapidRecord struct {
	origin  string
	key     vapid.PublicKey
	created int64 // Unix seconds
}

func vapidRef(origin, kid string) Ref {
	return Ref{Collection: vapidCollection, Key: origin + " " + kid}
}

func (r vapidRecord) ref() Ref { return vapidRef(r.origin, r.key.KeyID()) }

// marshal returns the value that parseVAPIDRecord reads.
func (r vapidRecord) marshal() []byte {
	return wire.Object(
		wire.Member{Name: "format", Value: wire.String(label.VAPIDKey)},
		wire.Member{Name: "origin", Value: wire.String(r.origin)},
		wire.Member{Name: "kid", Value: wire.String(r.key.KeyID())},
		wire.Member{Name: "publicKey", Value: wire.String(r.key.String())},
		wire.Member{Name: "created", Value: wire.Int(r.created)},
	).Append(nil)
}

// parseVAPIDRecord reads the value of the record that was found at ref. The
// error is a *RecordError.
func parseVAPIDRecord(ref Ref, value []byte) (vapidRecord, error) {
	refuse := func(reason string) (vapidRecord, error) {
		return vapidRecord{}, &RecordError{ref.Collection, reason}
	}
	v, err := wire.ParseCanonical(value)
	if err != nil {
		return refuse(err.Error())
	}
	format, _ := v.Get("format")
	if name, _ := format.AsString(); name != label.VAPIDKey {
		return refuse("its format is not " + label.VAPIDKey + "; another release of the enclave may read it")
	}
	in := wire.NewObjectReader(v)
	in.String("format")
	r := vapidRecord{origin: in.String("origin"), created: in.Int("created")}
	kid, publicKey := in.String("kid"), in.String("publicKey")
	if err := in.Done(); err != nil {
		return refuse(err.Error())
	}
	if _, err := origin.Parse(r.origin); err != nil {
		return refuse("origin: " + err.Error())
	}
	if r.key, err = vapid.ParsePublicKey(publicKey); err != nil {
		return refuse(err.Error())
	}
	switch {
	case r.created < 0:
		return refuse("created: expected Unix seconds")
	case r.key.KeyID() != kid:
		return refuse("kid is not the thumbprint of publicKey")
	case r.ref() != ref:
		return refuse("it belongs to another place")
	}
	return r, nil
}
