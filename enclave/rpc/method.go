// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"slices"
)

// Consent says what a person must have done before a method runs.
type Consent string

// The consent classes, from the least to the most.
const (
	ConsentNone     Consent = "none"     // nothing
	ConsentUnlocked Consent = "unlocked" // unlocked the vault
	ConsentConfirm  Consent = "confirm"  // confirmed this very request
)

// Method is one row of the table.
type Method struct {
	Name     string
	Doc      string
	Consent  Consent
	Ceremony bool   // what the method does is to speak with the person
	Public   bool   // it uses nothing of the vault: no rule can make it stricter
	Errors   []Code // besides those that Codes marks as common

	request, response func() Message
	call              func(context.Context, Handler, Caller, Message) (Message, error)
}

// Request returns a new, empty request of the method.
func (m Method) Request() Message { return m.request() }

// Response returns a new, empty response of the method.
func (m Method) Response() Message { return m.response() }

// Asks reports whether the answer to every call waits for the person.
func (m Method) Asks() bool { return m.Ceremony || m.Consent == ConsentConfirm }

// MayAsk reports whether an answer can wait for the person: always, or because
// the person made a stricter rule for the asking origin.
func (m Method) MayAsk() bool { return m.Ceremony || m.Ruled() }

// Ruled reports whether the table and the person's rules decide on each call.
func (m Method) Ruled() bool { return !m.Ceremony && !m.Public }

// Caller is who asks: facts of the connection, never of a request, and what
// Call adds.
type Caller struct {
	Origin    string // of the embedding page, as the browser gave it
	Release   string // digest of the release that the frame verified
	Partition string // one of the Partition constants

	method  string // name of the method that is called
	request string // id of the request, in decimal
}

// Handler does what the table promises. Its errors are *Error, or are
// answered as Internal.
type Handler interface {
	// Consent returns nil if the request may run now: what the row of the method
	// and the person's rules for the caller demand was done, for this very
	// request. It is called once before each request and may wait for the person.
	Consent(ctx context.Context, caller Caller, m Method, request Message) error

	Hello(context.Context, Caller, *HelloRequest) (*HelloResponse, error)
	Status(context.Context, Caller, *StatusRequest) (*StatusResponse, error)
	VAPIDGenerate(context.Context, Caller, *VAPIDGenerateRequest) (*VAPIDKeyResponse, error)
	VAPIDPublicKey(context.Context, Caller, *VAPIDKeyRequest) (*VAPIDKeyResponse, error)
	VAPIDSign(context.Context, Caller, *VAPIDSignRequest) (*VAPIDSignResponse, error)
	VAPIDDelete(context.Context, Caller, *VAPIDKeyRequest) (*VAPIDDeleteResponse, error)
	VAPIDList(context.Context, Caller, *VAPIDListRequest) (*VAPIDListResponse, error)
	VaultSetup(context.Context, Caller, *VaultSetupRequest) (*SessionResponse, error)
	VaultUnlock(context.Context, Caller, *VaultUnlockRequest) (*SessionResponse, error)
	VaultLock(context.Context, Caller, *VaultLockRequest) (*VaultLockResponse, error)
	VaultManage(context.Context, Caller, *VaultManageRequest) (*VaultManageResponse, error)
	AuditList(context.Context, Caller, *AuditListRequest) (*AuditListResponse, error)
	AuditExport(context.Context, Caller, *AuditExportRequest) (*AuditExportResponse, error)
	AuditCheckpoint(context.Context, Caller, *AuditCheckpointRequest) (*CheckpointMessage, error)
	AuditProve(context.Context, Caller, *AuditProveRequest) (*AuditProveResponse, error)
	AuditPrune(context.Context, Caller, *AuditPruneRequest) (*AuditPruneResponse, error)

	SignalHandler
}

// HelloMethod is the method that opens a connection. It comes in the frame's
// message, never in a request on a port.
const HelloMethod = "hello"

// Methods returns the table.
func Methods() []Method { return slices.Clone(table) }

// messagePointer is a pointer to a struct that is a Message.
type messagePointer[T any] interface {
	*T
	Message
}

// bind adds to a row the messages and the handler's method, which the
// compiler then holds to each other.
func bind[Q, A any, PQ messagePointer[Q], PA messagePointer[A]](
	m Method, handle func(Handler, context.Context, Caller, PQ) (PA, error),
) Method {
	m.Errors = append(slices.Clone(m.Errors), m.impliedErrors()...)
	m.request = func() Message { return PQ(new(Q)) }
	m.response = func() Message { return PA(new(A)) }
	m.call = func(ctx context.Context, h Handler, caller Caller, q Message) (Message, error) {
		answer, err := handle(h, ctx, caller, q.(PQ))
		if err != nil {
			return nil, err
		}
		return answer, nil
	}
	return m
}

// impliedErrors returns the codes that follow from the other columns and that
// the row need not list: being let in, and an entry of the audit log, which
// every use of the vault writes.
func (m *Method) impliedErrors() []Code {
	var implied []Code
	if m.Ruled() {
		implied = append(implied, NotSetUp, Locked, Denied)
	}
	if m.MayAsk() {
		implied = append(implied, Cancelled, CeremonyBlocked, StorageUnavailable, StorageQuota, StorageNoKeys, NotSupported)
	}
	return slices.DeleteFunc(implied, func(code Code) bool { return slices.Contains(m.Errors, code) })
}

// mayEndWith reports whether the table lets the method end with code.
func (m *Method) mayEndWith(code Code) bool {
	return code.common() || slices.Contains(m.Errors, code)
}
