// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** These tests share no browser with the others: WebKitGTK is driven otherwise (webkit.ts). */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import * as words from "../shell/ceremony/strings.ts";
import { AppSite } from "./appsite.ts";
import { EnclaveSite } from "./enclavesite.ts";
import { passphrase, Person } from "./person.ts";
import { button } from "./roles.ts";
import { type Surface, until } from "./surface.ts";
import { verifyToken } from "./token.ts";
import { WebKit } from "./webkit.ts";

const aud = "https://push.example.net";
const sub = "mailto:ops@app.example";

const enclave = await EnclaveSite.start();
const site = await AppSite.start();
enclave.deploy([site.host.origin]);
const browser = await WebKit.start();
after(async () => {
  await browser.close();
  await Promise.all([enclave.host.close(), site.host.close()]);
});

declare global {
  /** A call that waits for the person, and how it ended. */
  var ended: string | undefined;
}

/** Connects the page's SDK. */
async function connect(page: Surface): Promise<void> {
  await until("the page", () => page.run(() => "app" in globalThis));
  await page.run(
    async (url, release) => {
      globalThis.kms = await app.sdk.connect({ url, release, timeout: 20_000 });
    },
    enclave.url,
    enclave.digest,
  );
}

/** Begins a ceremony, lets the person act, and returns how the call ended. */
async function ceremony(page: Surface, method: "setup" | "unlock" | "manage", act: () => Promise<unknown>): Promise<string> {
  await page.run((method) => {
    globalThis.ended = undefined;
    void kms.vault[method]().then(
      () => (globalThis.ended = "done"),
      (error: unknown) => (globalThis.ended = (error as { code: string }).code),
    );
  }, method);
  await act();
  return until("the answer", () => page.run(() => globalThis.ended));
}

async function state(page: Surface): Promise<string> {
  return page.run(async () => (await kms.status()).state);
}

async function signed(page: Surface, kid: string): Promise<string> {
  return page.run(
    (kid, aud, sub) =>
      kms.vapid.sign({ kid, aud, sub }).then(
        ({ token }) => token,
        (error: unknown) => (error as { code: string }).code,
      ),
    kid,
    aud,
    sub,
  );
}

test("in WebKit: set up, sign, lock, reload, unlock by passphrase and by recovery words in the enclave's window", {
  timeout: 120_000,
}, async () => {
  const page = await browser.open(site.url);
  const person = new Person(() => browser.places(page));
  await connect(page);
  assert.equal(await state(page), "empty");
  let written: string[] = [];
  const made = await ceremony(page, "setup", async () => {
    written = await person.setUp({ recovery: true });
  });
  assert.equal(made, "done");
  const { kid, publicKey } = await page.run(() => kms.vapid.generate());
  await verifyToken(await signed(page, kid), publicKey, { aud, sub });

  await page.run(() => kms.vault.lock().then(() => undefined));
  assert.equal(await state(page), "locked");
  assert.equal(await signed(page, kid), "locked");

  await page.run(() => location.reload());
  await connect(page);
  assert.equal(await state(page), "locked");
  assert.equal(await ceremony(page, "unlock", () => person.giveChosen(passphrase)), "done");
  await verifyToken(await signed(page, kid), publicKey, { aud, sub });

  await page.run(() => kms.vault.lock().then(() => undefined));
  assert.equal(await ceremony(page, "unlock", () => person.giveRecovery(written)), "done");
  await verifyToken(await signed(page, kid), publicKey, { aud, sub });
});

test("in WebKit: a wrong passphrase can be tried again, and cancelling tells the app", { timeout: 60_000 }, async () => {
  const page = await browser.open(site.url);
  const person = new Person(() => browser.places(page));
  await connect(page);
  const ended = await ceremony(page, "unlock", async () => {
    const at = await person.giveChosen("a wrong passphrase 99");
    assert.equal(await person.problem(at), words.problems.wrong_passphrase);
    await at.click(button(words.header.cancel));
  });
  assert.equal(ended, "cancelled");
  assert.equal(await state(page), "locked");
  assert.equal(await ceremony(page, "unlock", () => person.giveChosen(passphrase)), "done");
});
