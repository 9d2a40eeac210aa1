// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type ErrorCode, errorCodes, type LocalErrorCode } from "./api.ts";

/** Every code a {@link KmsError} can have: those of the enclave's method table and the SDK's own. */
export type KmsErrorCode = ErrorCode | LocalErrorCode;

/**
 * The one error class of this SDK. Branch on `code`, show `message` to a developer, wait `retryAfter`
 * milliseconds before trying again when it is there.
 */
export class KmsError extends Error {
  override readonly name = "KmsError";
  readonly code: KmsErrorCode;
  /** Milliseconds after which the same call may succeed; only some refusals carry it. */
  readonly retryAfter?: number;

  constructor(code: KmsErrorCode, message: string, details: { retryAfter?: number; cause?: unknown } = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
  }
}

/**
 * Reads the `error` member of an answer. What is not an error of the protocol becomes `internal`: an
 * answer's shape is the enclave's promise, so a broken one is its fault, not the caller's.
 */
export function parseError(value: unknown): KmsError {
  if (!isRecord(value) || typeof value.code !== "string" || typeof value.message !== "string") {
    return new KmsError("internal", "the enclave answered with an error that has no code or message");
  }
  const { code, message, retryAfter } = value;
  if (!isErrorCode(code)) {
    return new KmsError("internal", "the enclave answered with an error code this SDK does not know");
  }
  return new KmsError(code, message, typeof retryAfter === "number" && retryAfter >= 0 ? { retryAfter } : {});
}

/** Whether value is an object whose members can be looked at. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isErrorCode(code: string): code is ErrorCode {
  return (errorCodes as readonly string[]).includes(code);
}
