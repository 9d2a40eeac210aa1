// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { limits } from "../../sdk/api.ts";
import { inputLimits, type StagedMessage } from "../messages.ts";

/**
 * What the program is told of a message: numbers, texts, truth values and bytes, nothing else. So no value
 * that Go has no type for reaches it, and what is beyond its limit is measured but not passed on. What to
 * think of a message is for the program to decide (package rpc, Envelope; package stage).
 */
export type Flat = [
  malformed: boolean,
  id: number,
  method: string,
  methodUnits: number,
  params: string,
  paramsUnits: number,
  bodies: number,
  ...content: ArrayBuffer[], // the bodies, unless they are too many
];

const members = new Set(["id", "method", "params", "bodies"]);

/** Flattens what an app sent. Structured cloning made it, so reading it runs no code of the sender. */
export function flatten(data: unknown): Flat {
  const { id, method, params, bodies = [] } = isPlain(data) ? data : {};
  const content = Array.isArray(bodies) ? contentOf(bodies) : undefined;
  const wellFormed =
    isPlain(data) &&
    Object.keys(data).every((name) => members.has(name)) &&
    typeof method === "string" &&
    typeof params === "string" &&
    content !== undefined;
  return [
    !wellFormed,
    typeof id === "number" ? id : NaN,
    ...measure(method, limits.methodUnits),
    ...measure(params, limits.paramsUnits),
    Array.isArray(bodies) ? bodies.length : 0,
    ...(wellFormed ? content : []),
  ];
}

/**
 * The bodies, none of them if they are too many, or undefined if one is no ArrayBuffer: a hole, a view, or
 * memory that the sender shares and could change while it is read.
 */
function contentOf(bodies: unknown[]): ArrayBuffer[] | undefined {
  if (bodies.length > limits.bodies) return [];
  const content = Array.from(bodies); // holes become undefined
  return content.every((body) => body instanceof ArrayBuffer) ? content : undefined;
}

function measure(text: unknown, limit: number): [text: string, units: number] {
  if (typeof text !== "string") return ["", 0];
  return [text.length > limit ? "" : text, text.length];
}

/** What the person did, for the program. Of a cancel or a malformed message the rest is empty. */
export type FlatInput = [
  kind: "input" | "cancel" | "malformed",
  turn: number, // 0: not said
  action: string,
  fields: string,
  ...secrets: Uint8Array[],
];

const inputMembers = new Set(["kms", "turn", "action", "fields", "secrets"]);

/** Flattens what came on a ceremony's port. Secrets are the message's own bytes, for the program to wipe. */
export function flattenInput(data: unknown): FlatInput {
  if (isPlain(data) && data.kms === "cancel") return ["cancel", 0, "", ""];
  if (!isPlain(data) || data.kms !== "input" || !Object.keys(data).every((name) => inputMembers.has(name))) {
    return ["malformed", 0, "", ""];
  }
  const { turn = 0, action, fields, secrets } = data;
  const wellFormed =
    typeof turn === "number" &&
    Number.isSafeInteger(turn) &&
    typeof action === "string" &&
    action.length <= inputLimits.actionUnits &&
    typeof fields === "string" &&
    fields.length <= inputLimits.fieldsUnits;
  if (!wellFormed || !areSecrets(secrets)) return ["malformed", 0, "", ""];
  return ["input", turn, action, fields, ...secrets.map((secret) => new Uint8Array(secret))];
}

function areSecrets(value: unknown): value is ArrayBuffer[] {
  const isSecret = (secret: unknown): boolean =>
    secret instanceof ArrayBuffer && secret.byteLength <= inputLimits.secretBytes;
  return Array.isArray(value) && value.length <= inputLimits.secrets && value.every(isSecret);
}

/** Facts of the place where a ceremony is, for the program. */
export type FlatPlace = [embedded: boolean, rpId: string, origin: string, topOrigin: string, passkeys: boolean];

/** Flattens what the frame says of a place. */
export function flattenPlace(message: StagedMessage): FlatPlace {
  const { embedded, rpId, origin, topOrigin = "", passkeys } = message;
  return [embedded, rpId, origin, topOrigin, passkeys];
}

/** Whether value is a plain object: not a list, nor bytes with a member for each. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
