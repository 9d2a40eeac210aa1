// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

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
	Vault       *vault.Vault
	Environment Environment
}

var _ Handler = Service{}

// Hello refuses any other version of the protocol. It answers the nonce, which
// shows the app that the answer is to its own hello.
func (s Service) Hello(_ context.Context, caller Caller, q *HelloRequest) (*HelloResponse, error) {
	if q.Protocol != Protocol {
		return nil, &Error{Code: UnsupportedProtocol, Message: "this enclave speaks protocol 1"}
	}
	return &HelloResponse{
		Protocol:   Protocol,
		Nonce:      q.Nonce,
		Release:    caller.Release,
		Storage:    s.Environment.Storage(),
		Algorithms: s.Environment.Algorithms(),
	}, nil
}

// Status says what the enclave is and what it found.
func (s Service) Status(_ context.Context, caller Caller, _ *StatusRequest) (*StatusResponse, error) {
	return &StatusResponse{
		Release:    caller.Release,
		Protocol:   Protocol,
		Storage:    s.Environment.Storage(),
		Partition:  caller.Partition,
		Algorithms: s.Environment.Algorithms(),
	}, nil
}

// VAPIDGenerate makes a key of the asking origin.
func (s Service) VAPIDGenerate(ctx context.Context, caller Caller, _ *VAPIDGenerateRequest) (*VAPIDKeyResponse, error) {
	key, err := s.Vault.VAPIDGenerate(ctx, caller.Origin)
	if err != nil {
		return nil, refusalOf(err)
	}
	return &VAPIDKeyResponse{KID: key.KID, PublicKey: key.PublicKey}, nil
}

// VAPIDPublicKey returns the public side of a key of the asking origin.
func (s Service) VAPIDPublicKey(ctx context.Context, caller Caller, q *VAPIDKeyRequest) (*VAPIDKeyResponse, error) {
	key, err := s.Vault.VAPIDPublicKey(ctx, caller.Origin, q.KID)
	if err != nil {
		return nil, refusalOf(err)
	}
	return &VAPIDKeyResponse{KID: key.KID, PublicKey: key.PublicKey}, nil
}

// VAPIDSign signs a token with a key of the asking origin.
func (s Service) VAPIDSign(ctx context.Context, caller Caller, q *VAPIDSignRequest) (*VAPIDSignResponse, error) {
	token, err := s.Vault.VAPIDSign(ctx, caller.Origin, vault.VAPIDRequest{
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
func (s Service) VAPIDDelete(ctx context.Context, caller Caller, q *VAPIDKeyRequest) (*VAPIDDeleteResponse, error) {
	if err := s.Vault.VAPIDDelete(ctx, caller.Origin, q.KID); err != nil {
		return nil, refusalOf(err)
	}
	return &VAPIDDeleteResponse{}, nil
}
