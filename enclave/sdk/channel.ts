// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { bodied, ceremonies, manyBodied, type Method, type RequestMessage } from "./api.ts";
import { fresh, parseBodies, split } from "./bodies.ts";
import { isRecord, KmsError, parseError } from "./errors.ts";
import { type CallOptions, type Settle, waitFor } from "./waiting.ts";

/** What a channel needs of the page. */
export interface Surroundings {
  /** Whether the enclave asks the person something now. */
  asks(): boolean;
  /** Resolves once it asks nothing any more. */
  hidden(): Promise<void>;
  /** Nobody waits any more for what the person is asked. */
  giveUp(): void;
  /** The enclave told something by itself; data is a JSON object. */
  hear(event: string, data: Record<string, unknown>): void;
  /** The connection is over: what belongs to it can go. */
  discard(): void;
}

/**
 * A port to the enclave on which requests and answers are matched by id. It knows nothing of methods
 * or of how the port came to be: that is client.ts and handshake.ts.
 *
 *     request  {id, method, params: JSON text, bodies?: ArrayBuffer[]}
 *     answer   {id, result: JSON text, bodies?: ArrayBuffer[]}  or  {id, error: {code, message, retryAfter?}}
 *     event    {event, data: JSON text}
 *
 * Ids start at 1 and only rise, answers come in any order, and an answer nobody waits for is dropped. An
 * error with id 0, after hello was answered, ends the connection.
 */
export class Channel {
  /** Resolves, once, with the reason why nothing more will come. It never rejects. */
  readonly closed: Promise<KmsError>;
  readonly #port: MessagePort;
  readonly #around: Surroundings;
  readonly #pending = new Map<number, Settle<Record<string, unknown>>>();
  #announce: (reason: KmsError) => void = () => {};
  #reason: KmsError | undefined;
  #lastId = 0;

  /** Takes the port over, which must already be known to lead to the enclave. */
  constructor(port: MessagePort, around: Surroundings) {
    this.#port = port;
    this.#around = around;
    this.closed = new Promise((resolve) => (this.#announce = resolve));
    port.onmessage = (event) => this.#receive(event.data);
    port.onmessageerror = () => this.close(new KmsError("closed", "the enclave sent what this browser cannot read"));
    // Fired, where the browser has it, when the enclave's worker is gone.
    port.addEventListener("close", () => this.close(new KmsError("closed", "the enclave went away")));
    port.start();
  }

  /**
   * Sends one request. The promise settles by its answer, the caller's limits, or {@link close}. A request
   * that the enclave did not run because it is busy for a moment, as while it locks, is sent again. Bytes in
   * params are copied at once: what is transferred to the enclave is a copy, so the caller's stay whole.
   */
  async call(method: Method, params: object, options: CallOptions): Promise<unknown> {
    if (this.#reason) throw this.#reason;
    const { members, bodies } = split(params);
    const text = JSON.stringify(members);
    let id = 0;
    let tries = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answer = waitFor(
      options,
      (settle) => {
        const send = () => {
          id = ++this.#lastId;
          tries++;
          this.#pending.set(id, { resolve: (answer) => this.#afterwards(method, () => settleResult(settle, method, answer)), reject });
          const sent = bodies.map(fresh); // transferred, and there may be another try
          const request: RequestMessage = { id, method, params: text, ...(sent.length > 0 ? { bodies: sent } : {}) };
          this.#port.postMessage(request, sent);
        };
        const reject = (error: KmsError) => {
          if (tries > momentRetries || !isMoment(error)) return this.#afterwards(method, () => settle.reject(error));
          // Still pending, so that the end of the connection reaches it while it waits.
          timer = setTimeout(() => {
            this.#pending.delete(id);
            send();
          }, error.retryAfter);
        };
        send();
      },
      () => {
        clearTimeout(timer);
        this.#pending.delete(id);
      },
      (ms) => new KmsError("timeout", `${method} was not answered in ${ms} ms`),
      () => ceremonies.includes(method) || this.#around.asks(),
    );
    answer.catch((error: KmsError) => this.#ended(error));
    return answer;
  }

  /** Rejects everything pending with reason and lets go of the port. Only the first close counts. */
  close(reason: KmsError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#port.close();
    this.#around.discard();
    for (const settle of [...this.#pending.values()]) settle.reject(reason);
    this.#announce(reason);
  }

  /** Tells the caller of a method that asks the person how it ended, once the page has the focus again. */
  #afterwards(method: Method, tell: () => void): void {
    if (ceremonies.includes(method) && this.#around.asks()) void this.#around.hidden().then(tell);
    else tell();
  }

  /** A question whose answer nobody waits for any more is taken from the screen. */
  #ended({ code }: KmsError): void {
    if ((code === "aborted" || code === "timeout") && this.#pending.size === 0) this.#around.giveUp();
  }

  #receive(message: unknown): void {
    if (!isRecord(message)) return;
    if (typeof message.event === "string") return this.#told(message.event, message.data);
    if (typeof message.id !== "number") return;
    if (message.id === 0 && message.error !== undefined) return this.close(parseError(message.error));
    const settle = this.#pending.get(message.id);
    if (!settle) return;
    if (message.error !== undefined) settle.reject(parseError(message.error));
    else settle.resolve(message);
  }

  #told(event: string, text: unknown): void {
    const data = parseResult(text);
    if (data) this.#around.hear(event, data);
  }
}

/** How often a request is sent again, and the longest wait before, in milliseconds. */
const momentRetries = 5;
const moment = 250;

/** Whether the enclave did not run a request, and will take it in a moment. */
function isMoment({ code, retryAfter }: KmsError): boolean {
  return code === "busy" && retryAfter !== undefined && retryAfter <= moment;
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

function settleResult(settle: Settle<unknown>, method: Method, answer: Record<string, unknown>): void {
  const result = parseResult(answer.result);
  const bodies = parseBodies(answer.bodies);
  if (!result || !bodies) {
    settle.reject(new KmsError("internal", "the enclave answered with what is no JSON object, or no bytes"));
  } else if (manyBodied.includes(method)) {
    settle.resolve({ ...result, bodies });
  } else {
    settle.resolve(bodied.includes(method) && bodies[0] ? { ...result, body: bodies[0] } : result);
  }
}
