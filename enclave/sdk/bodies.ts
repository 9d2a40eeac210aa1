// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Bytes } from "./api.ts";
import { KmsError } from "./errors.ts";

/** What a request has beside its JSON: copies of the caller's bytes. */
interface Parts {
  readonly members: object;
  readonly bodies: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Parts the parameters of a call into the members, which go as JSON, and the bodies, which go as bytes: the
 * parameter `body`, or the list `bodies`.
 *
 * @throws {@link KmsError} `invalid_params` for what are no bytes, such as a text.
 */
export function split(params: object): Parts {
  const { body, bodies, ...members } = params as { body?: unknown; bodies?: unknown };
  const given = bodies === undefined ? (body === undefined ? [] : [body]) : bodies;
  if (!Array.isArray(given) || (body !== undefined && bodies !== undefined)) throw notBytes();
  return { members, bodies: Array.from(given, copy) };
}

/** A copy of bytes that nobody else has, also of shared memory and of a part of a buffer. */
function copy(bytes: unknown): Uint8Array<ArrayBuffer> {
  try {
    if (isA<ArrayBuffer>("ArrayBuffer", bytes)) return new Uint8Array(bytes.slice(0));
    if (isA<Uint8Array>("Uint8Array", bytes)) return new Uint8Array(bytes);
  } catch (cause) {
    throw notBytes(cause); // they were transferred elsewhere
  }
  throw notBytes();
}

/** Whether value is of the named class, of this page or of another realm, such as a frame's. */
function isA<T extends Bytes>(name: string, value: unknown): value is T {
  return Object.prototype.toString.call(value) === `[object ${name}]`;
}

/** A buffer with the same bytes, to be transferred. */
export function fresh(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.slice().buffer;
}

/** Reads the bodies of an answer; undefined if they are none. */
export function parseBodies(value: unknown): Uint8Array<ArrayBuffer>[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((body) => body instanceof ArrayBuffer)) return undefined;
  return value.map((body) => new Uint8Array(body));
}

function notBytes(cause?: unknown): KmsError {
  return new KmsError(
    "invalid_params",
    "body is a Uint8Array or an ArrayBuffer that was not transferred away, bodies a list of those; give one of the two",
    cause === undefined ? {} : { cause },
  );
}
