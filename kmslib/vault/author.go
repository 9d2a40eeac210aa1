// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// DelegateValidity is how long a certificate of the delegated key is valid, in
// seconds. It is renewed at an unlock once half of it is over.
const DelegateValidity = 180 * 24 * 60 * 60

// delegated are the entries that the delegated key may sign: refusals and
// failures, and the reset of a vault that nobody can open any more. It is
// sorted, as in the certificate.
var delegated = []string{
	"*:busy",
	"*:cancelled",
	"*:ceremony_blocked",
	"*:damaged",
	"*:denied",
	"*:internal",
	"*:invalid_params",
	"*:locked",
	"*:not_granted",
	"*:not_set_up",
	"*:not_supported",
	"*:rate_limited",
	"*:storage_no_keys",
	"*:storage_quota",
	"*:storage_unavailable",
	"*:unknown_key",
	"*:unknown_user",
	"*:wrong_credential",
	"vault.reset:ok",
}

// errNoAuthor says that no key can sign now: the vault is locked, and the
// delegated key is missing or not allowed to.
var errNoAuthor = errors.New("the log cannot be written while the vault is locked; unlock it")

// author signs entries, by the log key if certificate is nil.
type author struct {
	signer      auditlog.Signer
	certificate *auditlog.Certificate
}

func (a author) append(
	ctx context.Context, head auditlog.Head, e auditlog.Entry,
) (auditlog.Record, auditlog.Head, error) {
	if a.certificate == nil {
		return auditlog.Append(ctx, head, e, a.signer)
	}
	r, next, err := auditlog.AppendDelegated(ctx, head, e, *a.certificate, a.signer)
	if _, outside := errors.AsType[*auditlog.CoverError](err); outside {
		err = errNoAuthor
	}
	return r, next, err
}

// author returns who signs for a user: the log key of ring or of the open
// session, else the delegated key.
func (v *Vault) author(ctx context.Context, user string, ring *keyring) (author, error) {
	if ring == nil {
		ring = v.openRing(user)
	}
	if ring != nil {
		signer, err := v.logSigner(ctx, ring)
		return author{signer: signer}, err
	}
	stored, err := v.get(ctx, delegateRef(user))
	if err != nil {
		return author{}, err
	}
	delegate, err := record.ParseDelegate(stored.Value)
	if err != nil || stored.Handle == nil {
		return author{}, errNoAuthor // it is kept, and renewed at the next unlock
	}
	certificate, err := v.readCertificate(ctx, user, delegate.Certificate)
	if err != nil {
		return author{}, err
	}
	id, err := auditlog.KeyID(delegate.Point)
	if err != nil || certificate.ID() != id {
		return author{}, errNoAuthor
	}
	return author{&logSigner{v.config.Keys, stored.Handle, id}, certificate}, nil
}

// readCertificate returns a certificate, or errNoAuthor if it cannot be read.
func (v *Vault) readCertificate(ctx context.Context, user string, n int64) (*auditlog.Certificate, error) {
	stored, err := v.get(ctx, certificateRef(user, n))
	if err != nil {
		return nil, err
	}
	c, err := auditlog.ParseCertificate(user, stored.Value)
	if err != nil {
		return nil, errNoAuthor
	}
	return &c, nil
}

// release returns the digest of the running release, or "" if it has none.
func (v *Vault) release() string {
	digest := v.config.Release()
	if len(digest) != 64 {
		return ""
	}
	return digest
}

// renewDelegate makes the delegated key ready for the time after the session:
// a new key if there is none, a new certificate if the one there is was for
// another release or other entries, or if half of its time is over.
func (t *transaction) renewDelegate(ctx context.Context, signer auditlog.Signer) error {
	user, code := t.state.user.ID, t.v.release()
	if code == "" {
		return nil // no release, no certificate for it
	}
	stored, err := t.v.get(ctx, delegateRef(user))
	if err != nil {
		return err
	}
	delegate, err := record.ParseDelegate(stored.Value)
	if err == nil && stored.Handle != nil {
		c, err := t.v.readCertificate(ctx, user, delegate.Certificate)
		if err != nil && !errors.Is(err, errNoAuthor) {
			return err
		}
		if err == nil && t.isGood(c, code, delegate.Point) {
			return nil
		}
	} else {
		stored.Handle, delegate.Point, err = t.v.config.Keys.GenerateP256(ctx)
		if err != nil {
			return during("making the delegated key", err)
		}
	}
	c, err := auditlog.SignCertificate(ctx, auditlog.Certificate{
		User: user, Point: delegate.Point, Scope: delegated,
		NotBefore: t.now, NotAfter: t.now + DelegateValidity, Code: code,
	}, signer)
	if err != nil {
		return during("certifying the delegated key", err)
	}
	delegate.Certificate = t.state.head.Size()
	t.put(Change{Ref: certificateRef(user, delegate.Certificate), Value: c.Marshal()})
	t.put(Change{
		Ref: delegateRef(user), IfVersion: stored.Version,
		Value: delegate.Marshal(), Handle: stored.Handle,
	})
	return nil
}

// isGood says whether a certificate needs no renewal.
func (t *transaction) isGood(c *auditlog.Certificate, code string, point []byte) bool {
	id, err := auditlog.KeyID(point)
	return err == nil && c.ID() == id && c.Code == code && slices.Equal(c.Scope, delegated) &&
		c.NotBefore <= t.now && c.NotAfter-t.now >= DelegateValidity/2
}
