// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type Kms, KmsError } from "../sdk/index.ts";
import { element, text } from "./elements.ts";
import { inPlainWords } from "./words.ts";

/** What the sections of the page share: the connection, and saying how things went. */

let kms: Kms | undefined;
let working = false;
const redraws: (() => void)[] = [];

/** Takes the connection that all sections use, or none. */
export function setConnection(opened: Kms | undefined): void {
  kms = opened;
}

/** The connection. Throws when there is none. */
export function connected(): Kms {
  if (kms) return kms;
  throw new KmsError("closed", "not connected");
}

/** Whether there is a connection. */
export function isConnected(): boolean {
  return kms !== undefined;
}

/** Has a section drawn anew after every action. */
export function onRedraw(draw: () => void): void {
  redraws.push(draw);
}

/** Draws every section anew. */
export function redraw(): void {
  for (const draw of redraws) draw();
}

/** Runs one action at a time and says how it went. Buttons stay enabled, so that focus stays where it is. */
export async function run(news: string, action: () => Promise<string>): Promise<void> {
  if (working) return;
  working = true;
  say(news);
  text("problem", "");
  try {
    say(await action());
  } catch (error) {
    say("");
    complain(error);
  } finally {
    working = false;
    redraw();
  }
}

/** Runs an action at each click on a button. */
export function onClick(id: string, news: string, action: () => Promise<string>): void {
  element(id, HTMLButtonElement).addEventListener("click", () => void run(news, action));
}

/** Says what went wrong. That the person stopped it is no problem. */
export function complain(error: unknown): void {
  if (error instanceof KmsError && (error.code === "cancelled" || error.code === "denied")) say(inPlainWords(error.code));
  else text("problem", explain(error));
}

/** Copies a text, or else selects it where it is shown. */
export async function copy(what: string, value: string, shown: HTMLTextAreaElement): Promise<string> {
  try {
    await navigator.clipboard.writeText(value);
    return `${what} copied.`;
  } catch {
    shown.focus();
    shown.select();
    return "The browser did not allow copying. The text is selected: copy it with the keyboard.";
  }
}

function say(news: string): void {
  text("news", news);
}

function explain(error: unknown): string {
  if (!(error instanceof KmsError)) return "This page failed. Reload it; if it stays, report it.";
  return `${inPlainWords(error.code)} (${error.code}: ${error.message})`;
}
