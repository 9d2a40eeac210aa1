// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"errors"
	"strings"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/safetynumber"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/vault"
)

// SignalTrustGet returns what is known of a contact.
func (s *Service) SignalTrustGet(ctx context.Context, caller Caller, q *SignalNameRequest) (*SignalContact, error) {
	return read(ctx, s, caller, func(a *session.Account, answer *SignalContact) error {
		return describeContact(ctx, a, q.Name, answer)
	})
}

// SignalTrustList lists contacts.
func (s *Service) SignalTrustList(ctx context.Context, caller Caller, _ *SignalNothing) (*SignalContactList, error) {
	return read(ctx, s, caller, func(a *session.Account, answer *SignalContactList) error {
		list, err := a.Contacts(ctx)
		for _, contact := range list {
			answer.Contacts = append(answer.Contacts, contactAnswer(contact))
		}
		return err
	})
}

// SignalTrustAccept accepts a contact's new key.
func (s *Service) SignalTrustAccept(ctx context.Context, caller Caller, q *SignalTrustAcceptRequest) (*SignalContact, error) {
	return s.trust(ctx, caller, q.Name, q.IdentityKey, func(a *session.Account, key curve.PublicKey) error {
		return a.AcceptContact(ctx, q.Name, key)
	})
}

// SignalTrustVerify marks a contact's key as verified, or not.
func (s *Service) SignalTrustVerify(ctx context.Context, caller Caller, q *SignalTrustVerifyRequest) (*SignalContact, error) {
	return s.trust(ctx, caller, q.Name, q.IdentityKey, func(a *session.Account, key curve.PublicKey) error {
		return a.VerifyContact(ctx, q.Name, key, q.Verified)
	})
}

func (s *Service) trust(
	ctx context.Context, caller Caller, name, identityKey string, step func(*session.Account, curve.PublicKey) error,
) (*SignalContact, error) {
	key, err := keyOf("identityKey", identityKey, curve.ParsePublicKey)
	if err != nil {
		return nil, refusalOf(err)
	}
	return change(ctx, s, caller, func(a *session.Account, answer *SignalContact) (string, error) {
		if err := step(a, key); err != nil {
			return "", err
		}
		err := describeContact(ctx, a, name, answer)
		return answer.State, err
	})
}

func describeContact(ctx context.Context, a *session.Account, name string, answer *SignalContact) error {
	contact, err := a.Contact(ctx, name)
	if err == nil {
		*answer = contactAnswer(contact)
	}
	return err
}

// explain returns what a person who is to approve a request is shown beside its
// members: what the enclave knows of them. The error is why the request cannot
// succeed, so that nobody is asked.
func (s *Service) explain(ctx context.Context, asker vault.Asker, request Message) ([]ceremony.Detail, error) {
	switch q := request.(type) {
	case *SignalTrustAcceptRequest:
		return s.explainTrust(ctx, asker, q.Name, q.IdentityKey)
	case *SignalTrustVerifyRequest:
		return s.explainTrust(ctx, asker, q.Name, q.IdentityKey)
	}
	if asker.Method == "signal.identity.delete" {
		return s.explainIdentity(ctx, asker)
	}
	return nil, nil
}

// explainIdentity returns whose identity it is, and nothing if that cannot be
// read: it can be deleted nevertheless.
func (s *Service) explainIdentity(ctx context.Context, asker vault.Asker) (details []ceremony.Detail, err error) {
	err = s.vault.SignalRead(ctx, asker, func(a *session.Account) error {
		own, err := a.Identity(ctx)
		if err == nil {
			details = Details(&SignalPeerRequest{peerOf(own.Address)})
		}
		return err
	})
	if errors.Is(err, session.ErrNoIdentity) {
		return nil, err
	}
	return details, nil
}

// explainTrust returns the safety number with a contact who has the named key. It
// cannot change between the question and the answer: the request names the key.
func (s *Service) explainTrust(ctx context.Context, asker vault.Asker, name, identityKey string) ([]ceremony.Detail, error) {
	key, err := keyOf("identityKey", identityKey, curve.ParsePublicKey)
	if err != nil {
		return nil, err
	}
	var digits string
	err = s.vault.SignalRead(ctx, asker, func(a *session.Account) error {
		own, err := a.Identity(ctx)
		if err != nil {
			return err
		}
		contact, err := a.Contact(ctx, name)
		switch {
		case err != nil:
			return err
		case contact.State == session.StateUnknown:
			return session.ErrNotFound
		case key != contact.Key && key != contact.Previous:
			return session.ErrKeyMismatch
		}
		digits = safetynumber.Compute(
			safetynumber.Party{ID: []byte(own.Address.Name), Key: own.Key}, safetynumber.Party{ID: []byte(name), Key: key},
		).Digits()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return []ceremony.Detail{{Name: "safetyNumber", Value: inFives(digits)}}, nil
}

// inFives parts digits into groups of five, as people read them to each other.
func inFives(digits string) string {
	var groups []string
	for len(digits) > 5 {
		groups, digits = append(groups, digits[:5]), digits[5:]
	}
	return strings.Join(append(groups, digits), " ")
}
