// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/signal/attachment"
	"ats.run/kms-enclave/kmslib/signal/safetynumber"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/vault"
)

// signalRefusals are the codes of what Signal's protocol refuses. The texts are
// ours: an error may have a cause, whose text is not for the app. The first that
// fits counts.
var signalRefusals = [...]struct {
	err  error
	code Code
	text string
}{
	{session.ErrNoIdentity, NoIdentity, "there is no identity; call signal.identity.create"},
	{session.ErrExists, AlreadyExists, "there is an identity already; use it, or call signal.identity.delete"},
	{session.ErrNoSession, NoSession, "there is no session with this device; call signal.session.start"},
	{session.ErrIdentityChanged, IdentityChanged, "the contact's identity key changed; let people compare safety numbers, then call signal.trust.accept"},
	{session.ErrKeyMismatch, IdentityChanged, "that is not the contact's identity key; read it with signal.trust.get"},
	{session.ErrDuplicate, DuplicateMessage, "the message was decrypted before, and its keys are erased"},
	{session.ErrTooFar, MessageTooFarAhead, "the message skips more messages than may be missing; nothing was changed"},
	{session.ErrPreKeyGone, PreKeyGone, "the message names a prekey that is not here; send what signal.retry returns"},
	{session.ErrNoGroup, UnknownGroup, "there is no key of this group and sender; process a distribution message first, or call signal.group.create"},
	{session.ErrStale, SessionStale, "the device has not answered for too long; call signal.session.start with a new bundle"},
	{session.ErrBundle, InvalidBundle, "a signature of the bundle is wrong; nothing was changed"},
	{session.ErrUnsupported, UnsupportedMessage, "that is of a protocol version that the identity does not accept; nothing was changed"},
	{session.ErrAuthentication, MessageNotAuthentic, "the message is not authentic, or its session is gone; nothing was changed"},
	{session.ErrSyntax, MessageMalformed, "the message is malformed; nothing was changed"},
	{vault.ErrUnknownStream, UnknownStream, "there is no such stream; it was ended, or the vault was locked"},
	{session.ErrLimit, TooLarge, "there are too many of these already; nothing was changed"},
	{session.ErrNotFound, UnknownContact, "no identity key of this contact was seen yet"},
	{safetynumber.ErrSyntax, InvalidParams, "body: that is no code of a safety number"},
	{attachment.ErrKey, InvalidParams, "body: expected a key of 32 bytes"},
	{attachment.ErrAuthentication, MessageNotAuthentic, "the file was altered, or is under another key; the stream has ended"},
	{attachment.ErrTruncated, MessageMalformed, "the file ends too early; the stream has ended"},
	{attachment.ErrTooLarge, TooLarge, "the file is longer than 100 MiB, or this piece than 1 MiB"},
	{attachment.ErrClosed, UnknownStream, "the stream has ended"},
}

// signalRefusal translates what Signal's protocol refuses, or returns nil for
// other errors.
func signalRefusal(err error) *Error {
	if input, ok := errors.AsType[*session.InputError](err); ok {
		return &Error{Code: InvalidParams, Message: input.Error()}
	}
	if state, ok := errors.AsType[*session.StateError](err); ok {
		return &Error{Code: StorageUnavailable, Message: state.Error()}
	}
	if limit, ok := errors.AsType[*vault.LimitError](err); ok {
		return &Error{Code: TooLarge, Message: limit.Error()}
	}
	for _, r := range signalRefusals {
		if errors.Is(err, r.err) {
			return &Error{Code: r.code, Message: r.text}
		}
	}
	return nil
}

// singleCodes are those with which one message of a batch can fail alone.
func singleCodes() []string {
	return []string{
		string(NoSession), string(IdentityChanged), string(SessionStale), string(DuplicateMessage), string(MessageTooFarAhead),
		string(MessageNotAuthentic), string(MessageMalformed), string(UnsupportedMessage), string(PreKeyGone),
		string(InvalidParams), string(TooLarge), string(StorageUnavailable),
	}
}

// singleCode returns the code with which one message of a batch fails, or the
// error if the whole batch does: nothing else could be done either.
func singleCode(err error) (string, error) {
	refused := signalRefusal(err)
	if refused == nil || !slices.Contains(singleCodes(), string(refused.Code)) {
		return "", err
	}
	return string(refused.Code), nil
}
