// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { isRecord } from "./errors.ts";

const asking = {
  position: "fixed",
  inset: "0",
  boxSizing: "border-box",
  width: "100%",
  height: "100%",
  maxWidth: "none",
  maxHeight: "none",
  margin: "0",
  padding: "0",
  border: "0",
  overflow: "hidden",
  background: "transparent",
} as const;

const filling = {
  display: "block",
  width: "100%",
  height: "100%",
  border: "0",
  background: "transparent",
  colorScheme: "light dark", // with another scheme than its document's, browsers paint the frame opaque
} as const;

const longestHiding = 1000; // milliseconds

/**
 * The dialogue that shows the enclave's frame while it asks the person something, and hides it otherwise.
 * When that is, only the enclave says:
 *
 *     frame → page   {kms: "show"} and {kms: "hide"}
 *     page → frame   {kms: "cancel"}    the person pressed Escape, or the app no longer waits
 *
 * What the person sees and types stays in the frame. The enclave takes nothing while its frame is covered,
 * faded or cut: so leave the dialogue alone, and its container displayed.
 */
export class Overlay {
  readonly element: HTMLDialogElement;
  readonly #frame: HTMLIFrameElement;
  readonly #origin: string;
  #asking = false;
  readonly #waiting = new Set<() => void>();

  /** Puts the frame into a dialogue, which is not yet in the page. */
  constructor(frame: HTMLIFrameElement, enclave: URL) {
    this.#frame = frame;
    this.#origin = enclave.origin;
    this.element = document.createElement("dialog");
    this.element.setAttribute("aria-label", frame.title);
    Object.assign(this.element.style, asking);
    Object.assign(frame.style, filling);
    this.element.append(frame);
    this.element.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.cancel();
    });
    // Browsers let a second Escape close what refused the first.
    this.element.addEventListener("close", () => {
      if (this.#asking && !this.element.open) this.cancel();
    });
    window.addEventListener("message", this.#onMessage);
  }

  /** Whether the enclave asks the person something now. */
  get shown(): boolean {
    return this.#asking;
  }

  /**
   * Resolves once the enclave asks nothing, and the focus is back where it was: it says so by another way than it
   * answers, and either can be faster. After a second it resolves in any case.
   */
  hidden(): Promise<void> {
    if (!this.#asking) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, longestHiding);
      this.#waiting.add(() => (clearTimeout(timer), resolve()));
    });
  }

  /** Ends what the enclave asks, as if the person had. Without a question it does nothing. */
  cancel(): void {
    this.#frame.contentWindow?.postMessage({ kms: "cancel" }, this.#origin);
  }

  /** Takes the dialogue with the frame out of the page. */
  remove(): void {
    window.removeEventListener("message", this.#onMessage);
    this.element.remove();
    this.#settle();
  }

  #settle(): void {
    this.#asking = false;
    for (const done of this.#waiting) done();
    this.#waiting.clear();
  }

  readonly #onMessage = ({ source, origin, data }: MessageEvent<unknown>) => {
    if (source === null || source !== this.#frame.contentWindow || origin !== this.#origin || !isRecord(data)) return;
    if (data.kms === "show") {
      this.#asking = true;
      if (!this.element.open) this.element.showModal();
      this.#frame.focus();
    } else if (data.kms === "hide") {
      this.element.close();
      this.#settle();
    }
  };
}
