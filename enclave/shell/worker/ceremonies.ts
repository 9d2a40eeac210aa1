// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { StagedMessage, Subject, UnstagedMessage, WorkerMessage } from "../messages.ts";
import { type FlatInput, type FlatPlace, flattenInput, flattenPlace } from "./flatten.ts";

/** Told of the place for a ceremony once, and that there is none, or no longer, once. */
type Answer = (outcome: "staged" | UnstagedMessage["reason"], port?: MessagePort, ...place: FlatPlace | []) => void;

/** Asks the frame for places, for the program. */
export class Ceremonies {
  readonly #post: (message: WorkerMessage) => void;
  /** Ceremonies that wait for a place, and those that have one. */
  readonly #open = new Map<number, { answer: Answer; placed: boolean }>();

  constructor(post: (message: WorkerMessage) => void) {
    this.#post = post;
  }

  /** Asks for a place. After unstage, answer is not called any more. */
  stage(id: number, subject: Subject, answer: Answer): void {
    this.#open.set(id, { answer, placed: false });
    this.#post({ kms: "stage", id, subject });
  }

  /** Gives a place back, or no longer wants one. */
  unstage(id: number): void {
    this.#open.delete(id);
    this.#post({ kms: "unstage", id });
  }

  /** Takes what the frame says. A place that nobody waits for, or no longer, is ended. */
  hear(message: StagedMessage | UnstagedMessage, port: MessagePort | undefined): void {
    const ceremony = this.#open.get(message.id);
    if (message.kms === "unstaged" || !port) {
      this.#open.delete(message.id);
      ceremony?.answer(message.kms === "unstaged" ? message.reason : "blocked");
    } else if (ceremony && !ceremony.placed) {
      ceremony.placed = true;
      ceremony.answer("staged", port, ...flattenPlace(message));
    } else {
      port.postMessage({ kms: "end" });
      port.close();
    }
  }
}

/** Passes on every message of a ceremony's port, flattened. */
export function listenToPerson(port: MessagePort, receive: (...input: FlatInput) => void): void {
  port.onmessage = ({ data }) => receive(...flattenInput(data));
  port.onmessageerror = () => receive(...flattenInput(undefined));
}
