// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpcgen

import "strings"

// writeChannel writes the messages around requests and responses. They have
// JavaScript types that no method's messages have, so package rpc specifies
// them in its comment and reads them in a Session, and their types are spelled
// out here.
func writeChannel(w *writer) {
	w.line(strings.TrimSuffix(channelTypes, "\n"))
}

const channelTypes = `
/** Bytes of a request. The client library copies them, so they may be changed once the call has begun. */
export type Bytes = Uint8Array | ArrayBuffer;

/** What the app posts, with one port, to the enclave's window at the enclave's exact origin. */
export interface HelloMessage extends HelloRequest {
  readonly kms: "hello";
}

/** What the app posts on the port. */
export interface RequestMessage {
  /** An integer from 1, greater than every id before it on this port. */
  readonly id: number;
  readonly method: Method;
  /** JSON text of the request. */
  readonly params: string;
  readonly bodies?: readonly ArrayBuffer[];
}

/** What the enclave posts on the port. The answer to hello has id 0; -1 answers a message without a usable id. */
export type AnswerMessage =
  | { readonly id: number; readonly result: string; readonly bodies?: readonly ArrayBuffer[] }
  | { readonly id: number; readonly error: ErrorMessage };

/** What the enclave posts on the port without being asked. */
export interface EventMessage {
  readonly event: EventName;
  /** JSON text of what the event carries. */
  readonly data: string;
}

/** A refusal. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  /** For developers, in English; may change. */
  readonly message: string;
  /** Milliseconds to wait before trying again. */
  readonly retryAfter?: number;
}
`
