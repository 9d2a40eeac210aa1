// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { addAuthenticator } from "./authenticator.ts";
import { connect, generate } from "./client.ts";
import { findSerious, overflow, picture, prefer, schemes } from "./looks.ts";
import { type Person, passphrase, personAt } from "./person.ts";
import { button, readPage, textbox } from "./roles.ts";
import { settings } from "./settings.ts";
import { openIn, stage, visit } from "./stage.ts";
import { later, PuppeteerSurface, type Surface, until } from "./surface.ts";
import { lock, setUp } from "./vault.ts";

const { manage } = words;
const chromium = settings.browser() === "chromium";

/**
 * WCAG 2.2, 1.4.10: 320 CSS pixels, which is also 1280 pixels at 400 % and 640 at 200 %. For pictures, about
 * a window of the enclave's own.
 */
const size = settings.pictures() === undefined ? { width: 320, height: 4000 } : { width: 480, height: 660 };

/** Of each screen what is wrong with it, collected on the way. */
class Inspector {
  readonly wrong: string[] = [];
  readonly seen: string[] = [];
  readonly #page: Page;
  readonly #person: Person;

  constructor(page: Page, person: Person) {
    this.#page = page;
    this.#person = person;
  }

  /** Waits for a screen and looks at it in both colour schemes, narrow, and with large letters. */
  async look(name: string, ...titles: string[]): Promise<PuppeteerSurface> {
    const at = (await this.#person.at(...titles)) as PuppeteerSurface;
    await until(`${name} to be usable`, async () => at.run(() => document.querySelector("form[inert]") === null));
    this.seen.push(name);
    for (const scheme of schemes) {
      await prefer(this.#page, scheme);
      for (const serious of await findSerious(at, scheme === "dark")) this.#note(name, scheme, serious);
    }
    await prefer(this.#page, "light");
    await picture(this.#page, name);
    await this.#wide(at, name, `${size.width} pixels`);
    await at.run(() => void (document.documentElement.style.fontSize = "200%")); // 1.4.4
    await this.#wide(at, name, "letters of 200 %");
    await at.run(() => void (document.documentElement.style.fontSize = ""));
    return at;
  }

  async #wide(at: PuppeteerSurface, name: string, how: string): Promise<void> {
    const { by, elements } = await overflow(at);
    if (by > 0) this.#note(name, how, `wider by ${by} pixels: ${elements.join(", ")}`);
  }

  #note(name: string, how: string, what: string): void {
    this.wrong.push(`${name}, ${how}: ${what}`);
  }
}

test("no screen has a serious barrier in light or dark colours, and none scrolls sideways at 320 pixels or 200 %", {
  skip: !chromium,
  timeout: 120_000,
}, async () => {
  await visit("about:blank", async (page, context, person) => {
    await page.setViewport(size);
    await page.goto(stage.app.url, { waitUntil: "load" });
    await addAuthenticator(page, { prf: false });
    await connect(page);
    const inspector = new Inspector(page, person);

    const made = later(page.evaluate(() => kms.vault.setup()));
    let at: Surface = await inspector.look("welcome", words.users.welcomeTitle);
    await person.begin();
    at = await inspector.look("new-passphrase", words.passphrase.chooseTitle);
    await at.type(textbox(words.passphrase.newLabel), passphrase);
    await at.type(textbox(words.passphrase.again), "something else");
    await until("the strength", () => at.run(() => document.querySelector("meter")?.checkVisibility() ?? false));
    await at.click(button(words.passphrase.next));
    await person.problem(at);
    at = await inspector.look("new-passphrase-differs", words.passphrase.chooseTitle);
    await at.run(() => document.querySelectorAll("input").forEach((input) => (input.value = "")));
    await at.run((name) => void (document.querySelector<HTMLInputElement>("input[autocomplete=username]")!.value = name), "Ada");
    await person.choosePassphrase();
    at = await inspector.look("recovery-key", words.recovery.showTitle);
    const written = await at.run(() => [...document.querySelectorAll("ol.words li")].map((item) => item.textContent ?? ""));
    await at.click(button(words.recovery.written));
    at = await inspector.look("confirm-recovery", words.recovery.typeTitle);
    await person.typeRecovery(written);
    await inspector.look("done", words.ends.doneTitle);
    await person.finish();
    await made;

    const { kid } = await generate(page);
    const deleted = later(page.evaluate((kid) => kms.vapid.delete({ kid }).catch(() => undefined), kid));
    at = await inspector.look("confirm", words.approve.confirmTitle);
    await at.click(button(words.approve.deny));
    await deleted;

    const managed = later(page.evaluate(() => kms.vault.manage()));
    at = await inspector.look("manage", manage.title);
    await at.click(button(manage.rules(0)));
    at = await inspector.look("rules", manage.rulesTitle);
    await at.click(button(words.header.back));
    await at.click(button(manage.log));
    at = await inspector.look("log", words.log.title);
    await at.click(button(words.log.export));
    at = await inspector.look("log-export", words.log.exportTitle);
    await at.click(button(words.header.back));
    await person.answer(words.log.title, words.header.back);
    at = await person.at(manage.title);
    await at.click(button(manage.add.passkey ?? ""));
    await inspector.look("prove", words.unlock.proveTitle);
    await person.giveChosen();
    at = await inspector.look("create-passkey", words.passkey.createTitle);
    await at.click(button(words.passkey.create));
    at = await inspector.look("gate-notice", words.passkey.gateTitle);
    await at.click(button(words.passkey.gateContinue));
    await person.answer(manage.title, manage.reset);
    at = await inspector.look("reset", words.reset.title);
    await at.click(button(words.header.back));
    await person.answer(manage.title, words.header.close);
    await managed;

    const stranger = await openIn(context, stage.otherApp.url);
    await stranger.setViewport(size);
    await connect(stranger);
    const granted = later(stranger.evaluate(() => kms.vault.unlock()));
    const there = new Inspector(stranger, personAt(stranger, stage.enclave.host.origin));
    at = await there.look("grant", words.approve.grantTitle);
    await at.click(button(words.approve.allow));
    await granted;
    await stranger.close();
    await page.bringToFront();

    await lock(page);
    const unlocked = later(page.evaluate(() => kms.vault.unlock()));
    at = await inspector.look("unlock-passkey", words.unlock.title);
    await at.click(button(words.unlock.choose.recovery));
    at = await inspector.look("unlock-recovery", words.unlock.title);
    for (let tries = 0; tries < 3; tries++) {
      at = await person.giveChosen("a wrong passphrase 99");
      await person.problem(at);
      if (tries < 2) await at.run(() => document.querySelector("[role=alert]")?.replaceChildren());
    }
    await until("the wait", async () => (await at.run(readPage)).text.includes("Try again in"));
    at = await inspector.look("unlock", words.unlock.title);
    await person.givePasskey();
    await unlocked;
    await lock(page);
    const another = later(page.evaluate(() => kms.vault.setup()));
    await person.setUp({ name: "Grace" });
    await another;
    await lock(page);
    const chosen = later(page.evaluate(() => kms.vault.unlock().catch(() => undefined)));
    at = await inspector.look("choose-user", words.users.chooseTitle);
    await page.evaluate(() => {
      const frame = document.querySelector("dialog[open] iframe") as HTMLIFrameElement;
      frame.style.opacity = "0.97";
    });
    await until("the notice", async () => (await at.run(readPage)).buttons.includes(words.places.open));
    inspector.wrong.push(...(await findSerious(at as PuppeteerSurface)).map((what) => `covered: ${what}`));
    await picture(page, "covered");
    await at.click(button(words.header.cancel));
    await chosen;

    assert.deepEqual([...inspector.wrong, ...there.wrong], []);
    assert.equal(new Set(inspector.seen).size, inspector.seen.length);
  });
});

test("the pages that are not part of a ceremony have no serious barrier either", { skip: !chromium }, async () => {
  await visit(stage.enclave.url, async (page) => {
    await page.setViewport(size);
    const at = new PuppeteerSurface(page.mainFrame());
    await until("the button", () => at.has(button(words.places.manage)));
    for (const scheme of schemes) {
      await prefer(page, scheme);
      assert.deepEqual(await findSerious(at), [], scheme);
    }
    await prefer(page, "light");
    await picture(page, "home");
    await page.goto(`${stage.enclave.url}window.html`, { waitUntil: "load" });
    await until("its words", async () => (await at.run(readPage)).heading === words.places.nothingTitle);
    assert.deepEqual(await findSerious(at), []);
    await picture(page, "nothing-to-do");
  });
});

test("on its own page the enclave sets up and manages the vaults of its own address", async () => {
  await visit(stage.enclave.url, async (page, context) => {
    const person = personAt(page, stage.enclave.host.origin);
    const at = new PuppeteerSurface(page.mainFrame());
    await at.click(button(words.places.manage));
    await person.setUp({ name: "Ada" });
    await until("the page", () => at.has(button(words.places.manage)));
    await at.click(button(words.places.manage));
    await person.answer(manage.title, manage.lock);
    await until("the page", () => at.has(button(words.places.manage)));
    void context;
  });
});

test("with the keyboard alone a vault is set up and unlocked, and the focus never leaves the ceremony", { skip: !chromium }, async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await connect(page);
    const made = later(page.evaluate(() => kms.vault.setup()));
    const focused = (at: PuppeteerSurface) =>
      at.run(() => {
        const { activeElement: active } = document;
        const style = active && getComputedStyle(active);
        return {
          name: active?.getAttribute("aria-label") ?? (active as HTMLInputElement | null)?.labels?.[0]?.textContent ?? active?.textContent ?? "",
          outline: style ? `${style.outlineStyle} ${style.outlineWidth}` : "",
          inside: active?.closest("[role=dialog]") !== null,
        };
      });
    /** Presses Tab until something of this name has the focus. */
    const tabTo = async (at: PuppeteerSurface, name: string): Promise<void> => {
      for (let n = 0; n < 25; n++) {
        const now = await focused(at);
        assert.ok(now.inside, `the focus left: ${now.name}`);
        if (now.name === name) {
          assert.match(now.outline, /^(solid|auto) [1-9]/, `${name} does not show that it has the focus`);
          return;
        }
        await page.keyboard.press("Tab");
      }
      assert.fail(`Tab does not reach ${name}`);
    };
    const ready = async (title: string) => {
      const at = (await person.at(title)) as PuppeteerSurface;
      await until(title, async () => at.run(() => document.querySelector("form[inert]") === null));
      return at;
    };

    let at = await ready(words.users.welcomeTitle);
    assert.equal((await focused(at)).name, words.users.name, "the first field has the focus");
    await page.keyboard.type("Ada");
    await page.keyboard.press("Enter");
    at = await ready(words.passphrase.chooseTitle);
    assert.equal((await focused(at)).name, words.passphrase.newLabel);
    await page.keyboard.type(passphrase);
    await tabTo(at, words.passphrase.again);
    await page.keyboard.type(passphrase);
    await page.keyboard.press("Enter");
    at = await ready(words.recovery.showTitle);
    await tabTo(at, words.recovery.skip);
    await page.keyboard.press("Enter");
    at = await ready(words.ends.doneTitle);
    await tabTo(at, words.header.close);
    await page.keyboard.press("Enter");
    await made;

    await lock(page);
    const unlocked = later(page.evaluate(() => kms.vault.unlock()));
    at = await ready(words.unlock.title);
    assert.equal((await focused(at)).name, words.passphrase.label);
    for (let n = 0; n < 12; n++) {
      await page.keyboard.press("Tab");
      assert.ok((await focused(at)).inside, "the focus left the ceremony");
    }
    await tabTo(at, words.passphrase.label);
    await page.keyboard.type("a wrong passphrase 99");
    await page.keyboard.press("Enter");
    await person.problem(at);
    await until("the field", async () => (await focused(at)).name === words.passphrase.label);
    const described = await at.run(() => {
      const field = document.activeElement;
      const ids = (field?.getAttribute("aria-describedby") ?? "").split(" ");
      return { invalid: field?.getAttribute("aria-invalid"), text: ids.map((id) => document.getElementById(id)?.textContent).join() };
    });
    assert.equal(described.invalid, "true");
    assert.match(described.text, new RegExp((words.problems.wrong_passphrase ?? "?").slice(0, 20)));
    await page.keyboard.type(passphrase);
    await page.keyboard.press("Enter");
    await unlocked;
  });
});

test("nothing moves for those who asked for less motion", { skip: !chromium }, async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await prefer(page, "light", true);
    await setUp(page, person);
    await lock(page);
    const unlocked = later(page.evaluate(() => kms.vault.unlock()));
    const at = await person.at(words.unlock.title);
    const moving = await at.run(() =>
      [...document.querySelectorAll("*")]
        .filter((element) => {
          const { animationName, animationDuration, transitionDuration } = getComputedStyle(element);
          const takesTime = (durations: string) => durations.split(",").some((duration) => Number.parseFloat(duration) > 0.01);
          return (animationName !== "none" && takesTime(animationDuration)) || takesTime(transitionDuration);
        })
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(moving, []);
    await person.giveChosen();
    await unlocked;
  });
});
