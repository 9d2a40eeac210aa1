// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
)

// none is the params, or the result, of a method that has none.
type none struct{}

type address struct {
	Name   string `json:"name"`
	Device uint32 `json:"device"`
}

type peerParams struct {
	Peer address `json:"peer"`
}

type envelope struct {
	Type           uint8  `json:"type"`
	Body           []byte `json:"body"`
	RegistrationID uint32 `json:"registrationId"`
}

func envelopeOf(e session.Envelope) envelope {
	return envelope{uint8(e.Type), e.Body, e.RegistrationID}
}

type sessionInfo struct {
	Peer           address `json:"peer"`
	ID             string  `json:"id"`
	Active         bool    `json:"active"`
	Acknowledged   bool    `json:"acknowledged"`
	Version        uint8   `json:"version"`
	PostQuantum    bool    `json:"postQuantum"`
	Epoch          uint64  `json:"epoch"`
	RegistrationID uint32  `json:"registrationId"`
	Archived       int     `json:"archived"`
}

func sessionInfoOf(i session.SessionInfo) sessionInfo {
	return sessionInfo{
		address(i.Peer), i.ID, i.Active, i.Acknowledged, i.Version, i.PostQuantum, i.Epoch, i.RegistrationID, i.Archived,
	}
}

type startParams struct {
	Peer   address `json:"peer"`
	Bundle bundle  `json:"bundle"`
}

func start(ctx context.Context, a *session.Account, p startParams) (sessionInfo, error) {
	b, err := p.Bundle.parse()
	if err != nil {
		return sessionInfo{}, err
	}
	info, err := a.StartSession(ctx, session.Address(p.Peer), b)
	return sessionInfoOf(info), err
}

func sessions(ctx context.Context, a *session.Account, _ none) ([]sessionInfo, error) {
	found, err := a.Sessions(ctx)
	list := make([]sessionInfo, len(found))
	for i, info := range found {
		list[i] = sessionInfoOf(info)
	}
	return list, err
}

func closeSession(ctx context.Context, a *session.Account, p peerParams) (none, error) {
	return none{}, a.CloseSession(ctx, session.Address(p.Peer))
}

func archive(ctx context.Context, a *session.Account, p peerParams) (none, error) {
	return none{}, a.ArchiveSession(ctx, session.Address(p.Peer))
}

type encryptParams struct {
	Peer      address `json:"peer"`
	Plaintext []byte  `json:"plaintext"`
}

func encrypt(ctx context.Context, a *session.Account, p encryptParams) (envelope, error) {
	e, err := a.Encrypt(ctx, session.Address(p.Peer), p.Plaintext)
	return envelopeOf(e), err
}

type decryptParams struct {
	Peer address `json:"peer"`
	Type uint8   `json:"type"`
	Body []byte  `json:"body"`
}

type retryInfo struct {
	Timestamp uint64 `json:"timestamp"`
	Stale     bool   `json:"stale"`
}

type opened struct {
	Plaintext       []byte     `json:"plaintext"`
	Type            uint8      `json:"type"`
	NewSession      bool       `json:"newSession"`
	IdentityChanged bool       `json:"identityChanged"`
	PreKeyUsed      uint32     `json:"preKeyUsed"`
	Retry           *retryInfo `json:"retry,omitempty"`
}

func decrypt(ctx context.Context, a *session.Account, p decryptParams) (opened, error) {
	o, err := a.Decrypt(ctx, session.Address(p.Peer), message.Type(p.Type), p.Body)
	if err != nil {
		return opened{}, err
	}
	result := opened{
		Plaintext: o.Plaintext, Type: uint8(o.Type), NewSession: o.NewSession,
		IdentityChanged: o.IdentityChanged, PreKeyUsed: o.PreKeyUsed,
	}
	if o.Retry != nil {
		result.Retry = &retryInfo{o.Retry.Timestamp, o.Retry.Stale}
	}
	return result, nil
}

type retryParams struct {
	Peer      address `json:"peer"`
	Type      uint8   `json:"type"`
	Body      []byte  `json:"body"`
	Timestamp uint64  `json:"timestamp"`
}

func retry(ctx context.Context, a *session.Account, p retryParams) (envelope, error) {
	e, err := a.RetryRequest(ctx, session.Address(p.Peer), message.Type(p.Type), p.Body, p.Timestamp)
	return envelopeOf(e), err
}

type groupParams struct {
	Group     []byte `json:"group"` // 16 bytes
	Plaintext []byte `json:"plaintext"`
}

func (p groupParams) id() ([16]byte, error) {
	if len(p.Group) != 16 {
		return [16]byte{}, fmt.Errorf("a group's id has 16 bytes, not %d", len(p.Group))
	}
	return [16]byte(p.Group), nil
}

type body struct {
	Body []byte `json:"body"`
}

func createGroup(ctx context.Context, a *session.Account, p groupParams) (body, error) {
	id, err := p.id()
	if err != nil {
		return body{}, err
	}
	b, err := a.CreateGroup(ctx, id)
	return body{b}, err
}

func rotateGroup(ctx context.Context, a *session.Account, p groupParams) (body, error) {
	id, err := p.id()
	if err != nil {
		return body{}, err
	}
	b, err := a.RotateGroup(ctx, id)
	return body{b}, err
}

func encryptGroup(ctx context.Context, a *session.Account, p groupParams) (body, error) {
	id, err := p.id()
	if err != nil {
		return body{}, err
	}
	b, err := a.EncryptGroup(ctx, id, p.Plaintext)
	return body{b}, err
}

type fromParams struct {
	Peer address `json:"peer"`
	Body []byte  `json:"body"`
}

type groupMessage struct {
	Group     []byte `json:"group"`
	Plaintext []byte `json:"plaintext"`
}

func processDistribution(ctx context.Context, a *session.Account, p fromParams) (groupMessage, error) {
	id, err := a.ProcessDistribution(ctx, session.Address(p.Peer), p.Body)
	return groupMessage{Group: id[:]}, err
}

func decryptGroup(ctx context.Context, a *session.Account, p fromParams) (groupMessage, error) {
	id, plaintext, err := a.DecryptGroup(ctx, session.Address(p.Peer), p.Body)
	return groupMessage{id[:], plaintext}, err
}
