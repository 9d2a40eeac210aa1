// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";

import { type Envelope, types } from "../signaltest/party.ts";

/** Which key a message was encrypted with, as it says to everybody: the sender's ratchet key and the number under it. */
export function messageKeyOf({ type, body }: Envelope): string {
  const whole = type === types.preKey ? fieldOf(body.subarray(1), 4) : body;
  assert.ok(whole instanceof Uint8Array);
  const message = whole.subarray(1, whole.length - macSize);
  const key = fieldOf(message, 1);
  const counter = fieldOf(message, 2);
  assert.ok(key instanceof Uint8Array && typeof counter === "number");
  return `${Buffer.from(key).toString("hex")} ${counter}`;
}

/** Fails if two of the messages were encrypted with one key. */
export function assertKeysDiffer(envelopes: readonly Envelope[]): void {
  const keys = envelopes.map(messageKeyOf);
  const twice = keys.filter((key, at) => keys.indexOf(key) !== at);
  assert.deepEqual(twice, [], "a message key was used twice");
}

/** A copy in which one bit of the byte at is another; unless given, the lowest. */
export function flipped(body: Uint8Array, at: number, bit = 1): Uint8Array {
  const copy = new Uint8Array(body);
  copy[at] = (copy[at] ?? 0) ^ bit;
  return copy;
}

const macSize = 8;

/** The value of a field of a protocol buffer, which has only varints and bytes. */
function fieldOf(bytes: Uint8Array, wanted: number): number | Uint8Array | undefined {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    const isBytes = (tag & 7) === 2;
    if (tag >> 3 === wanted) return isBytes ? bytes.subarray(at, at + value) : value;
    if (isBytes) at += value;
  }
  return undefined;
}
