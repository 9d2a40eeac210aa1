// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { EventName, Events } from "./api.ts";

/** Takes what an event carries. */
export type Listener<E extends EventName> = (data: Events[E]) => void;

/** Who wants to hear of what the enclave tells by itself. */
export class Listeners {
  readonly #byEvent = new Map<string, Set<(data: never) => void>>();

  /** Adds a listener; the returned function takes it away again. */
  on<E extends EventName>(event: E, listener: Listener<E>): () => void {
    const listeners = this.#byEvent.get(event) ?? new Set();
    this.#byEvent.set(event, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Tells every listener, also when one of them throws; that is then the page's uncaught error. */
  tell(event: string, data: Record<string, unknown>): void {
    for (const listener of [...(this.#byEvent.get(event) ?? [])]) {
      try {
        listener(data as never);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
