// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { limits } from "../../sdk/api.ts";

/**
 * What the program is told of a message: numbers, texts and truth values, nothing else. So no value
 * that Go has no type for reaches it, and a text beyond its limit is measured but not copied. What to
 * think of a message is for the program to decide (package rpc, Envelope).
 */
export type Flat = [
  malformed: boolean,
  id: number,
  method: string,
  methodUnits: number,
  params: string,
  paramsUnits: number,
  bodies: number,
];

const members = new Set(["id", "method", "params", "bodies"]);

/** Flattens what came on a port. Structured cloning made it, so reading it runs no code of the sender. */
export function flatten(data: unknown): Flat {
  const { id, method, params, bodies = [] } = isPlain(data) ? data : {};
  const wellFormed =
    isPlain(data) &&
    Object.keys(data).every((name) => members.has(name)) &&
    typeof method === "string" &&
    typeof params === "string" &&
    Array.isArray(bodies) &&
    bodies.slice(0, limits.bodies).every((body) => body instanceof ArrayBuffer);
  return [
    !wellFormed,
    typeof id === "number" ? id : NaN,
    ...measure(method, limits.methodUnits),
    ...measure(params, limits.paramsUnits),
    Array.isArray(bodies) ? bodies.length : 0,
  ];
}

function measure(text: unknown, limit: number): [text: string, units: number] {
  if (typeof text !== "string") return ["", 0];
  return [text.length > limit ? "" : text, text.length];
}

/** Whether value is a plain object: not a list, nor bytes with a member for each. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
