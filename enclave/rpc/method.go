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
	Name    string
	Doc     string
	Consent Consent
	Errors  []Code // besides those that Codes marks as common

	request, response func() Message
	call              func(context.Context, Handler, Caller, Message) (Message, error)
}

// Request returns a new, empty request of the method.
func (m Method) Request() Message { return m.request() }

// Response returns a new, empty response of the method.
func (m Method) Response() Message { return m.response() }

// Caller is who asks: facts of the connection, never of a request.
type Caller struct {
	Origin    string // of the embedding page, as the browser gave it
	Release   string // digest of the release that the frame verified
	Partition string // one of the Partition constants
}

// Handler does what the table promises. Its errors are *Error, or are
// answered as Internal.
type Handler interface {
	Hello(context.Context, Caller, *HelloRequest) (*HelloResponse, error)
	Status(context.Context, Caller, *StatusRequest) (*StatusResponse, error)
	VAPIDGenerate(context.Context, Caller, *VAPIDGenerateRequest) (*VAPIDKeyResponse, error)
	VAPIDPublicKey(context.Context, Caller, *VAPIDKeyRequest) (*VAPIDKeyResponse, error)
	VAPIDSign(context.Context, Caller, *VAPIDSignRequest) (*VAPIDSignResponse, error)
	VAPIDDelete(context.Context, Caller, *VAPIDKeyRequest) (*VAPIDDeleteResponse, error)
}

// HelloMethod is the method that opens a connection. It comes in the frame's
// message, never in a request on a port.
const HelloMethod = "hello"

var table = [...]Method{
	bind(Method{
		Name:    HelloMethod,
		Doc:     "Opens the connection. Sent to the enclave's window with a port, not on the port.",
		Consent: ConsentNone,
		Errors:  []Code{UnsupportedProtocol, OriginNotAllowed, IntegrityFailed, NotSupported},
	}, Handler.Hello),
	bind(Method{
		Name:    "status",
		Doc:     "Says what the enclave is and what it found in this browser.",
		Consent: ConsentNone,
	}, Handler.Status),
	bind(Method{
		Name:    "vapid.generate",
		Doc:     "Makes a VAPID key pair of the asking origin. The private key never leaves the enclave.",
		Consent: ConsentNone,
		Errors:  []Code{StorageUnavailable, StorageQuota, NotSupported},
	}, Handler.VAPIDGenerate),
	bind(Method{
		Name:    "vapid.publicKey",
		Doc:     "Returns the public key of a VAPID key pair.",
		Consent: ConsentNone,
		Errors:  []Code{UnknownKey, StorageUnavailable},
	}, Handler.VAPIDPublicKey),
	bind(Method{
		Name:    "vapid.sign",
		Doc:     "Signs a VAPID token, with which a push service accepts messages (RFC 8292).",
		Consent: ConsentNone,
		Errors:  []Code{UnknownKey, StorageUnavailable, NotSupported},
	}, Handler.VAPIDSign),
	bind(Method{
		Name:    "vapid.delete",
		Doc:     "Deletes a VAPID key pair for good. Subscriptions made with it no longer work.",
		Consent: ConsentNone,
		Errors:  []Code{UnknownKey, StorageUnavailable, StorageQuota},
	}, Handler.VAPIDDelete),
}

// Methods returns the table.
func Methods() []Method { return slices.Clone(table[:]) }

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

// mayEndWith reports whether the table lets the method end with code.
func (m *Method) mayEndWith(code Code) bool {
	return code.common() || slices.Contains(m.Errors, code)
}
