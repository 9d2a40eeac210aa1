// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { ConnectMessage, FrameMessage, LockedMessage, Seat, StageMessage, WorkerMessage } from "../messages.ts";
import { asFailure, Failure } from "./failure.ts";
import { launch } from "./launch.ts";
import { Staging } from "./staging.ts";

/**
 * For how many milliseconds ports wait for messages that were on their way to the worker that gave them away,
 * and how long that worker stays, with nothing else to do: Firefox loses what is on its way if it ends before.
 */
const handover = { wait: 150, stay: 600 };

/** The document around the worker. */
export interface Host {
  /** Where ceremonies are shown. */
  readonly root: HTMLElement;
  /** Whether another page is around this document. */
  readonly embedded: boolean;
  /** Release digest, once the files were checked. */
  readonly release: Promise<string>;
  /** Makes the document visible, or gives its place back to the page around it. */
  show(shown: boolean): void;
  /** The enclave is not usable, or no longer. */
  fail(thrown: unknown): void;
}

/**
 * The worker as this document sees it: one that runs, or the next one while the last was ended by a lock.
 * Ends with the first failure, of which every later user is told.
 */
export class Enclave {
  readonly #host: Host;
  #worker: Promise<Worker>;
  #staging: Staging | undefined;
  #ended: Failure | undefined;
  #moving: readonly Seat[] = [];

  constructor(host: Host) {
    this.#host = host;
    this.#worker = this.#start();
    host.release.catch((thrown: unknown) => {
      this.#fail(thrown);
      void this.#worker.then((worker) => worker.terminate());
    });
  }

  /** Gives a port to the worker, which serves it from then on. */
  async connect(message: Omit<ConnectMessage, "release">, port: MessagePort): Promise<void> {
    const [release, worker] = await Promise.all([this.#host.release, this.#worker]);
    if (this.#ended) throw this.#ended;
    worker.postMessage({ ...message, release } satisfies FrameMessage, [port]);
  }

  /** Gives up the ceremony that is shown, if there is one. */
  cancel(): void {
    this.#staging?.cancel();
  }

  #start(): Promise<Worker> {
    const started = launch((message, ports) => this.#hear(message, ports));
    started.catch((thrown: unknown) => this.#fail(thrown));
    return started;
  }

  #hear(message: WorkerMessage, ports: readonly MessagePort[]): void {
    switch (message.kms) {
      case "persist":
        return void this.#persist();
      case "stage":
        return void this.#stage(message);
      case "unstage":
        if (this.#staging?.id === message.id) this.#staging.end();
        return;
      case "locked":
        return void this.#restart(message, ports);
      case "late":
        return void this.#moving[message.seat]?.late.push(message.message);
      case "failed":
        return this.#fail(new Failure(message.code, message.message));
      case "up":
        return;
    }
  }

  /** Only a window may ask this. Some browsers put the question to the person. */
  async #persist(): Promise<void> {
    const granted = await navigator.storage.persist().catch(() => false);
    await this.#tell({ kms: "persisted", granted });
  }

  async #stage(stage: StageMessage): Promise<void> {
    const { root, embedded, show, release } = this.#host;
    const worker = this.#worker;
    const digest = await release;
    // There is one ceremony at a time; if the one before is still shown, the program has left it.
    this.#staging?.end();
    if (worker !== this.#worker) return;
    show(true);
    const staging = new Staging(stage, {
      root,
      embedded,
      release: digest,
      tell: (message, ports) => void this.#tell(message, ports),
      over: () => {
        if (this.#staging === staging) this.#staging = undefined;
        show(false);
      },
    });
    this.#staging = staging;
  }

  /** After a lock: only the end of a worker surely empties its memory. The ports move to the next one. */
  async #restart({ seats }: LockedMessage, ports: readonly MessagePort[]): Promise<void> {
    const former = this.#worker;
    this.#worker = this.#start();
    void former.then((worker) => setTimeout(() => worker.terminate(), handover.stay));
    this.#staging?.end();
    this.#moving = seats;
    await new Promise((done) => setTimeout(done, handover.wait));
    this.#moving = [];
    const next = await this.#worker.catch(() => undefined);
    seats.forEach((seat, index) => {
      const port = ports[index];
      if (!port) return;
      if (next) next.postMessage({ kms: "connect", ...seat } satisfies FrameMessage, [port]);
      else refuse(port, this.#ended);
    });
  }

  async #tell(message: FrameMessage, ports: MessagePort[] = []): Promise<void> {
    (await this.#worker).postMessage(message, ports);
  }

  #fail(thrown: unknown): void {
    this.#staging?.end();
    this.#ended ??= asFailure(thrown);
    this.#host.fail(thrown);
  }
}

/** Tells whoever holds the other end of a port that nothing will be answered. */
export function refuse(port: MessagePort, thrown: unknown): void {
  const { code, message } = asFailure(thrown);
  port.postMessage({ id: 0, error: { code, message } });
}
