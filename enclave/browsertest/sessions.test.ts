// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page, WebWorker } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { connect, generate, signFailure } from "./client.ts";
import { advanceWorkers, runningWorkers } from "./clock.ts";
import { searchWorkers } from "./memory.ts";
import { passphrase, personAt } from "./person.ts";
import { settings } from "./settings.ts";
import { openIn, stage, visit } from "./stage.ts";
import { later, until } from "./surface.ts";
import { lock, setUp, unlock } from "./vault.ts";

const aud = "https://push.example.net";
const sub = "mailto:ops@app.example";
const chromium = settings.browser() === "chromium";

/** Waits until the vault is in this state for the page. */
async function untilState(page: Page, wanted: string): Promise<void> {
  await until(`the state ${wanted}`, async () => {
    return (await page.evaluate(() => kms.status())).state === wanted;
  });
}

test("tabs share one open vault, and locking in one locks all and tells all", async () => {
  await visit(stage.app.url, async (page, context, person) => {
    await setUp(page, person);
    const { kid } = await generate(page);
    const [second, third] = [await openIn(context, stage.app.url), await openIn(context, stage.app.url)];
    for (const tab of [second, third]) {
      await connect(tab);
      // At once: mistake M37 (docs/mistakes.md) was that ready did not mean usable.
      assert.equal(await signFailure(tab, { kid, aud, sub }), null);
    }
    await third.evaluate(() => {
      globalThis.told = [];
      kms.on("state", ({ state }) => told.push(state));
    });
    await lock(second);
    for (const tab of [page, third]) {
      await untilState(tab, "locked");
      assert.equal((await signFailure(tab, { kid, aud, sub }))?.code, "locked");
    }
    assert.equal((await third.evaluate(() => told)).at(-1), "locked");

    await page.bringToFront();
    await unlock(page, () => person.giveChosen());
    await untilState(third, "unlocked");
    assert.equal(await signFailure(third, { kid, aud, sub }), null);
    assert.equal((await third.evaluate(() => told)).at(-1), "unlocked");
  });
});

declare global {
  var told: string[];
}

test("when the tab that opened the vault dies, the others go on, and nobody waits for its locks", async () => {
  await visit("about:blank", async (_, context) => {
    const holder = await openIn(context, stage.app.url);
    await setUp(holder, personAt(holder, stage.enclave.host.origin));
    const { kid } = await generate(holder);
    const heir = await openIn(context, stage.app.url);
    await connect(heir);
    // It dies in the middle of work that holds the lock.
    void later(holder.evaluate(() => void Array.from({ length: 60 }, () => kms.vapid.generate().catch(() => undefined))));
    await holder.close();
    assert.equal(await signFailure(heir, { kid, aud, sub }), null);
    await generate(heir);
  });
});

test("a vault that is not used for fifteen minutes is locked, and use puts that off, but not beyond eight hours", {
  skip: !chromium,
}, async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    const { kid } = await generate(page);
    const begun = await page.evaluate(() => kms.status());
    assert.ok(begun.idleEnds && begun.ends);
    const now = Date.now() / 1000;
    assert.ok(Math.abs(begun.idleEnds - now - 900) < 20 && Math.abs(begun.ends - now - 28_800) < 20);

    await advanceWorkers(page, 890);
    assert.equal(await signFailure(page, { kid, aud, sub }), null);
    await advanceWorkers(page, 890);
    assert.equal(await signFailure(page, { kid, aud, sub }), null, "its use put the limit off");
    await advanceWorkers(page, 901);
    assert.equal((await signFailure(page, { kid, aud, sub }))?.code, "locked");
    await untilState(page, "locked");

    await unlock(page, () => person.giveChosen());
    for (let passed = 0; passed + 800 < 28_800; passed += 800) {
      await advanceWorkers(page, 800);
      assert.equal(await signFailure(page, { kid, aud, sub }), null, `after ${passed + 800} s`);
    }
    await advanceWorkers(page, 800);
    assert.equal((await signFailure(page, { kid, aud, sub }))?.code, "locked", "after eight hours of use");
  });
});

test("locking ends the worker, and nothing secret is to be found in the memory of the next one", { skip: !chromium }, async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await connect(page);
    const made = later(page.evaluate(() => kms.vault.setup()));
    await person.begin();
    await person.choosePassphrase();
    const at = await person.at(words.recovery.showTitle);
    const shown = await at.run(() => [...document.querySelectorAll("ol.words li")].map((item) => item.textContent ?? ""));
    const markers = { recovery: shown.slice(0, 5).join('","'), passphrase };
    const during = await searchWorkers(page, markers);
    assert.ok(during.wasm.includes("recovery"), "the search finds what is there: the words while they are shown");
    await at.click({ role: "button", name: words.recovery.written });
    await person.typeRecovery(shown);
    await person.finish();
    await made;
    const typed = { typed: shown.join(" "), passphrase };
    const open = await searchWorkers(page, typed);
    assert.deepEqual(open.buffers, [], "buffers of secrets are cleared at once");

    const [former] = await runningWorkers(page);
    await lock(page);
    await until("the end of the worker", async () => !(await runningWorkers(page)).includes(former as WebWorker));
    const after = await searchWorkers(page, { ...markers, ...typed });
    assert.deepEqual(after, { wasm: [], buffers: [], strings: [] });
    await unlock(page, () => person.giveChosen());
  });
});
