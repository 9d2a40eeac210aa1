// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package rpc is the one table of what an app may ask of the enclave, and the
// rules of the channel on which it asks.
//
// The table (Methods) gives each method its name, its request and response,
// its consent class and the error codes it can end with. From the table come
// the strict decoder and the encoder here, the TypeScript types of sdk/api.ts
// and the reference page docs/api.md (package rpcgen): nothing is written
// twice. What a method does is behind the interface Handler; what a browser is,
// this package does not know.
//
// # Channel protocol 1
//
// The app offers one end of a MessageChannel to the enclave's window, at the
// enclave's exact origin:
//
//	{kms: "hello", protocol: 1, nonce: string} and one port
//
// The members of hello are those of the request of the method "hello". The
// answer comes on the port, and only once the enclave is usable. All later
// messages are on the port too:
//
//	request  {id: number, method: string, params: string, bodies?: ArrayBuffer[]}
//	answer   {id: number, result: string, bodies?: ArrayBuffer[]}
//	         {id: number, error: {code: string, message: string, retryAfter?: number}}
//
// params and result are texts of JSON objects as package wire reads them:
// integers only, no name twice, every member known. Results are canonical.
// retryAfter is in milliseconds. code is one of Codes; message is for
// developers, in English, and may change.
//
// The id of a request is an integer from 1 to 2^53-1 and greater than every id
// before it on this port, also of refused requests. Answers carry the id of
// their request and come in any order. An answer to hello has id 0; an answer
// to a message without a usable id has id -1.
//
// # What is refused
//
// A refused message changes nothing but the last id and the flow limits.
//
//   - invalid_message: other members, members of another type, no usable id
//   - duplicate_id: an id that is not greater than the last one
//   - too_large: params over MaxParamsUnits, over MaxBodies bodies
//   - busy: over MaxInFlight unanswered requests, or messages of any sort
//     faster than Rate per second after a burst of Burst
//   - unknown_method, invalid_params: not as the table says
//   - already_connected: a second hello
//
// # Example
//
// A request and its answer, after hello:
//
//	{id: 1, method: "vapid.publicKey",
//	 params: '{"kid":"oZtIWLT-Ox4gE4Y_sVQ4I2xNpFyXcKEgZqkwEVlhnqg"}'}
//	{id: 1, error: {code: "unknown_key", message: "no key with this kid belongs to the asking origin"}}
package rpc
