// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"io"

	"ats.run/kms-enclave/kmslib/vapid"
)

// DefaultTokenLifetime is how long a token is valid if the caller does not
// say, in seconds.
const DefaultTokenLifetime = 12 * 60 * 60

// tokenIDSize is the length of a token's jti before encoding, in bytes.
const tokenIDSize = 16

// VAPIDKey is the public side of a VAPID key.
type VAPIDKey struct {
	KID       string // key id
	PublicKey string // application server key, base64url
}

// VAPIDRequest asks for a token.
type VAPIDRequest struct {
	KID      string
	Audience string // https origin of the push service
	Subject  string // mailto: or https: URI
	Expires  int64  // Unix seconds; 0: DefaultTokenLifetime from now
}

// VAPIDToken is a signed token.
type VAPIDToken struct {
	Token         string
	Expires       int64  // Unix seconds
	Authorization string // value of the Authorization header
}

// VAPIDGenerate makes a VAPID key that is bound to origin.
func (v *Vault) VAPIDGenerate(ctx context.Context, origin string) (VAPIDKey, error) {
	if err := checkOrigin(origin); err != nil {
		return VAPIDKey{}, err
	}
	handle, point, err := v.config.Keys.GenerateP256(ctx)
	if err != nil {
		return VAPIDKey{}, during("making the key", err)
	}
	key, err := vapid.NewPublicKey(point)
	if err != nil {
		return VAPIDKey{}, during("making the key", err)
	}
	record := vapidRecord{origin: origin, key: key, created: v.config.Clock.Now()}
	change := Change{Ref: record.ref(), Value: record.marshal(), Handle: handle}
	if err := v.config.Store.Commit(ctx, []Change{change}); err != nil {
		return VAPIDKey{}, during("storing the key", err)
	}
	return record.public(), nil
}

// VAPIDPublicKey returns the public side of the key kid, ErrNotFound if origin
// has no such key, or a *RecordError.
func (v *Vault) VAPIDPublicKey(ctx context.Context, origin, kid string) (VAPIDKey, error) {
	record, _, err := v.getVAPID(ctx, origin, kid)
	if err != nil {
		return VAPIDKey{}, err
	}
	return record.public(), nil
}

// VAPIDSign makes a token. It returns ErrNotFound if origin has no such key, a
// *RecordError, or a *vapid.ClaimError if the request is not allowed.
func (v *Vault) VAPIDSign(ctx context.Context, origin string, request VAPIDRequest) (VAPIDToken, error) {
	record, stored, err := v.getVAPID(ctx, origin, request.KID)
	if err != nil {
		return VAPIDToken{}, err
	}
	claims, err := v.claims(request)
	if err != nil {
		return VAPIDToken{}, err
	}
	input, err := vapid.SigningInput(claims, claims.IssuedAt)
	if err != nil {
		return VAPIDToken{}, err
	}
	signature, err := v.config.Keys.SignP256(ctx, stored.Handle, input)
	if err != nil {
		return VAPIDToken{}, during("signing", err)
	}
	token, err := vapid.Assemble(input, signature)
	if err != nil {
		return VAPIDToken{}, during("signing", err)
	}
	return VAPIDToken{token, claims.Expires, vapid.Authorization(token, record.key)}, nil
}

// claims returns what a token for request says, issued now.
func (v *Vault) claims(request VAPIDRequest) (vapid.Claims, error) {
	id := make([]byte, tokenIDSize)
	if _, err := io.ReadFull(v.config.Random, id); err != nil {
		return vapid.Claims{}, during("making a token id", err)
	}
	now := v.config.Clock.Now()
	expires := request.Expires
	if expires == 0 {
		expires = now + DefaultTokenLifetime
	}
	return vapid.Claims{
		Audience: request.Audience,
		Expires:  expires,
		Subject:  request.Subject,
		IssuedAt: now,
		ID:       base64.RawURLEncoding.EncodeToString(id),
	}, nil
}

// VAPIDDelete deletes the key kid for good. It returns ErrNotFound if origin
// has no such key, also when someone else deleted it meanwhile, or a
// *RecordError, in which case the record is kept.
func (v *Vault) VAPIDDelete(ctx context.Context, origin, kid string) error {
	record, stored, err := v.getVAPID(ctx, origin, kid)
	if err != nil {
		return err
	}
	change := Change{Ref: record.ref(), IfVersion: stored.Version, Delete: true}
	err = v.config.Store.Commit(ctx, []Change{change})
	if errors.Is(err, ErrConflict) {
		if _, _, again := v.getVAPID(ctx, origin, kid); errors.Is(again, ErrNotFound) {
			return again
		}
	}
	if err != nil {
		return during("deleting the key", err)
	}
	return nil
}

func (r vapidRecord) public() VAPIDKey {
	return VAPIDKey{KID: r.key.KeyID(), PublicKey: r.key.String()}
}
