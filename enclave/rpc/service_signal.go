// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"strconv"

	"ats.run/kms-enclave/kmslib/signal/session"
)

// change makes an answer in one commit of the account. The step may run again,
// on fresh state, and begins each time with an empty answer. A refusal goes into
// the audit log, too.
func change[A any](ctx context.Context, s *Service, caller Caller, step func(*session.Account, *A) (detail string, err error)) (*A, error) {
	var answer *A
	err := s.vault.SignalChange(ctx, caller.asker(), func(account *session.Account) (string, error) {
		discard(answer)
		answer = new(A)
		return step(account, answer)
	})
	if err != nil {
		discard(answer)
		return nil, s.refuse(ctx, caller, err)
	}
	return answer, nil
}

// read makes an answer of the account as it is. The step may run again.
func read[A any](ctx context.Context, s *Service, caller Caller, step func(*session.Account, *A) error) (*A, error) {
	var answer *A
	err := s.vault.SignalRead(ctx, caller.asker(), func(account *session.Account) error {
		answer = new(A)
		return step(account, answer)
	})
	if err != nil {
		return nil, refusalOf(err)
	}
	return answer, nil
}

// discard clears the bodies of an answer that nobody gets: they may be plaintexts
// of messages that were not decrypted after all.
func discard[A any](answer *A) {
	if c, ok := any(answer).(carrier); ok && answer != nil {
		clearAll(c.bodies().list())
	}
}

// byteCount is the log's word for how long something was.
func byteCount(b []byte) string { return strconv.Itoa(len(b)) + "-bytes" }

// SignalIdentityCreate makes the identity of the asking origin.
func (s *Service) SignalIdentityCreate(ctx context.Context, caller Caller, q *SignalIdentityCreateRequest) (*SignalIdentity, error) {
	options := session.IdentityOptions{
		Address:        session.Address{Name: q.Name, Device: uint32(q.Device)},
		RegistrationID: uint32(q.RegistrationID),
		Policy:         session.Policy{Oldest: levelOf(q.Oldest)},
	}
	return change(ctx, s, caller, func(a *session.Account, answer *SignalIdentity) (string, error) {
		identity, err := a.CreateIdentity(ctx, options)
		if err != nil {
			return "", err
		}
		*answer = publicIdentity(identity)
		return answer.Oldest, nil
	})
}

// SignalIdentityPublic returns the public side of the identity.
func (s *Service) SignalIdentityPublic(ctx context.Context, caller Caller, _ *SignalNothing) (*SignalIdentity, error) {
	return read(ctx, s, caller, func(a *session.Account, answer *SignalIdentity) error {
		identity, err := a.Identity(ctx)
		if err != nil {
			return err
		}
		*answer = publicIdentity(identity)
		return nil
	})
}

// SignalIdentityDelete deletes the identity and all that belongs to it.
func (s *Service) SignalIdentityDelete(ctx context.Context, caller Caller, _ *SignalNothing) (*SignalNothing, error) {
	return change(ctx, s, caller, func(a *session.Account, _ *SignalNothing) (string, error) {
		return "", a.DeleteIdentity(ctx)
	})
}

// SignalPreKeysPublish tops prekeys up and returns what is new.
func (s *Service) SignalPreKeysPublish(ctx context.Context, caller Caller, q *SignalPreKeysPublishRequest) (*SignalPreKeys, error) {
	wanted := int(q.OneTime)
	if wanted == 0 {
		wanted = maxOneTime
	}
	return change(ctx, s, caller, func(a *session.Account, answer *SignalPreKeys) (string, error) {
		keys, err := a.PublishPreKeys(ctx, wanted)
		if err != nil {
			return "", err
		}
		*answer = publicPreKeys(keys)
		return strconv.Itoa(len(keys.OneTime)+len(keys.Kyber)) + "-new", nil
	})
}

// SignalPreKeysCount says what prekeys are left.
func (s *Service) SignalPreKeysCount(ctx context.Context, caller Caller, _ *SignalNothing) (*SignalPreKeyCount, error) {
	return read(ctx, s, caller, func(a *session.Account, answer *SignalPreKeyCount) error {
		count, err := a.CountPreKeys(ctx)
		if err != nil {
			return err
		}
		*answer = SignalPreKeyCount{
			OneTime: int64(count.OneTime), Kyber: int64(count.Kyber),
			SignedCreated: count.SignedCreated, LastResortCreated: count.LastResortCreated, RotationDue: count.RotationDue,
		}
		return nil
	})
}

// SignalPreKeysRotate replaces the signed prekeys.
func (s *Service) SignalPreKeysRotate(ctx context.Context, caller Caller, _ *SignalNothing) (*SignalPreKeys, error) {
	return change(ctx, s, caller, func(a *session.Account, answer *SignalPreKeys) (string, error) {
		keys, err := a.RotatePreKeys(ctx)
		if err != nil {
			return "", err
		}
		*answer = publicPreKeys(keys)
		return "", nil
	})
}

// SignalSafetyNumber returns the safety number of a contact and compares it with
// what was scanned.
func (s *Service) SignalSafetyNumber(ctx context.Context, caller Caller, q *SignalSafetyNumberRequest) (*SignalSafetyNumber, error) {
	return read(ctx, s, caller, func(a *session.Account, answer *SignalSafetyNumber) error {
		number, err := a.SafetyNumber(ctx, q.Name)
		if err != nil {
			return err
		}
		*answer = SignalSafetyNumber{Digits: number.Digits(), Code: number.Scannable(scanVersion)}
		if q.Scanned == nil {
			return nil
		}
		same, err := number.Matches(q.Scanned)
		answer.Scanned = ScannedDifferent
		if same {
			answer.Scanned = ScannedSame
		}
		return err
	})
}
