// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import * as words from "../shell/ceremony/strings.ts";
import { passphrase } from "./person.ts";
import { readPage, textbox } from "./roles.ts";
import { settings } from "./settings.ts";
import { stage, visit } from "./stage.ts";
import { later, pause, PuppeteerSurface, until } from "./surface.ts";
import { lock, setUp } from "./vault.ts";

/** What an app can do to the frame that shows a ceremony. Each runs in the app's page and returns how to undo it. */
const tricks: Record<string, () => () => void> = {
  "covers it by a line that lets clicks through"() {
    const cover = document.createElement("div");
    cover.popover = "manual";
    cover.style.cssText = "position: fixed; inset: 30% 0 auto 0; width: 100%; height: 24px; background: #fff; pointer-events: none";
    document.body.append(cover);
    cover.showPopover();
    return () => cover.remove();
  },
  "makes it transparent"() {
    const frame = document.querySelector("iframe") as HTMLIFrameElement;
    frame.style.opacity = "0.02";
    return () => void (frame.style.opacity = "");
  },
  "makes what is around it transparent"() {
    const dialog = document.querySelector("dialog[open]") as HTMLElement;
    dialog.style.opacity = "0.9";
    return () => void (dialog.style.opacity = "");
  },
  "makes it small"() {
    const frame = document.querySelector("iframe") as HTMLIFrameElement;
    frame.style.transform = "scale(0.4)";
    return () => void (frame.style.transform = "");
  },
  "blurs it"() {
    const frame = document.querySelector("iframe") as HTMLIFrameElement;
    frame.style.filter = "blur(9px)";
    return () => void (frame.style.filter = "");
  },
  "crops it"() {
    const frame = document.querySelector("iframe") as HTMLIFrameElement;
    frame.style.clipPath = "inset(60% 0 0 0)";
    return () => void (frame.style.clipPath = "");
  },
  "moves it out of the window"() {
    const frame = document.querySelector("iframe") as HTMLIFrameElement;
    frame.style.transform = "translateX(-60%)";
    return () => void (frame.style.transform = "");
  },
  "leaves it a strip"() {
    const frame = document.querySelector("iframe") as HTMLIFrameElement;
    frame.style.height = "90px";
    return () => void (frame.style.height = "100%");
  },
};

declare global {
  var undo: () => void;
}

// Mistake M26 (docs/mistakes.md): a frame that the app covered or styled accepted a passphrase.
test("a frame that is not fully visible accepts nothing", { skip: settings.browser() !== "chromium" }, async (t) => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    await lock(page);
    const unlocked = later(page.evaluate(() => kms.vault.unlock()));
    const at = (await person.at(words.unlock.title)) as PuppeteerSurface;
    const field = textbox(words.passphrase.label);
    for (const [name, trick] of Object.entries(tricks)) {
      await t.test(`when the app ${name}`, async () => {
        await until("the field", () => at.has(field));
        await page.evaluate(`globalThis.undo = (${trick.toString().replace(/^"[^"]*"/, "function")})()`);
        await until("the notice", async () => (await at.run(readPage)).buttons.includes(words.places.open));
        assert.equal(await at.has(field), false, "the field can be used");
        const before = await at.run(readPage);
        // Whoever can place the focus or send a click still cannot enter anything.
        await at.run(() => document.querySelector("input")?.focus());
        await page.keyboard.sendCharacter(passphrase);
        await page.keyboard.press("Enter");
        await at.run(() => document.querySelector("form")?.requestSubmit());
        await pause(150);
        assert.equal(await at.run(() => document.querySelector<HTMLInputElement>("input[type=password]")?.value), "");
        assert.equal((await at.run(readPage)).heading, before.heading);
        await page.evaluate(() => undo());
        await until("the field again", () => at.has(field));
      });
    }
    await t.test("and when everything is visible again it goes on", async () => {
      await person.giveChosen();
      await unlocked;
    });
  });
});

test("what has just become visible accepts nothing for half a second", { skip: settings.browser() !== "chromium" }, async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    await lock(page);
    const unlocked = later(page.evaluate(() => kms.vault.unlock()));
    const at = (await person.at(words.unlock.title)) as PuppeteerSurface;
    await until("the field", () => at.has(textbox(words.passphrase.label)));
    const dark = await page.evaluate(async () => {
      const frame = document.querySelector("iframe") as HTMLIFrameElement;
      frame.style.opacity = "0.5";
      await new Promise((done) => setTimeout(done, 600));
      frame.style.opacity = "";
      return performance.timeOrigin + performance.now();
    });
    await until("the field", () => at.has(textbox(words.passphrase.label)));
    const waited = (await page.evaluate(() => performance.timeOrigin + performance.now())) - dark;
    assert.ok(waited >= 450, `it accepted input after ${waited} ms`);
    await person.giveChosen();
    await unlocked;
  });
});
