// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { hasPasskeys } from "../ceremony/credentials.ts";
import * as drawings from "../ceremony/places.ts";
import { View } from "../ceremony/view.ts";
import { canSee, type Stop, watchPage, watchSight } from "../ceremony/watch.ts";
import type { DialogueMessage, FrameMessage, PersonMessage, StageMessage } from "../messages.ts";
import { KeyWindow } from "./keywindow.ts";

const settling = 2000; // milliseconds that the app has to show the frame before the window is offered

/** What a ceremony needs of the document it is in. */
export interface Surroundings {
  /** Where it is shown. */
  readonly root: HTMLElement;
  /** Whether another page is around this document. */
  readonly embedded: boolean;
  /** Release digest that the frame has found. */
  readonly release: string;
  /** Tells the worker. */
  tell(message: FrameMessage, ports?: MessagePort[]): void;
  /** Called when the ceremony is over, whoever ended it. */
  over(): void;
}

/**
 * One ceremony from "stage" to its end. The port to the program stays here all the time; what goes over it
 * is passed to and from the place, which is this document or a window of our own. So the place can change
 * to a window when the frame is no longer visible, and a window that is closed is noticed.
 */
export class Staging {
  readonly id: number;
  readonly #stage: StageMessage;
  readonly #around: Surroundings;
  readonly #view: View;
  readonly #stop: Stop;
  readonly #patience: ReturnType<typeof setTimeout>;
  #window: KeyWindow | undefined;
  #program: MessagePort | undefined;
  #shown: DialogueMessage | undefined; // what the program said last and nobody answered yet
  #ended = false;

  constructor(stage: StageMessage, around: Surroundings) {
    this.id = stage.id;
    this.#stage = stage;
    this.#around = around;
    this.#view = new View(around.root, stage.subject, (message, transfer) => this.#answer(message, transfer));
    const sees = around.embedded ? canSee() : true;
    this.#view.showPlace(sees ? drawings.waiting() : drawings.needsWindow(() => this.#leaveFrame()), !sees);
    this.#stop = !sees ? () => {} : this.#watch(around);
    this.#patience = setTimeout(() => sees && !this.#program && this.#offerWindow(), settling);
  }

  /** Gives up for the person, as "Cancel" does. */
  cancel(): void {
    this.#answer({ kms: "cancel" }, []);
  }

  /** Takes the ceremony away; the program has ended it, or cannot be told any more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stop();
    clearTimeout(this.#patience);
    this.#window?.close();
    this.#view.end();
    this.#around.over();
  }

  #watch({ embedded, root }: Surroundings): Stop {
    return embedded ? watchSight(root, (live) => this.#sight(live)) : watchPage((live) => this.#sight(live));
  }

  #sight(live: boolean): void {
    if (this.#window) return;
    if (live && !this.#program) this.#staged(this.#around.embedded);
    this.#view.setLive(live);
    if (live) this.#view.setNotice();
    else this.#offerWindow();
  }

  /** Offers the way out of a frame that cannot be seen. */
  #offerWindow(): void {
    if (!this.#around.embedded || this.#window) return;
    this.#view.setNotice(...drawings.covered(() => this.#leaveFrame()));
  }

  /** Tells the program that there is a place, once. */
  #staged(embedded: boolean): void {
    const { port1, port2 } = new MessageChannel();
    this.#program = port1;
    port1.onmessage = ({ data }: MessageEvent<DialogueMessage>) => this.#hear(data);
    const topOrigin = embedded ? location.ancestorOrigins?.item(location.ancestorOrigins.length - 1) : undefined;
    this.#around.tell(
      {
        kms: "staged",
        id: this.id,
        embedded,
        rpId: location.hostname,
        origin: location.origin,
        ...(topOrigin ? { topOrigin } : {}),
        passkeys: hasPasskeys(embedded),
      },
      [port2],
    );
  }

  #hear(message: DialogueMessage): void {
    if (message.kms === "end") return this.end();
    this.#shown = message;
    if (this.#window) this.#window.send(message);
    else this.#view.receive(message);
  }

  #answer(message: PersonMessage, transfer: ArrayBuffer[]): void {
    this.#shown = undefined;
    if (this.#program) this.#program.postMessage(message, transfer);
    else this.#around.tell({ kms: "unstaged", id: this.id, reason: "cancelled" });
    if (message.kms === "cancel") this.end();
  }

  /** Goes on in a window, at a click. */
  #leaveFrame(): void {
    const offer = { kms: "stage", subject: this.#stage.subject, release: this.#around.release } as const;
    const opened = KeyWindow.open(offer, {
      ready: () => {
        if (!this.#program) this.#staged(false);
        if (this.#shown) opened?.send(this.#shown);
      },
      hear: (message, secrets) => this.#answer(message, secrets),
      gone: () => this.cancel(),
    });
    if (!opened) return this.#blocked();
    this.#window = opened;
    this.#stop();
    this.#view.setNotice();
    this.#view.showPlace(drawings.inWindow(() => opened.focus()), true);
  }

  #blocked(): void {
    if (this.#program) return this.#view.setNotice(...drawings.blocked());
    this.#around.tell({ kms: "unstaged", id: this.id, reason: "blocked" });
    this.end();
  }
}
