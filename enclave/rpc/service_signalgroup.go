// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"ats.run/kms-enclave/kmslib/signal/session"
)

// SignalGroupCreate makes a key to send to a group with.
func (s *Service) SignalGroupCreate(ctx context.Context, caller Caller, q *SignalGroupRequest) (*SignalDistribution, error) {
	return s.distribute(ctx, caller, q, (*session.Account).CreateGroup)
}

// SignalGroupRotate replaces the key to send to a group with.
func (s *Service) SignalGroupRotate(ctx context.Context, caller Caller, q *SignalGroupRequest) (*SignalDistribution, error) {
	return s.distribute(ctx, caller, q, (*session.Account).RotateGroup)
}

func (s *Service) distribute(
	ctx context.Context, caller Caller, q *SignalGroupRequest, step func(*session.Account, context.Context, [16]byte) ([]byte, error),
) (*SignalDistribution, error) {
	group, err := groupOf(q.Group)
	if err != nil {
		return nil, refusalOf(err)
	}
	return change(ctx, s, caller, func(a *session.Account, answer *SignalDistribution) (_ string, err error) {
		answer.Message, err = step(a, ctx, group)
		return "", err
	})
}

// SignalGroupLeave erases the keys of a group.
func (s *Service) SignalGroupLeave(ctx context.Context, caller Caller, q *SignalGroupRequest) (*SignalNothing, error) {
	group, err := groupOf(q.Group)
	if err != nil {
		return nil, refusalOf(err)
	}
	return change(ctx, s, caller, func(a *session.Account, _ *SignalNothing) (string, error) {
		return "", a.LeaveGroup(ctx, group)
	})
}

// SignalGroupList lists groups.
func (s *Service) SignalGroupList(ctx context.Context, caller Caller, _ *SignalNothing) (*SignalGroupList, error) {
	return read(ctx, s, caller, func(a *session.Account, answer *SignalGroupList) error {
		list, err := a.Groups(ctx)
		for _, info := range list {
			answer.Groups = append(answer.Groups, groupAnswer(info))
		}
		return err
	})
}

// SignalGroupProcess takes a distribution message.
func (s *Service) SignalGroupProcess(ctx context.Context, caller Caller, q *SignalGroupProcessRequest) (*SignalGroupRequest, error) {
	return change(ctx, s, caller, func(a *session.Account, answer *SignalGroupRequest) (string, error) {
		group, err := a.ProcessDistribution(ctx, q.address(), q.Message)
		answer.Group = base64URLOf(group[:])
		return "", err
	})
}

// SignalGroupEncrypt encrypts a message to a group.
func (s *Service) SignalGroupEncrypt(ctx context.Context, caller Caller, q *SignalGroupEncryptRequest) (*SignalGroupSealed, error) {
	group, err := groupOf(q.Group)
	if err != nil {
		return nil, refusalOf(err)
	}
	return change(ctx, s, caller, func(a *session.Account, answer *SignalGroupSealed) (_ string, err error) {
		answer.Body, err = a.EncryptGroup(ctx, group, q.Plaintext)
		return byteCount(q.Plaintext), err
	})
}

// SignalGroupDecrypt decrypts a message to a group.
func (s *Service) SignalGroupDecrypt(ctx context.Context, caller Caller, q *SignalGroupDecryptRequest) (*SignalGroupOpened, error) {
	return change(ctx, s, caller, func(a *session.Account, answer *SignalGroupOpened) (string, error) {
		group, plaintext, err := a.DecryptGroup(ctx, q.address(), q.Body)
		answer.Group, answer.Plaintext = base64URLOf(group[:]), plaintext
		return byteCount(plaintext), err
	})
}
