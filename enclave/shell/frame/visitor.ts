// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { hasSubject } from "../ceremony/data.ts";
import { nothing, over } from "../ceremony/places.ts";
import { places as words } from "../ceremony/strings.ts";
import { View } from "../ceremony/view.ts";
import { watchPage } from "../ceremony/watch.ts";
import type { DialogueMessage } from "../messages.ts";
import { isRecord } from "./files.ts";
import type { WindowOffer } from "./keywindow.ts";

const patience = 5000; // milliseconds for the opener to answer; it is there already
const pollEvery = 500; // milliseconds between looks whether the opener is still there

/**
 * The window's end of keywindow.ts. Any site can open this document; it takes work only from its own opener,
 * if that is of this very origin, and once. To anybody else it says and shows nothing, and has no field.
 */
export function visit(root: HTMLElement, release: Promise<string>): void {
  const opener = window.opener as Window | null;
  if (!opener || window.parent !== window) return showNothing(root);
  const hear = (event: MessageEvent<unknown>) => {
    const port = event.ports[0];
    if (event.source !== opener || event.origin !== location.origin || !port || !isOffer(event.data)) return;
    stop();
    void accept(root, opener, event.data, port, release);
  };
  const stop = () => {
    clearTimeout(timer);
    window.removeEventListener("message", hear);
  };
  const timer = setTimeout(() => {
    stop();
    showNothing(root);
  }, patience);
  window.addEventListener("message", hear);
  // The browser delivers this only if the opener shows a document of this origin.
  opener.postMessage({ kms: "ready" }, location.origin);
}

async function accept(
  root: HTMLElement,
  opener: Window,
  offer: WindowOffer,
  port: MessagePort,
  release: Promise<string>,
): Promise<void> {
  const view = new View(root, offer.subject, (message, transfer) => {
    port.postMessage(message, transfer);
    if (message.kms === "cancel") leave();
  });
  const leave = (text?: string) => {
    port.onmessage = null;
    view.end();
    new View(root, offer.subject, () => window.close()).showPlace(over(text), true);
    window.close();
  };
  const cancel = (text?: string) => {
    port.postMessage({ kms: "cancel" });
    leave(text);
  };
  if ((await release.catch(() => undefined)) !== offer.release) return cancel(words.otherRelease);
  watchPage((live) => view.setLive(live));
  window.addEventListener("pagehide", () => port.postMessage({ kms: "cancel" }));
  setInterval(() => opener.closed && leave(), pollEvery);
  port.onmessage = ({ data }: MessageEvent<DialogueMessage>) => {
    if (data.kms === "end") leave();
    else view.receive(data);
  };
}

function isOffer(data: unknown): data is WindowOffer {
  return isRecord(data) && data.kms === "stage" && typeof data.release === "string" && hasSubject(data);
}

function showNothing(root: HTMLElement): void {
  new View(root, { operation: "", origin: "", user: "" }, () => {}).showPlace(nothing(), true);
}
