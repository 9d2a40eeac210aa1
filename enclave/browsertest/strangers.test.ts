// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { addAuthenticator } from "./authenticator.ts";
import { connect } from "./client.ts";
import { passphrase } from "./person.ts";
import { readPage } from "./roles.ts";
import { settings } from "./settings.ts";
import { asReleased, stage, visit } from "./stage.ts";
import { later, pause, PuppeteerSurface, until } from "./surface.ts";
import { lock, setUp, unlock } from "./vault.ts";

const chromium = settings.browser() === "chromium";

/** Everything that an app's page can come by, which it writes down before any script of its own runs. */
interface Spied {
  /** What came by postMessage to any of the page's windows, and on any port that was made or came. */
  heard: string[];
  /** Calls of what the enclave must not leave to the app: windows, passkeys, workers. */
  called: string[];
}

declare global {
  var spied: Spied;
}

/** Makes the page a hostile one: it listens to all there is, without the SDK knowing. */
async function spy(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(() => {
    globalThis.spied = { heard: [], called: [] };
    const note = (event: MessageEvent) => spied.heard.push(JSON.stringify(event.data) ?? "");
    addEventListener("message", note, true);
    const start = MessagePort.prototype.start;
    const listen = (port: MessagePort) => port.addEventListener("message", note);
    MessagePort.prototype.start = function () {
      listen(this);
      start.call(this);
    };
    const handler = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
    Object.defineProperty(MessagePort.prototype, "onmessage", {
      ...handler,
      set(value) {
        listen(this as MessagePort);
        handler?.set?.call(this, value);
      },
    });
    const watch = (holder: object, name: string) => {
      const original = (holder as Record<string, unknown>)[name] as (...args: unknown[]) => unknown;
      Object.defineProperty(holder, name, {
        value(this: unknown, ...args: unknown[]) {
          spied.called.push(name);
          return original.apply(this, args);
        },
      });
    };
    watch(window, "open");
    if (globalThis.CredentialsContainer) {
      watch(CredentialsContainer.prototype, "create");
      watch(CredentialsContainer.prototype, "get");
    }
  });
}

// Mistake M01 (docs/mistakes.md): the app could read what was typed in the window. Mistake M30: recovery words went
// to the app. Mistake M34: WebAuthn ran in the app's origin. Mistake M24: what was for others leaked to the app.
test("an app that listens to everything learns nothing of a ceremony but that it is shown, and its answers", async () => {
  await visit("about:blank", async (page, _, person) => {
    await spy(page);
    await page.goto(stage.app.url, { waitUntil: "load" });
    const authenticator = chromium ? await addAuthenticator(page) : undefined;
    const written = await setUp(page, person, { recovery: true });
    await lock(page);
    await unlock(page, () => person.giveRecovery(written));
    if (chromium) {
      const managed = later(page.evaluate(() => kms.vault.manage()));
      await person.answer(words.manage.title, words.manage.add.passkey ?? "");
      await person.giveChosen();
      await person.makePasskey();
      await person.answer(words.manage.title, words.header.close);
      await managed;
    }

    const { heard, called } = await page.evaluate(() => spied);
    assert.deepEqual(called, [], "the app's page took part");
    const all = heard.join("\n");
    assert.ok(!all.includes(passphrase), "the passphrase was heard");
    assert.ok(!written.some((word) => new RegExp(`\\b${word}\\b`).test(all)), "a recovery word was heard");
    assert.ok(!/"secrets"|credential|authenticatorData/i.test(all), all);
    for (const text of heard) {
      const message = JSON.parse(text) as Record<string, unknown>;
      const known =
        (message.kms === "show" || message.kms === "hide") && Object.keys(message).length === 1
          ? true
          : "event" in message || typeof message.id === "number";
      assert.ok(known, `the app heard ${text}`);
    }
    const answered = heard.map((text) => (JSON.parse(text) as { id?: number }).id).filter((id) => id !== undefined);
    assert.equal(new Set(answered).size, answered.length, "something was answered twice");
    if (authenticator) assert.deepEqual(await authenticator.relyingParties(), [new URL(stage.enclave.url).hostname]);
  });
});

// Mistake M01 (docs/mistakes.md), M34: as above, where the ceremony is in a window of its own.
test("the app cannot reach the enclave's window while a secret is typed there", async () => {
  await visit("about:blank", async (page, context, person) => {
    await spy(page);
    await page.goto(stage.app.url, { waitUntil: "load" });
    await setUp(page, person);
    await lock(page);
    if (chromium) await page.evaluate(coverFrame); // so that it goes to a window here too
    const unlocked = later(page.evaluate(() => kms.vault.unlock()));
    if (chromium) await person.openWindow();
    const at = await person.at(words.unlock.title);
    assert.match(at.url, /\/window\.html$/);
    const reach = await page.evaluate(() => {
      const frame = document.querySelector("iframe")?.contentWindow as Window;
      const tries: Record<string, () => unknown> = {
        "the frame's opener": () => frame.opener,
        "the frame's frames": () => frame.length,
        "a window by name": () => window.open("", "window.html", "popup"),
      };
      return Object.entries(tries).map(([name, reach]) => {
        try {
          const found = reach() as Window | number | null;
          const own = typeof found === "object" && found?.location.href === "about:blank"; // a new one
          if (own) found?.close();
          return found === null || found === 0 || own ? "" : name;
        } catch {
          return "";
        }
      });
    });
    assert.deepEqual(reach.filter(Boolean), []);
    await person.giveChosen();
    await unlocked;
    const { heard } = await page.evaluate(() => spied);
    assert.ok(!heard.join().includes(passphrase));
    await until("the window to close", async () => (await context.pages()).every((other) => !other.url().endsWith("window.html")));
  });
});

/** Runs in the app's page: puts something over the enclave's frame whenever the SDK shows it. */
function coverFrame(): void {
  const cover = document.createElement("div");
  cover.popover = "manual";
  cover.style.cssText = "position: fixed; inset: 40% 0 auto 0; width: 100%; height: 20px; background: white";
  document.body.append(cover);
  cover.showPopover();
  const raise = () => {
    cover.hidePopover();
    cover.showPopover(); // the last in the top layer is over the others
  };
  for (const dialog of document.querySelectorAll("dialog")) {
    new MutationObserver(raise).observe(dialog, { attributes: true, attributeFilter: ["open"] });
  }
}

// Mistake M02 (docs/mistakes.md): any website could open the genuine window and be handed what was typed in it.
test("a foreign page that opens the enclave's window gets nothing, and there is nothing to type in it", async () => {
  await visit(stage.app.url, async (page, context) => {
    const heard = page.evaluate(async (url) => {
      const heard: unknown[] = [];
      addEventListener("message", (event) => heard.push(event.data));
      const foreign = window.open(url, "_blank", "popup") as Window;
      const subject = { operation: "vault.unlock", origin: "https://bank.example", user: "Ada" };
      const screen = { kms: "screen", turn: 1, text: JSON.stringify({ screen: "unlock", data: { subject } }) };
      const release = "0".repeat(64);
      const messages = [
        { kms: "stage", subject, release },
        { kms: "stage", id: 1, subject },
        { kms: "connect", origin: location.origin },
        screen,
        { kms: "hello", protocol: 2, nonce: "A".repeat(22) },
      ];
      for (let n = 0; n < 60; n++) {
        for (const message of messages) {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = (event) => heard.push(event.data);
          foreign.postMessage(message, "*", [port2]);
          port1.postMessage(screen);
        }
        await new Promise((done) => setTimeout(done, 100));
      }
      return heard;
    }, `${stage.enclave.url}window.html`);
    const opened = await until("the window", async () =>
      (await context.pages()).find((other) => other.url().endsWith("/window.html")),
    );
    const at = new PuppeteerSurface(opened.mainFrame());
    await until("its words", async () => (await at.run(readPage)).heading === words.places.nothingTitle);
    assert.equal(await at.run(() => document.querySelectorAll("input, textarea, select, form button").length), 0);
    const answers = (await heard).filter((message) => !JSON.stringify(message).includes('"error"'));
    assert.deepEqual(answers, []);
    assert.equal((await at.run(readPage)).heading, words.places.nothingTitle);
    await opened.close();
  });
});

test("the enclave's window refuses to be framed", async () => {
  await visit(stage.app.url, async (page) => {
    await page.evaluate((url) => {
      const frame = document.createElement("iframe");
      frame.src = url;
      document.body.append(frame);
    }, `${stage.enclave.url}window.html`);
    await pause(700);
    for (const frame of page.frames().slice(1)) {
      const shown = await frame.evaluate(() => document.querySelector("main")?.textContent ?? "").catch(() => "");
      assert.doesNotMatch(shown, new RegExp(words.places.nothingTitle));
    }
    stage.enclave.host.reports.splice(0);
  });
});

// Mistake M22 (docs/mistakes.md): the app could inject what only the worker says. Mistake M23: handlers looked neither
// at the origin nor at the source of a message.
test("messages of the enclave's own parts do nothing when an app or another frame sends them", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    await lock(page);
    const unlocked = later(page.evaluate(() => kms.vault.unlock()));
    const at = await person.at(words.unlock.title);
    await page.evaluate(async () => {
      const target = window.frames[0] as Window;
      const sibling = await app.embed("/app.html", { sandbox: "allow-scripts allow-same-origin" });
      const subject = { operation: "vault.manage", origin: "https://bank.example", user: "Eve" };
      const input = { kms: "input", turn: 1, action: "passphrase", fields: "{}", secrets: [new ArrayBuffer(8)] };
      const messages = [
        { kms: "ready" },
        { kms: "staged", id: 1, embedded: false, rpId: "localhost", origin: location.origin, passkeys: false },
        { kms: "unstaged", id: 1, reason: "cancelled" },
        { kms: "stage", id: 2, subject },
        { kms: "unstage", id: 1 },
        { kms: "locked", seats: [] },
        { kms: "screen", turn: 9, text: JSON.stringify({ screen: "done", data: { subject, message: "created" } }) },
        { kms: "end" },
        input,
        { kms: "failed", code: "internal", message: "no" },
        { kms: "up" },
      ];
      const inner = sibling.contentWindow as Window & { app: typeof app };
      for (const message of messages) {
        for (const from of [app, inner.app]) {
          target.postMessage(message, "*");
          from.greet(target, kms.origin, message);
        }
      }
      sibling.remove();
    });
    await pause(500);
    const shown = await at.run(readPage);
    assert.equal(shown.heading, words.unlock.title);
    assert.ok(!shown.text.includes("Eve") && !shown.text.includes("bank.example"), shown.text);
    assert.equal((await page.evaluate(() => kms.status())).state, "locked");
    await person.giveChosen();
    await unlocked;
  });
});

// Mistake M24 (docs/mistakes.md): other frames of the app's origin were answered.
test("only the page that embeds the enclave is answered, not another frame or tab of its origin", async () => {
  await visit(stage.app.url, async (page) => {
    await connect(page);
    const heard = await page.evaluate(async () => {
      const heard: unknown[] = [];
      const sibling = await app.embed("/app.html", { sandbox: "allow-scripts allow-same-origin" });
      const inner = sibling.contentWindow as Window & { app: typeof app };
      inner.addEventListener("message", (event) => heard.push(event.data));
      await kms.status();
      const line = inner.app.greet(window.frames[0] as Window, kms.origin, inner.app.hello());
      const answer = await line.within(500);
      return { heard, answer };
    });
    assert.deepEqual(heard.heard, []);
    assert.ok(heard.answer === null || "error" in heard.answer, JSON.stringify(heard.answer));
  });
});

// Mistakes M33 and M39 (docs/mistakes.md): the page loaded from elsewhere; a host's name was written into the code.
test("the enclave loads nothing from any other host than its own", async () => {
  await visit("about:blank", async (page, _, person) => {
    const hosts = new Set<string>();
    page.on("request", (request) => hosts.add(new URL(request.url()).origin));
    await page.goto(stage.app.url, { waitUntil: "load" });
    await setUp(page, person);
    assert.deepEqual([...hosts].filter((host) => host !== "null").sort(), [stage.app.host.origin, stage.enclave.host.origin].sort());
  });
});

// Mistake M32 (docs/mistakes.md): localhost could frame every deployment.
test("an origin that the deployment does not list may not frame the enclave, whatever its name", async () => {
  stage.enclave.deploy([stage.otherApp.host.origin]);
  try {
    await visit(stage.app.url, async (page) => {
      const connected = await page.evaluate(
        (url, release) =>
          app.sdk.connect({ url, release, timeout: 1500 }).then(
            () => "connected",
            (error: unknown) => (error as { code: string }).code,
          ),
        stage.enclave.url,
        stage.enclave.digest,
      );
      assert.equal(connected, "unreachable");
      stage.enclave.host.reports.splice(0);
    });
  } finally {
    asReleased();
  }
});
