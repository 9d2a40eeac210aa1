// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"strconv"
	"sync/atomic"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/vault"
)

// Environment is what was found of the browser.
type Environment interface {
	// Storage returns one of the Storage constants. It can change while the
	// enclave runs.
	Storage() string

	// Algorithms returns the JOSE names of what was tried and worked.
	Algorithms() []string
}

// Service is the Handler over a vault.
type Service struct {
	vault       *vault.Vault
	ceremonies  *ceremony.Ceremonies
	environment Environment
	damaged     atomic.Int64 // how many records cannot be read, plus 1; 0: not counted
}

var _ Handler = (*Service)(nil)

// NewService returns a Service. The ceremonies are those of the vault.
func NewService(v *vault.Vault, ceremonies *ceremony.Ceremonies, environment Environment) *Service {
	return &Service{vault: v, ceremonies: ceremonies, environment: environment}
}

// asker returns the caller as the vault knows it.
func (c Caller) asker() vault.Asker {
	return vault.Asker{Origin: c.Origin, Method: c.method, Request: c.request}
}

// Hello refuses any other version of the protocol. It answers the nonce, which
// shows the app that the answer is to its own hello.
func (s *Service) Hello(_ context.Context, caller Caller, q *HelloRequest) (*HelloResponse, error) {
	if q.Protocol != Protocol {
		return nil, &Error{Code: UnsupportedProtocol, Message: "this enclave speaks protocol " + strconv.Itoa(Protocol)}
	}
	return &HelloResponse{
		Protocol:   Protocol,
		Nonce:      q.Nonce,
		Release:    caller.Release,
		Storage:    s.environment.Storage(),
		Algorithms: s.environment.Algorithms(),
	}, nil
}

// Status says what the enclave is, what it found, and how the vault is for the
// asking origin. It answers also where nothing can be stored.
func (s *Service) Status(ctx context.Context, caller Caller, _ *StatusRequest) (*StatusResponse, error) {
	state, damaged := s.state(ctx, caller)
	return &StatusResponse{
		Release:      caller.Release,
		Protocol:     Protocol,
		Storage:      s.environment.Storage(),
		Partition:    caller.Partition,
		Algorithms:   s.environment.Algorithms(),
		Damaged:      damaged,
		SessionState: state,
	}, nil
}

// state returns how the vault is for the caller, and how many records cannot
// be read. Those are counted once, and again after the vault changed its state:
// that reads everything but the log.
func (s *Service) state(ctx context.Context, caller Caller) (SessionState, int64) {
	unknown := SessionState{State: StateUnknown}
	if s.damaged.Load() == 0 {
		status, err := s.vault.Status(ctx)
		if err != nil {
			return unknown, 0
		}
		s.damaged.Store(1 + int64(len(status.Damaged)))
	}
	state, users, err := s.vault.CheckState(ctx)
	if err != nil {
		return unknown, 0
	}
	session, _ := s.vault.Session()
	return stateFor(caller.Origin, state, users, session), max(0, s.damaged.Load()-1)
}

// VAPIDGenerate makes a key of the asking origin.
func (s *Service) VAPIDGenerate(ctx context.Context, caller Caller, _ *VAPIDGenerateRequest) (*VAPIDKeyResponse, error) {
	key, err := s.vault.VAPIDGenerate(ctx, caller.asker())
	if err != nil {
		return nil, refusalOf(err)
	}
	return &VAPIDKeyResponse{KID: key.KID, PublicKey: key.PublicKey}, nil
}

// VAPIDPublicKey returns the public side of a key of the asking origin.
func (s *Service) VAPIDPublicKey(ctx context.Context, caller Caller, q *VAPIDKeyRequest) (*VAPIDKeyResponse, error) {
	key, err := s.vault.VAPIDPublicKey(ctx, caller.asker(), q.KID)
	if err != nil {
		return nil, refusalOf(err)
	}
	return &VAPIDKeyResponse{KID: key.KID, PublicKey: key.PublicKey}, nil
}

// VAPIDSign signs a token with a key of the asking origin.
func (s *Service) VAPIDSign(ctx context.Context, caller Caller, q *VAPIDSignRequest) (*VAPIDSignResponse, error) {
	token, err := s.vault.VAPIDSign(ctx, caller.asker(), vault.VAPIDRequest{
		KID:      q.KID,
		Audience: q.Audience,
		Subject:  q.Subject,
		Expires:  q.Expires,
	})
	if err != nil {
		return nil, refusalOf(err)
	}
	return &VAPIDSignResponse{Token: token.Token, Expires: token.Expires, Authorization: token.Authorization}, nil
}

// VAPIDDelete deletes a key of the asking origin.
func (s *Service) VAPIDDelete(ctx context.Context, caller Caller, q *VAPIDKeyRequest) (*VAPIDDeleteResponse, error) {
	if err := s.vault.VAPIDDelete(ctx, caller.asker(), q.KID); err != nil {
		return nil, refusalOf(err)
	}
	return &VAPIDDeleteResponse{}, nil
}

// VAPIDList lists the keys of the asking origin.
func (s *Service) VAPIDList(ctx context.Context, caller Caller, _ *VAPIDListRequest) (*VAPIDListResponse, error) {
	keys, err := s.vault.VAPIDList(ctx, caller.asker())
	if err != nil {
		return nil, refusalOf(err)
	}
	response := &VAPIDListResponse{Keys: make([]VAPIDKeyInfo, len(keys))}
	for i, key := range keys {
		response.Keys[i] = VAPIDKeyInfo{KID: key.KID, PublicKey: key.PublicKey, Created: key.Created, Protection: string(key.Protection)}
	}
	return response, nil
}
