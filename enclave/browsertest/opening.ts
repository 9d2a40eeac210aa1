// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from "puppeteer-core";

import { readAll } from "./database.ts";
import { passphrase, personAt } from "./person.ts";
import type { Surface } from "./surface.ts";
import * as words from "../shell/ceremony/strings.ts";

declare global {
  /** When the person pressed the button, in milliseconds since 1970. */
  var pressedAt: number | undefined;
}

/** How long unlocking took and how many rounds of PBKDF2 that were. */
export interface Opening {
  milliseconds: number;
  iterations: number;
}

/** Sets up a vault of the connected page. */
export async function setUpVault(page: Page, enclaveOrigin: string): Promise<void> {
  await Promise.all([page.evaluate(() => kms.vault.setup()), personAt(page, enclaveOrigin).setUp()]);
}

/** Locks the vault and times unlocking it: from the person's press to the answer that the app gets. */
export async function timeUnlock(page: Page, enclaveOrigin: string): Promise<Opening> {
  const person = personAt(page, enclaveOrigin);
  await page.evaluate(() => kms.vault.lock());
  const answered = page.evaluate(async () => {
    await kms.vault.unlock();
    return performance.timeOrigin + performance.now();
  });
  const at = await person.at(words.unlock.title);
  await at.run(() => {
    const note = () => (globalThis.pressedAt = performance.timeOrigin + performance.now());
    document.addEventListener("click", note, { capture: true });
  });
  await person.giveChosen(passphrase);
  const end = await answered;
  const pressed = await at.run(() => globalThis.pressedAt);
  if (pressed === undefined) throw new Error("bench: the press was not seen");
  return { milliseconds: end - pressed, iterations: await iterationsOf(at) };
}

/** Reads the rounds of the one passphrase that is stored. */
async function iterationsOf(at: Surface): Promise<number> {
  const { records } = await readAll(at);
  for (const { collection, value } of records) {
    const found = /"iterations":(\d+)/.exec(value);
    if (collection.endsWith("/enrolments") && found) return Number(found[1]);
  }
  throw new Error("bench: no enrolment of a passphrase is stored");
}
