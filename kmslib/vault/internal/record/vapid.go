// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/vapid"
	"ats.run/kms-enclave/kmslib/wire"
)

// The ways the private key of a VAPID record is protected.
const (
	Sealed  = "sealed"  // wrapped under the vault key
	Browser = "browser" // the Handle of the record, made by a release without users
)

// VAPIDKeyName returns the key of the record of a VAPID key.
func VAPIDKeyName(origin, kid string) string { return origin + " " + kid }

// VAPID is the record of a VAPID key.
type VAPID struct {
	Origin     string
	Key        vapid.PublicKey
	Created    int64 // Unix seconds
	Protection string
	Generation int64 // of the vault key
	Nonce      []byte
	Wrapped    []byte // the private key, or the seal of nothing
}

// Name returns the key of the record.
func (r VAPID) Name() string { return VAPIDKeyName(r.Origin, r.Key.KeyID()) }

func (r VAPID) clear() []wire.Member {
	return []wire.Member{
		member("format", wire.String(label.SealedVAPIDKey)),
		member("origin", wire.String(r.Origin)),
		member("kid", wire.String(r.Key.KeyID())),
		member("publicKey", wire.String(r.Key.String())),
		member("created", wire.Int(r.Created)),
		member("protection", wire.String(r.Protection)),
		member("generation", wire.Int(r.Generation)),
	}
}

// Data returns the additional data of the wrapping.
func (r VAPID) Data(p Place) []byte { return p.data(r.clear()) }

// Marshal returns the value that ParseVAPID reads.
func (r VAPID) Marshal() []byte {
	return wire.Object(append(r.clear(), member("nonce", text(r.Nonce)), member("wrapped", text(r.Wrapped)))...).Append(nil)
}

// ParseVAPID reads the record of a VAPID key that lies under name. The error is
// an *Error.
func ParseVAPID(name string, value []byte) (VAPID, error) {
	in, err := open(label.SealedVAPIDKey, value)
	if err != nil {
		return VAPID{}, err
	}
	r := VAPID{Origin: in.String("origin"), Created: count(in, "created")}
	kid, publicKey := in.String("kid"), in.String("publicKey")
	r.Protection, r.Generation = in.String("protection"), count(in, "generation")
	r.Nonce, r.Wrapped = bytesOf(in, "nonce", nonceSize), bytesOf(in, "wrapped", 0)
	if err := finish(in); err != nil {
		return VAPID{}, err
	}
	if r.Key, err = checkVAPID(name, r.Origin, kid, publicKey); err != nil {
		return VAPID{}, err
	}
	switch {
	case r.Protection == Sealed && len(r.Wrapped) > tagSize, r.Protection == Browser && len(r.Wrapped) == tagSize:
		return r, nil
	}
	return VAPID{}, refuse("protection: expected sealed with a key, or browser with none")
}

// checkVAPID returns the key that publicKey is, if kid and the place fit.
func checkVAPID(name, of, kid, publicKey string) (vapid.PublicKey, error) {
	if _, err := origin.Parse(of); err != nil {
		return vapid.PublicKey{}, refuse("origin: " + err.Error())
	}
	key, err := vapid.ParsePublicKey(publicKey)
	switch {
	case err != nil:
		return vapid.PublicKey{}, refuse(err.Error())
	case key.KeyID() != kid:
		return vapid.PublicKey{}, refuse("kid is not the thumbprint of publicKey")
	case VAPIDKeyName(of, kid) != name:
		return vapid.PublicKey{}, refuse("it belongs to another place")
	}
	return key, nil
}

// OldVAPID is the record of a VAPID key in the format of the first releases,
// which had no users. The Handle beside it is the private key.
type OldVAPID struct {
	Origin  string
	Key     vapid.PublicKey
	Created int64 // Unix seconds
}

// Marshal returns the value that ParseOldVAPID reads.
func (r OldVAPID) Marshal() []byte {
	return wire.Object(
		member("format", wire.String(label.VAPIDKey)),
		member("origin", wire.String(r.Origin)),
		member("kid", wire.String(r.Key.KeyID())),
		member("publicKey", wire.String(r.Key.String())),
		member("created", wire.Int(r.Created)),
	).Append(nil)
}

// ParseOldVAPID reads the old record of a VAPID key that lies under name. The
// error is an *Error.
func ParseOldVAPID(name string, value []byte) (OldVAPID, error) {
	in, err := open(label.VAPIDKey, value)
	if err != nil {
		return OldVAPID{}, err
	}
	r := OldVAPID{Origin: in.String("origin"), Created: count(in, "created")}
	kid, publicKey := in.String("kid"), in.String("publicKey")
	if err := finish(in); err != nil {
		return OldVAPID{}, err
	}
	r.Key, err = checkVAPID(name, r.Origin, kid, publicKey)
	return r, err
}
