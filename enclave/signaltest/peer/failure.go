// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"ats.run/kms-enclave/kmslib/signal/session"
)

// failure is an error as the tests see it, with the code that the enclave's
// methods have for it.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

var codes = []struct {
	err  error
	code string
}{
	{session.ErrExists, "already_exists"},
	{session.ErrNoIdentity, "no_identity"},
	{session.ErrNoSession, "no_session"},
	{session.ErrNoGroup, "unknown_group"},
	{session.ErrIdentityChanged, "identity_changed"},
	{session.ErrKeyMismatch, "key_mismatch"},
	{session.ErrDuplicate, "duplicate_message"},
	{session.ErrTooFar, "message_too_far_ahead"},
	{session.ErrUnsupported, "unsupported_message"},
	{session.ErrPreKeyGone, "prekey_gone"},
	{session.ErrBundle, "invalid_bundle"},
	{session.ErrAuthentication, "message_not_authentic"},
	{session.ErrSyntax, "message_malformed"},
	{session.ErrStale, "session_stale"},
	{session.ErrLimit, "too_many"},
	{session.ErrNotFound, "not_found"},
}

func failureOf(err error) *failure {
	f := &failure{Code: "internal", Message: err.Error()}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			f.Code = c.code
			return f
		}
	}
	var input *session.InputError
	if errors.As(err, &input) {
		f.Code = "invalid_params"
	}
	return f
}
