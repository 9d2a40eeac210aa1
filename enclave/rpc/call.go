// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"errors"
	"strconv"
)

// Request is a request that a Session has let in.
type Request struct {
	ID     int64
	Method string
	Params string   // JSON text
	Bodies [][]byte // Call clears them
}

// Answer is the result of a request.
type Answer struct {
	Result string   // canonical JSON text
	Bodies [][]byte // for the caller to clear once they are sent
}

// Call decodes a request, gets the consent that the table demands, runs the
// method by h and returns its response, or why there is none. It is the only
// way to a method, so what runs is the very message that consent was given to.
// It knows nothing of the channel: what came too often or too large a Session
// has refused before. Bodies that came are cleared in any case.
func Call(ctx context.Context, h Handler, caller Caller, q Request) (Answer, *Error) {
	defer clearAll(q.Bodies)
	method := find(q.Method)
	if method == nil {
		return Answer{}, &Error{Code: UnknownMethod, Message: "this enclave has no method of that name"}
	}
	request := method.request()
	err := Decode(q.Params, request)
	if err == nil {
		err = fill(request, q.Bodies)
	}
	if err != nil {
		return Answer{}, &Error{Code: InvalidParams, Message: method.Name + ": " + err.Error()}
	}
	caller.method, caller.request = method.Name, strconv.FormatInt(q.ID, 10)
	if err := h.Consent(ctx, caller, *method, request); err != nil {
		return Answer{}, method.refusal(err)
	}
	response, err := method.call(ctx, h, caller, request)
	if err != nil {
		return Answer{}, method.refusal(err)
	}
	answer, err := encodeAnswer(response)
	if err != nil {
		return Answer{}, internal(method.Name + ": response: " + err.Error())
	}
	return answer, nil
}

func encodeAnswer(response Message) (Answer, error) {
	result, err := Encode(response)
	if err != nil {
		return Answer{}, err
	}
	bodies, err := take(response)
	return Answer{Result: result, Bodies: bodies}, err
}

func clearAll(bodies [][]byte) {
	for _, b := range bodies {
		clear(b)
	}
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
