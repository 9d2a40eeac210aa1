// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"errors"
	"strconv"
)

// Call decodes params, gets the consent that the table demands, runs the
// method by h and returns the canonical JSON text of the response, or why there
// is none. It is the only way to a method, so what runs is the very message
// that consent was given to. It knows nothing of the channel: what came too
// often or too large a Session has refused before. id is that of the request.
func Call(ctx context.Context, h Handler, caller Caller, id int64, name, params string) (string, *Error) {
	method := find(name)
	if method == nil {
		return "", &Error{Code: UnknownMethod, Message: "this enclave has no method of that name"}
	}
	request := method.request()
	if err := Decode(params, request); err != nil {
		return "", &Error{Code: InvalidParams, Message: method.Name + ": " + err.Error()}
	}
	caller.method, caller.request = method.Name, strconv.FormatInt(id, 10)
	if err := h.Consent(ctx, caller, *method, request); err != nil {
		return "", method.refusal(err)
	}
	response, err := method.call(ctx, h, caller, request)
	if err != nil {
		return "", method.refusal(err)
	}
	result, err := Encode(response)
	if err != nil {
		return "", internal(method.Name + ": response: " + err.Error())
	}
	return result, nil
}

func find(name string) *Method {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}

// refusal turns a handler's error into one that the table allows. Of any other
// error not even the text goes out: it may say what it should not.
func (m *Method) refusal(err error) *Error {
	var refused *Error
	if !errors.As(err, &refused) {
		return internal(m.Name + " failed inside the enclave")
	}
	if !m.mayEndWith(refused.Code) {
		return internal(m.Name + " ended with " + string(refused.Code) + ", which its row in the table does not list")
	}
	return refused
}

func internal(message string) *Error { return &Error{Code: Internal, Message: message} }
