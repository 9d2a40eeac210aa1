// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { ErrorCode } from "../../sdk/api.ts";

/** Why the enclave does not start, or does not let someone in. The message is fixed text and file names. */
export class Failure extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Whatever was thrown as a Failure; what is none is a fault of ours. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure("internal", "the enclave's frame has a fault; see the browser's console");
}

/** A file that did not load or is not the one that was expected. */
export function altered(file: string): Failure {
  return new Failure("integrity_failed", `${file} did not load or does not match its integrity hash`);
}
