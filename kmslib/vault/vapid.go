// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"encoding/base64"
	"errors"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/vapid"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// DefaultTokenLifetime is how long a token is valid if the caller does not
// say, in seconds.
const DefaultTokenLifetime = 12 * 60 * 60

// tokenIDSize is the length of a token's jti before encoding, in bytes.
const tokenIDSize = 16

// Protection says how a private key lies in storage.
type Protection string

// The ways a private key is protected.
const (
	ProtectionSealed  Protection = record.Sealed  // wrapped under the vault key
	ProtectionBrowser Protection = record.Browser // by the browser alone: made by a release without users
)

// VAPIDKey is the public side of a VAPID key.
type VAPIDKey struct {
	KID        string // key id
	PublicKey  string // application server key, base64url
	Created    int64  // Unix seconds
	Protection Protection
}

func publicVAPID(r record.VAPID) VAPIDKey {
	return VAPIDKey{
		KID: r.Key.KeyID(), PublicKey: r.Key.String(),
		Created: r.Created, Protection: Protection(r.Protection),
	}
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

// VAPIDGenerate makes a VAPID key of the open user that is bound to the asking
// origin.
func (v *Vault) VAPIDGenerate(ctx context.Context, a Asker) (VAPIDKey, error) {
	s, err := v.require(ctx, a)
	if err != nil {
		return VAPIDKey{}, err
	}
	var made record.VAPID
	err = v.within(ctx, s, func(t *transaction) error {
		var change Change
		var err error
		if made, change, err = v.newVAPID(ctx, t.ring, a.Origin, t.now); err != nil {
			return err
		}
		t.put(change)
		t.log(a, auditlog.Entry{Method: "vapid.generate", Key: made.Key.KeyID()})
		return nil
	})
	if err != nil {
		return VAPIDKey{}, err
	}
	return publicVAPID(made), nil
}

// VAPIDPublicKey returns the public side of the key kid, ErrNotFound if the
// asking origin has no such key, or a *RecordError. It needs no session: the
// open user's keys come first, then those of the others.
func (v *Vault) VAPIDPublicKey(ctx context.Context, a Asker, kid string) (VAPIDKey, error) {
	if err := checkOrigin(a.Origin); err != nil {
		return VAPIDKey{}, err
	}
	if !vapid.IsKeyID(kid) {
		return VAPIDKey{}, ErrNotFound
	}
	users, err := v.Users(ctx)
	if err != nil {
		return VAPIDKey{}, err
	}
	ids := make([]string, 0, len(users)+1)
	if s := v.open(); s != nil {
		ids = append(ids, s.user)
	}
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	for _, id := range ids {
		r, _, err := v.readVAPID(ctx, vapidRef(id, a.Origin, kid))
		if err == nil {
			return publicVAPID(r), nil
		}
		if !errors.Is(err, ErrNotFound) {
			return VAPIDKey{}, err
		}
	}
	return VAPIDKey{}, ErrNotFound
}

// VAPIDList returns the open user's keys of the asking origin, in the order of
// their ids. A record that cannot be read is left out here and reported by
// Status.
func (v *Vault) VAPIDList(ctx context.Context, a Asker) ([]VAPIDKey, error) {
	s, err := v.require(ctx, a)
	if err != nil {
		return nil, err
	}
	entries, err := v.scanAll(ctx, vapidOf(s.user))
	if err != nil {
		return nil, during("reading the keys", err)
	}
	var list []VAPIDKey
	for _, e := range entries {
		r, err := record.ParseVAPID(e.Ref.Key, e.Value)
		if err == nil && r.Origin == a.Origin {
			list = append(list, publicVAPID(r))
		}
	}
	v.touch(s)
	return list, nil
}

// VAPIDSign makes a token. It returns ErrNotFound if the asking origin has no
// such key, a *RecordError, or a *vapid.ClaimError if the request is not
// allowed.
func (v *Vault) VAPIDSign(ctx context.Context, a Asker, request VAPIDRequest) (VAPIDToken, error) {
	s, err := v.require(ctx, a)
	if err != nil {
		return VAPIDToken{}, err
	}
	if !vapid.IsKeyID(request.KID) {
		return VAPIDToken{}, ErrNotFound
	}
	claims, err := v.claims(request)
	if err != nil {
		return VAPIDToken{}, err
	}
	input, err := vapid.SigningInput(claims, claims.IssuedAt)
	if err != nil {
		return VAPIDToken{}, err
	}
	var signed VAPIDToken
	err = v.within(ctx, s, func(t *transaction) error {
		key, err := t.vapidKey(ctx, vapidRef(s.user, a.Origin, request.KID))
		if err != nil {
			return err
		}
		signature, err := v.config.Keys.SignP256(ctx, key.handle, input)
		if err != nil {
			return during("signing", err)
		}
		token, err := vapid.Assemble(input, signature)
		if err != nil {
			return during("signing", err)
		}
		signed = VAPIDToken{token, claims.Expires, vapid.Authorization(token, key.public)}
		t.log(a, auditlog.Entry{Method: "vapid.sign", Key: request.KID})
		return nil
	})
	if err != nil {
		return VAPIDToken{}, err
	}
	return signed, nil
}

// claims returns what a token for request says, issued now. Its id is ours.
func (v *Vault) claims(request VAPIDRequest) (vapid.Claims, error) {
	id, err := v.random(tokenIDSize)
	if err != nil {
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

// VAPIDDelete deletes the key kid for good. It returns ErrNotFound if the
// asking origin has no such key, also when someone else deleted it meanwhile,
// or a *RecordError, in which case the record is kept.
func (v *Vault) VAPIDDelete(ctx context.Context, a Asker, kid string) error {
	s, err := v.require(ctx, a)
	if err != nil {
		return err
	}
	if !vapid.IsKeyID(kid) {
		return ErrNotFound
	}
	return v.within(ctx, s, func(t *transaction) error {
		ref := vapidRef(s.user, a.Origin, kid)
		_, stored, err := v.readVAPID(ctx, ref)
		if err != nil {
			return err
		}
		delete(t.state.vapid, ref.Key)
		t.put(Change{Ref: ref, IfVersion: stored.Version, Delete: true})
		t.log(a, auditlog.Entry{Method: "vapid.delete", Key: kid})
		return nil
	})
}
