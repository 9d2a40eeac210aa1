// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { addAuthenticator } from "./authenticator.ts";
import { type Failure, connect, generate, signFailure } from "./client.ts";
import { advanceWorkers } from "./clock.ts";
import { personAt } from "./person.ts";
import { button, readPage } from "./roles.ts";
import { settings } from "./settings.ts";
import { openIn, stage, visit } from "./stage.ts";
import { type Surface, until } from "./surface.ts";
import { lock, setUp, unlock, visitVault } from "./vault.ts";

const aud = "https://push.example.net";
const sub = "mailto:ops@app.example";
const chromium = settings.browser() === "chromium";

/** Starts a ceremony, and tells how it ended once it has; null if it went well. */
function begin(page: Page, method: "setup" | "unlock" | "manage"): Promise<Failure | null> {
  return page.evaluate(async (method) => {
    try {
      await kms.vault[method]();
      return null;
    } catch (error) {
      const { code, message } = error as Failure;
      return { code, message };
    }
  }, method);
}

/** For how many seconds the screen says that one has to wait; 0 if it does not. */
async function waitShown(at: Surface): Promise<number> {
  const { text } = await at.run(readPage);
  return Number(/Try again in (\d+) second/.exec(text)?.[1] ?? 0);
}

// Mistake M40 (docs/mistakes.md): a wrong passphrase ended the ceremony.
test("a wrong passphrase can be tried again at once, then after a growing delay that survives a reload", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    await lock(page);
    const first = begin(page, "unlock");
    for (let tries = 1; tries <= 3; tries++) {
      const at = await person.giveChosen(`wrong passphrase number ${tries}`);
      assert.equal(await person.problem(at), words.problems.wrong_passphrase);
      assert.equal((await waitShown(at)) > 0, tries === 3, `after ${tries}`);
      if (tries < 3) await at.run(() => document.querySelector("[role=alert]")?.replaceChildren());
    }
    let at = await person.at(words.unlock.title);
    await at.click(button(words.header.cancel));
    assert.equal((await first)?.code, "cancelled");

    await page.reload({ waitUntil: "load" });
    await connect(page);
    const second = begin(page, "unlock");
    at = await person.at(words.unlock.title);
    const shorter = await waitShown(at);
    assert.ok(shorter > 0 && shorter <= 5, `after the reload: ${shorter} s`);
    if (chromium) {
      await advanceWorkers(page, 6); // the screen counts down by itself
    }
    at = await person.giveChosen("wrong once more");
    const longer = await until("a longer wait", () => waitShown(at));
    assert.ok(longer > 5, `then: ${longer} s`);
    await at.click(button(words.header.cancel));
    assert.equal((await second)?.code, "cancelled");
  });
});

// Mistake M16 (docs/mistakes.md): counters raced. That parallel tries are each counted is a test of package vault.
test("wrong tries in two tabs are counted together", async () => {
  await visit(stage.app.url, async (page, context, person) => {
    await setUp(page, person);
    await lock(page);
    for (const [tab, tries] of [
      [page, 2],
      [await openIn(context, stage.app.url), 1],
    ] as const) {
      if (tab !== page) await connect(tab);
      await tab.bringToFront();
      const end = begin(tab, "unlock");
      const someone = personAt(tab, stage.enclave.host.origin);
      for (let n = 1; n <= tries; n++) {
        const at = await someone.giveChosen(`wrong passphrase number ${n}`);
        await someone.problem(at);
        assert.equal((await waitShown(at)) > 0, tab !== page);
        await at.run(() => document.querySelector("[role=alert]")?.replaceChildren());
      }
      await (await someone.at(words.unlock.title)).click(button(words.header.cancel));
      await end;
    }
  });
});

test("cancelling and Escape end a ceremony with cancelled, change nothing, and it can be begun again", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await connect(page);
    const setup = begin(page, "setup");
    await (await person.at(words.users.welcomeTitle)).click(button(words.header.cancel));
    assert.equal((await setup)?.code, "cancelled");
    assert.equal((await page.evaluate(() => kms.status())).state, "empty");

    await setUp(page, person);
    await lock(page);
    const unlocking = begin(page, "unlock");
    const at = await person.at(words.unlock.title);
    await until("the field", () => at.has({ role: "textbox", name: words.passphrase.label }));
    // The key goes down, which closes the window, before a driver lets it go.
    await at.press("Escape").catch(() => undefined);
    assert.equal((await unlocking)?.code, "cancelled");
    assert.equal((await page.evaluate(() => kms.status())).state, "locked");
    await unlock(page, () => person.giveChosen());
  });
});

// Mistake M03 (docs/mistakes.md): a second request took the place of the one that was shown.
// Mistake M40: concurrent calls hung.
test("a second request while one is open is refused as busy, and what was shown is what is done", async () => {
  await visitVault(async (page, person) => {
    const [shown, other] = [await generate(page), await generate(page)];
    const first = page.evaluate((kid) => kms.vapid.delete({ kid }), shown.kid);
    const at = await person.at(words.approve.confirmTitle);
    assert.match((await at.run(readPage)).text, new RegExp(shown.kid));
    const codes = await page.evaluate(async (kid) => {
      const code = (error: unknown) => (error as { code: string }).code;
      const calls = [kms.vapid.delete({ kid }), kms.vault.manage(), kms.vault.setup()];
      return Promise.all(calls.map((call) => call.then(() => "done", code)));
    }, other.kid);
    assert.deepEqual(codes, ["busy", "busy", "busy"]);
    assert.match((await at.run(readPage)).text, new RegExp(shown.kid));
    await at.click(button(words.approve.allow));
    await first;
    assert.equal((await signFailure(page, { kid: shown.kid, aud, sub }))?.code, "unknown_key");
    assert.equal(await signFailure(page, { kid: other.kid, aud, sub }), null);
  });
});

test("what the person does not allow is not done, and the app is told", async () => {
  await visitVault(async (page, person) => {
    const { kid } = await generate(page);
    const [code] = await Promise.all([
      page.evaluate((kid) => kms.vapid.delete({ kid }).catch((error: unknown) => (error as { code: string }).code), kid),
      person.answer(words.approve.confirmTitle, words.approve.deny),
    ]);
    assert.equal(code, "denied");
    assert.equal(await signFailure(page, { kid, aud, sub }), null);
  });
});

test("a call that the app gives up takes its question from the screen", async () => {
  await visitVault(async (page, person) => {
    const { kid } = await generate(page);
    const ended = page.evaluate((kid) => {
      const controller = new AbortController();
      Object.assign(globalThis, { giveUp: () => controller.abort() });
      return kms.vapid.delete({ kid }, { signal: controller.signal }).catch((error: unknown) => (error as { code: string }).code);
    }, kid);
    const at = await person.at(words.approve.confirmTitle);
    await page.evaluate(() => (globalThis as unknown as { giveUp(): void }).giveUp());
    assert.equal(await ended, "aborted");
    await until("the question to go", async () => (await at.run(readPage).catch(() => null))?.heading !== words.approve.confirmTitle);
    assert.equal(await signFailure(page, { kid, aud, sub }), null);
  });
});

// Mistake M04 (docs/mistakes.md): a gate opened without an authenticator.
test("a passkey that does not verify the person does not open the vault", { skip: !chromium }, async () => {
  await visit(stage.app.url, async (page, _, person) => {
    const authenticator = await addAuthenticator(page, { prf: false });
    await setUp(page, person, { method: "passkey" });
    await lock(page);
    await authenticator.setVerified(false);
    const end = begin(page, "unlock");
    const at = await person.givePasskey();
    assert.equal(await person.problem(at), words.problems.passkey_failed);
    assert.equal((await page.evaluate(() => kms.status())).state, "locked");
    await authenticator.setVerified(true);
    await person.givePasskey();
    assert.equal(await end, null);
  });
});

test("where the enclave may open no window, the app is told that it was blocked", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    const asked = page.evaluate(async (url) => {
      const frame = await app.embed(url, { sandbox: "allow-scripts allow-same-origin", width: "600", height: "500" });
      frame.style.opacity = "0.5"; // so that it goes to a window in every browser
      const line = app.greet(frame.contentWindow as Window, new URL(url).origin, app.hello());
      await line.next();
      return line.ask({ id: 1, method: "vault.setup", params: "{}" });
    }, stage.enclave.url);
    await person.openWindow();
    const answer = await asked;
    assert.equal("error" in answer && answer.error.code, "ceremony_blocked");
  });
});
