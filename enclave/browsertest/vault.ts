// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";

import type { BrowserContext, Page } from "puppeteer-core";

import { connect } from "./client.ts";
import { type Person, personAt, type SetUpChoices } from "./person.ts";
import { assertNoReports, openIn, stage } from "./stage.ts";

/** Connects the page and sets up a vault with the person; returns the recovery words that were wanted. */
export async function setUp(page: Page, person: Person, choices: SetUpChoices = {}): Promise<string[]> {
  await connect(page);
  const [written] = await Promise.all([person.setUp(choices), page.evaluate(() => kms.vault.setup())]);
  return written;
}

/** Unlocks the vault of a connected page, by whatever the person does. */
export async function unlock(page: Page, act: () => Promise<unknown>): Promise<void> {
  await Promise.all([act(), page.evaluate(() => kms.vault.unlock())]);
}

/** Locks. What is asked next is answered by the worker that comes after. */
export async function lock(page: Page): Promise<void> {
  const state = await page.evaluate(async () => {
    await kms.vault.lock();
    return (await kms.status()).state;
  });
  assert.equal(state, "locked");
}

let shared: Promise<BrowserContext> | undefined;

/** One storage in which a vault is set up and open, for tests whose matter is not the vault itself. */
async function openVault(): Promise<BrowserContext> {
  const context = await stage.browser.createBrowserContext();
  const page = await openIn(context, stage.app.url);
  await setUp(page, personAt(page, stage.enclave.host.origin));
  return context; // the page stays until the browser ends, and with it the session
}

/**
 * Opens the app in a tab of a storage that all such tests share, connected, with the vault open. Tests that
 * lock, reset or count use storage of their own ({@link setUp}).
 */
export async function visitVault<T>(use: (page: Page, person: Person) => Promise<T>): Promise<T> {
  shared ??= openVault();
  const page = await openIn(await shared, stage.app.url);
  let result: T;
  try {
    await connect(page);
    result = await use(page, personAt(page, stage.enclave.host.origin));
  } finally {
    await page.close();
  }
  assertNoReports();
  return result;
}
