// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"errors"
	"strconv"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
)

// SignalSessionStart starts a session from a bundle.
func (s *Service) SignalSessionStart(ctx context.Context, caller Caller, q *SignalSessionStartRequest) (*SignalSession, error) {
	bundle, err := bundleOf(&q.Bundle)
	if err != nil {
		return nil, refusalOf(err)
	}
	return change(ctx, s, caller, func(a *session.Account, answer *SignalSession) (string, error) {
		info, err := a.StartSession(ctx, q.address(), bundle)
		if errors.Is(err, session.ErrSyntax) { // not of a message
			err = session.ErrBundle
		}
		if err != nil {
			return "", err
		}
		*answer = sessionAnswer(info)
		return "", nil
	})
}

// SignalSessionList lists sessions.
func (s *Service) SignalSessionList(ctx context.Context, caller Caller, _ *SignalNothing) (*SignalSessionList, error) {
	return read(ctx, s, caller, func(a *session.Account, answer *SignalSessionList) error {
		list, err := a.Sessions(ctx)
		for _, info := range list {
			answer.Sessions = append(answer.Sessions, sessionAnswer(info))
		}
		return err
	})
}

// SignalSessionClose erases the sessions with a device.
func (s *Service) SignalSessionClose(ctx context.Context, caller Caller, q *SignalPeerRequest) (*SignalNothing, error) {
	return change(ctx, s, caller, func(a *session.Account, _ *SignalNothing) (string, error) {
		return "", a.CloseSession(ctx, q.address())
	})
}

// SignalSessionArchive archives the session with a device.
func (s *Service) SignalSessionArchive(ctx context.Context, caller Caller, q *SignalPeerRequest) (*SignalNothing, error) {
	return change(ctx, s, caller, func(a *session.Account, _ *SignalNothing) (string, error) {
		return "", a.ArchiveSession(ctx, q.address())
	})
}

// SignalEncrypt encrypts a message.
func (s *Service) SignalEncrypt(ctx context.Context, caller Caller, q *SignalEncryptRequest) (*SignalSealed, error) {
	return change(ctx, s, caller, func(a *session.Account, answer *SignalSealed) (string, error) {
		sealed, err := a.Encrypt(ctx, q.address(), q.Plaintext)
		if err != nil {
			return "", err
		}
		*answer = sealedAnswer(sealed)
		return byteCount(q.Plaintext), nil
	})
}

// SignalEncryptBatch encrypts messages in one commit.
func (s *Service) SignalEncryptBatch(ctx context.Context, caller Caller, q *SignalEncryptBatchRequest) (*SignalSealedBatch, error) {
	return change(ctx, s, caller, func(a *session.Account, answer *SignalSealedBatch) (string, error) {
		done := 0
		for i := range q.Messages {
			sealed, err := a.Encrypt(ctx, q.Messages[i].address(), q.Plaintexts[i])
			result, body := SignalSealedResult{Type: int64(sealed.Type), RegistrationID: int64(sealed.RegistrationID)}, sealed.Body
			if err != nil {
				result, body = SignalSealedResult{}, nil
				if result.Code, err = singleCode(err); err != nil {
					return "", err
				}
			} else {
				done++
			}
			answer.Results = append(answer.Results, result)
			answer.Bodies = append(answer.Bodies, body)
		}
		return share(done, len(q.Messages)), nil
	})
}

// SignalDecrypt decrypts a message.
func (s *Service) SignalDecrypt(ctx context.Context, caller Caller, q *SignalDecryptRequest) (*SignalOpened, error) {
	return change(ctx, s, caller, func(a *session.Account, answer *SignalOpened) (string, error) {
		opened, err := a.Decrypt(ctx, q.address(), message.Type(q.Type), q.Body)
		if err != nil {
			return "", err
		}
		*answer = SignalOpened{
			NewSession: opened.NewSession, IdentityChanged: opened.IdentityChanged,
			PreKeyUsed: int64(opened.PreKeyUsed), Retry: retryAnswer(opened.Retry), Plaintext: opened.Plaintext,
		}
		return byteCount(opened.Plaintext), nil
	})
}

// SignalDecryptBatch decrypts messages in one commit.
func (s *Service) SignalDecryptBatch(ctx context.Context, caller Caller, q *SignalDecryptBatchRequest) (*SignalOpenedBatch, error) {
	return change(ctx, s, caller, func(a *session.Account, answer *SignalOpenedBatch) (string, error) {
		done := 0
		for i := range q.Messages {
			incoming := &q.Messages[i]
			opened, err := a.Decrypt(ctx, incoming.address(), message.Type(incoming.Type), q.Bodies[i])
			result, plaintext := SignalOpenedResult{
				NewSession: opened.NewSession, IdentityChanged: opened.IdentityChanged,
				PreKeyUsed: int64(opened.PreKeyUsed), Retry: retryAnswer(opened.Retry),
			}, opened.Plaintext
			if err != nil {
				result, plaintext = SignalOpenedResult{}, nil
				if result.Code, err = singleCode(err); err != nil {
					return "", err
				}
			} else {
				done++
			}
			answer.Results = append(answer.Results, result)
			answer.Plaintexts = append(answer.Plaintexts, plaintext)
		}
		return share(done, len(q.Messages)), nil
	})
}

// share is the log's word for how many of a batch succeeded.
func share(done, of int) string { return strconv.Itoa(done) + "-of-" + strconv.Itoa(of) }

// SignalRetry makes the request to send a message again.
func (s *Service) SignalRetry(ctx context.Context, caller Caller, q *SignalRetryRequest) (*SignalSealed, error) {
	return change(ctx, s, caller, func(a *session.Account, answer *SignalSealed) (string, error) {
		sealed, err := a.RetryRequest(ctx, q.address(), message.Type(q.Type), q.Body, uint64(q.Timestamp))
		*answer = sealedAnswer(sealed)
		return "", err
	})
}
