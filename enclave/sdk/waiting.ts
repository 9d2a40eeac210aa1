// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { KmsError } from "./errors.ts";

/** How long the caller is willing to wait. */
export interface CallOptions {
  /** Ends the waiting with `aborted`. What the enclave has begun it may still finish. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds until `timeout`; `Infinity` for no limit. Unless given, 30,000, and 600,000 while the
   * enclave asks the person something.
   */
  timeout?: number | undefined;
}

/** A promise's two ends, and nothing else of it. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: KmsError): void;
}

const defaultTimeout = 30_000;
const askingTimeout = 600_000;
const longestTimer = 2 ** 31 - 1; // what a browser's setTimeout can count

/**
 * Runs `start` and waits for it to settle, for the signal, or for the time to pass: whichever is first
 * wins, and `stop` then runs exactly once, so that an answer that comes later finds nobody waiting.
 * `late` makes the error for the passed time. While `asks` says that a person is being asked, the default
 * time does not end the wait, for people are slower than enclaves.
 */
export function waitFor<T>(
  options: CallOptions,
  start: (settle: Settle<T>) => void,
  stop: () => void,
  late: (milliseconds: number) => KmsError,
  asks: () => boolean = () => false,
): Promise<T> {
  const { signal, timeout = defaultTimeout } = options;
  if (!(timeout > 0)) {
    return Promise.reject(new KmsError("invalid_params", "timeout must be a positive number of milliseconds"));
  }
  if (signal?.aborted) return Promise.reject(abortedBy(signal));

  return new Promise<T>((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      stop();
    };
    const settle: Settle<T> = {
      resolve: (value) => (finish(), resolve(value)),
      reject: (error) => (finish(), reject(error)),
    };
    const onAbort = () => settle.reject(abortedBy(signal));
    const begun = performance.now();
    const expire = () => {
      const waited = Math.round(performance.now() - begun);
      if (options.timeout === undefined && asks() && waited < askingTimeout) timer = setTimeout(expire, timeout);
      else settle.reject(late(options.timeout ?? waited));
    };
    let timer = timeout > longestTimer ? undefined : setTimeout(expire, timeout);
    signal?.addEventListener("abort", onAbort, { once: true });
    start(settle);
  });
}

function abortedBy(signal: AbortSignal | undefined): KmsError {
  return new KmsError("aborted", "the caller aborted before the enclave answered", { cause: signal?.reason });
}
