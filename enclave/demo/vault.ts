// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Kms, StateEvent } from "../sdk/index.ts";
import { element, text } from "./elements.ts";
import { connected, isConnected, onClick, onRedraw } from "./page.ts";

/** The section of the vault: whether it is open, and what the enclave asks the person on its own screen. */

let vault: StateEvent | undefined;

const buttons = {
  setUp: element("set-up", HTMLButtonElement),
  unlock: element("unlock", HTMLButtonElement),
  lock: element("lock", HTMLButtonElement),
  manage: element("manage", HTMLButtonElement),
};

const states: Record<StateEvent["state"], string> = {
  empty: "There is no vault in this browser yet.",
  locked: "The vault is locked for this page.",
  unlocked: "The vault is open for this page.",
  unknown: "The browser does not let the enclave read its storage now.",
};

/** Makes the buttons work. */
export function startVault(): void {
  onClick("set-up", "The enclave asks you…", async () => {
    await connected().vault.setup();
    return "The vault is set up and open.";
  });
  onClick("unlock", "The enclave asks you…", async () => {
    await connected().vault.unlock();
    return "The vault is open for this page.";
  });
  onClick("lock", "Locking…", async () => {
    await connected().vault.lock();
    return "The vault is locked.";
  });
  onClick("manage", "The enclave shows the vault…", async () => {
    await connected().vault.manage();
    return "";
  });
  onRedraw(draw);
}

/** Follows the vault of a connection; opened is called whenever it has become open for this page. */
export async function followVault(kms: Kms, opened: () => void): Promise<void> {
  kms.on("state", (state) => take(state, opened));
  take(await kms.status(), opened);
}

/** Whether the vault is open for this page. */
export function isOpen(): boolean {
  return isConnected() && vault?.state === "unlocked";
}

function take(state: StateEvent, opened: () => void): void {
  const was = isOpen();
  vault = state;
  draw();
  if (!was && isOpen()) opened();
}

function draw(): void {
  const { state, protection, idleEnds } = vault ?? { state: undefined };
  const line = element("vault-state", HTMLElement);
  line.dataset.state = state === "unlocked" ? "good" : "working";
  line.textContent = state && isConnected() ? states[state] : "Not connected.";
  const idle = idleEnds === undefined ? "" : new Date(idleEnds * 1000).toLocaleTimeString();
  const notes = [`It locks itself at ${idle} if it is not used.`];
  if (protection === "policy") notes.push("The passkey that opened it is asked for by rule; it does not encrypt the keys.");
  text("vault-note", state === "unlocked" ? notes.join(" ") : "");
  const focused = document.activeElement;
  for (const button of Object.values(buttons)) button.disabled = !isConnected();
  buttons.setUp.hidden = state !== "empty" && state !== undefined;
  buttons.unlock.hidden = state !== "locked";
  buttons.lock.hidden = state !== "unlocked";
  buttons.manage.hidden = state !== "locked" && state !== "unlocked";
  // The focus is not lost with a button that goes.
  const all = Object.values(buttons);
  if (all.some((button) => button === focused && button.hidden)) all.find((button) => !button.hidden)?.focus();
}
