// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package rpc is the one table of what an app may ask of the enclave, and the
// rules of the channel on which it asks.
//
// The table (Methods) gives each method its name, its request and response,
// its consent class and the error codes it can end with; a second one (Events)
// has what the enclave tells without being asked. From the tables come the
// strict decoder and the encoder here, the TypeScript types of sdk/api.ts and
// the reference page docs/api.md (package rpcgen): nothing is written twice.
// What a method does is behind the interface Handler; what a browser is, this
// package does not know. Service is the Handler over a vault.
//
// # Consent
//
// Call is the only way to a method, and asks Handler.Consent between decoding
// and running. What the person is shown of a request is made of the decoded
// message, and that message is what runs. A rule that the person made for the
// asking origin can only make the class of the table stricter. No message has
// room for a passphrase, the words of a recovery key, or what a passkey answers:
// those are given to the enclave's own document, as package ceremony says.
//
// # Channel protocol 2
//
// The app offers one end of a MessageChannel to the enclave's window, at the
// enclave's exact origin:
//
//	{kms: "hello", protocol: 2, nonce: string} and one port
//
// The members of hello are those of the request of the method "hello". The
// answer comes on the port, and only once the enclave is usable. All later
// messages are on the port too:
//
//	request  {id: number, method: string, params: string, bodies?: ArrayBuffer[]}
//	answer   {id: number, result: string, bodies?: ArrayBuffer[]}
//	         {id: number, error: {code: string, message: string, retryAfter?: number}}
//	event    {event: string, data: string}
//
// Protocol 1 had no events and none of the methods vault.* and audit.*. The first
// releases of protocol 2 had no method with bodies.
//
// params and result are texts of JSON objects as package wire reads them:
// integers only, no name twice, every member known. Results are canonical, and
// so is data, the text of what the event carries. Events come after the answer
// to hello, in the order in which they happened. retryAfter is in milliseconds.
// code is one of Codes; message is for developers, in English, and may change.
//
// # Bodies
//
// bodies are the bytes of a message that has some: plaintexts, ciphertexts,
// pieces of files. How many there are, and of which sizes, its method says: none,
// one, or one for each element of a list among the members, in its order.
// Without any, the member bodies may be left out. They are ArrayBuffers, not
// views of them and no shared memory, and are to be transferred, as those of
// answers are: then only one side has them. The enclave copies what it lets in
// and wipes the rest; after the answer it has neither.
//
// The id of a request is an integer from 1 to 2^53-1 and greater than every id
// before it on this port, also of refused requests and over a change of the
// worker behind the port, which locking the vault is. Answers carry the id of
// their request and come in any order. An answer to hello has id 0; an answer
// to a message without a usable id has id -1.
//
// # What is refused
//
// A refused message changes nothing but the last id and the flow limits.
//
//   - invalid_message: other members, members of another type, no usable id
//   - duplicate_id: an id that is not greater than the last one
//   - too_large: params over MaxParamsUnits, over MaxBodies bodies, one over
//     MaxBodyBytes, all of one request over MaxBodiesBytes
//   - busy: over MaxInFlight unanswered requests, with bodies of over
//     MaxInFlightBytes, or messages of any sort faster than Rate per second after
//     a burst of Burst
//   - unknown_method, invalid_params: not as the table says, also in the number
//     and sizes of bodies
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
