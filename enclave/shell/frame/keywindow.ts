// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { DialogueMessage, PersonMessage, Subject } from "../messages.ts";
import { isRecord } from "./files.ts";

/**
 * A window of the enclave's own, for browsers or moments in which a frame cannot be trusted to be visible.
 *
 *     window → frame   {kms: "ready"}                             to the enclave's origin only
 *     frame → window   {kms: "stage", subject, release} + port    once
 *
 * Each hears only the other: by the window itself, which the browser vouches for, and by the enclave's own
 * origin. So an app that opens such a window, or gets hold of this one, has nothing to say in it and hears
 * nothing. On the port go DialogueMessage and PersonMessage.
 */
export interface WindowOffer {
  kms: "stage";
  subject: Subject;
  /** Release digest that the frame has found; the window must find the same. */
  release: string;
}

/** The document of the window: the bytes of index.html under another name, for it needs other headers. */
export const windowDocument = "window.html";

const features = "popup,width=480,height=760";
const pollEvery = 300; // milliseconds between looks whether the window is still there

/** What happens in a window. */
export interface WindowEvents {
  /** It is there and takes messages. */
  ready(): void;
  hear(message: PersonMessage, secrets: ArrayBuffer[]): void;
  /** It was closed, or has left its document. */
  gone(): void;
}

/** The frame's end of a window. */
export class KeyWindow {
  readonly #window: Window;
  readonly #offer: WindowOffer;
  readonly #events: WindowEvents;
  readonly #poll: ReturnType<typeof setInterval>;
  #port: MessagePort | undefined;

  /** Opens a window, at a click; undefined if the browser does not, or not so that we can speak to it. */
  static open(offer: WindowOffer, events: WindowEvents): KeyWindow | undefined {
    // Without a name, so that nobody else's window is taken, and none of ours by anybody else.
    const opened = tryOpen(new URL(windowDocument, document.baseURI).href);
    return opened ? new KeyWindow(opened, offer, events) : undefined;
  }

  private constructor(opened: Window, offer: WindowOffer, events: WindowEvents) {
    this.#window = opened;
    this.#offer = offer;
    this.#events = events;
    window.addEventListener("message", this.#onMessage);
    window.addEventListener("pagehide", this.#onHide);
    this.#poll = setInterval(() => opened.closed && this.#leave(), pollEvery);
  }

  /** Shows something there. */
  send(message: DialogueMessage): void {
    this.#port?.postMessage(message);
  }

  /** Brings it to the front, as far as the browser lets us. */
  focus(): void {
    this.#window.focus();
  }

  /** Closes it; no event follows. */
  close(): void {
    clearInterval(this.#poll);
    window.removeEventListener("message", this.#onMessage);
    window.removeEventListener("pagehide", this.#onHide);
    this.#port?.close();
    this.#window.close();
  }

  readonly #onHide = () => this.close();

  readonly #onMessage = (event: MessageEvent<unknown>) => {
    if (event.source !== this.#window || event.origin !== location.origin) return;
    if (!isRecord(event.data) || event.data.kms !== "ready") return;
    // A second "ready" is another document in that window: what was shown in the first is gone.
    if (this.#port) return this.#leave();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<PersonMessage>) =>
      this.#events.hear(data, data.kms === "input" ? data.secrets : []);
    this.#window.postMessage(this.#offer, location.origin, [port2]);
    this.#events.ready();
  };

  #leave(): void {
    this.close();
    this.#events.gone();
  }
}

/** Firefox throws where others return null, if the frame's sandbox allows no windows. */
function tryOpen(url: string): Window | null {
  try {
    return window.open(url, "_blank", features);
  } catch {
    return null;
  }
}
