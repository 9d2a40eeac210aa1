// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Method, RequestMessage } from "./api.ts";
import { isRecord, KmsError, parseError } from "./errors.ts";
import { type CallOptions, type Settle, waitFor } from "./waiting.ts";

/**
 * A port to the enclave on which requests and answers are matched by id. It knows nothing of methods
 * or of how the port came to be: that is client.ts and handshake.ts.
 *
 *     request  {id, method, params: JSON text}
 *     answer   {id, result: JSON text}  or  {id, error: {code, message, retryAfter?}}
 *
 * Ids start at 1 and only rise, answers come in any order, and an answer nobody waits for is dropped.
 */
export class Channel {
  /** Resolves, once, with the reason why nothing more will come. It never rejects. */
  readonly closed: Promise<KmsError>;
  readonly #port: MessagePort;
  readonly #discard: () => void;
  readonly #pending = new Map<number, Settle<unknown>>();
  #announce: (reason: KmsError) => void = () => {};
  #reason: KmsError | undefined;
  #lastId = 0;

  /** Takes the port over, which must already be known to lead to the enclave. discard runs at the end. */
  constructor(port: MessagePort, discard: () => void) {
    this.#port = port;
    this.#discard = discard;
    this.closed = new Promise((resolve) => (this.#announce = resolve));
    port.onmessage = (event) => this.#answered(event.data);
    port.onmessageerror = () => this.close(new KmsError("closed", "the enclave sent what this browser cannot read"));
    // Fired, where the browser has it, when the enclave's worker is gone.
    port.addEventListener("close", () => this.close(new KmsError("closed", "the enclave went away")));
    port.start();
  }

  /** Sends one request. The promise settles by its answer, the caller's limits, or {@link close}. */
  call(method: Method, params: object, options: CallOptions): Promise<unknown> {
    if (this.#reason) return Promise.reject(this.#reason);
    const id = ++this.#lastId;
    return waitFor(
      options,
      (settle) => {
        this.#pending.set(id, settle);
        const request: RequestMessage = { id, method, params: JSON.stringify(params) };
        this.#port.postMessage(request);
      },
      () => this.#pending.delete(id),
      (ms) => new KmsError("timeout", `${method} was not answered in ${ms} ms`),
    );
  }

  /** Rejects everything pending with reason and lets go of the port. Only the first close counts. */
  close(reason: KmsError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#port.close();
    this.#discard();
    for (const settle of [...this.#pending.values()]) settle.reject(reason);
    this.#announce(reason);
  }

  #answered(answer: unknown): void {
    if (!isRecord(answer) || typeof answer.id !== "number") return;
    const settle = this.#pending.get(answer.id);
    if (!settle) return;
    if (answer.error !== undefined) settle.reject(parseError(answer.error));
    else settleResult(settle, answer.result);
  }
}

/** Parses the JSON text of a result; anything but an object is the enclave's fault. */
export function parseResult(text: unknown): Record<string, unknown> | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function settleResult(settle: Settle<unknown>, text: unknown): void {
  const result = parseResult(text);
  if (result) settle.resolve(result);
  else settle.reject(new KmsError("internal", "the enclave answered with something that is not a JSON object"));
}
