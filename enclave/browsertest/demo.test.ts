// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";

import type { Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { Demo } from "./demo.ts";
import { Host, mediaType } from "./host.ts";
import { type Person, personAt } from "./person.ts";
import { findBarriers, findFaintText, tabTo, waitForText } from "./reading.ts";
import { settings } from "./settings.ts";
import { asReleased, stage } from "./stage.ts";

let demo: Demo;
before(async () => {
  demo = await Demo.start();
});
after(() => demo.stop());
afterEach(asReleased);

/** Opens the demo with storage of its own; fails if anything was stopped by a policy meanwhile. */
async function visitDemo(url: string, use: (page: Page) => Promise<void>): Promise<void> {
  const context = await stage.browser.createBrowserContext();
  try {
    const page = await context.newPage();
    const complaints = await listen(page);
    await page.goto(url, { waitUntil: "load" });
    await use(page);
    for (const frame of page.frames()) complaints.push(...(await frame.evaluate(() => globalThis.violations)));
    assert.deepEqual(complaints, [], "a policy was violated or a script failed");
  } finally {
    await context.close();
  }
}

/** Collects what the page's console and its uncaught errors say; violations stay in each frame. */
async function listen(page: Page): Promise<string[]> {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (/content.security.policy|trusted ?type|integrity/i.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.evaluateOnNewDocument(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (event) => {
      globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return complaints;
}

/** The person in front of the demo, whose enclave is on the origin that the page names. */
async function personOf(page: Page): Promise<Person> {
  await waitForText(page, "#connection", /^Connected/);
  return personAt(page, await page.$eval("#fact-origin", (fact) => fact.textContent ?? ""));
}

/** Sets up a vault, as every test here needs one. */
async function openVault(page: Page): Promise<Person> {
  const person = await personOf(page);
  await page.click("#set-up");
  await person.setUp();
  await waitForText(page, "#vault-state", /open/i);
  return person;
}

test("with the keyboard alone: set up, make a key, sign, copy; after a reload it is unlocked and the key is there", async () => {
  await visitDemo(demo.url, async (page) => {
    const person = await personOf(page);
    assert.equal(await page.$eval("#fact-release", (fact) => fact.textContent), stage.enclave.digest);
    const stops = await tabTo(page, "set-up");
    await page.keyboard.press("Enter");
    await person.setUp();
    await waitForText(page, "#vault-state", /open/i);
    await page.waitForFunction(() => !document.querySelector("dialog[open]")); // the page hears of "open" a moment before

    stops.push(...(await tabTo(page, "make-key")));
    await page.keyboard.press("Enter");
    await waitForText(page, "#news", /key is made/);
    const kid = await page.$eval("#key-kid", (element) => element.textContent ?? "");
    assert.match(kid, /^[\w-]{43}$/);

    stops.push(...(await tabTo(page, "aud")));
    await page.keyboard.type("https://push.example.org"); // Tab selected what was there
    stops.push(...(await tabTo(page, "sign")));
    await page.keyboard.press(" ");
    await waitForText(page, "#news", /token is signed/);
    const claims = JSON.parse(await page.$eval("#token-claims", (element) => element.textContent ?? "")) as {
      aud: string;
    };
    assert.equal(claims.aud, "https://push.example.org");
    const token = await page.$eval("#token", (area) => (area as HTMLTextAreaElement).value);

    stops.push(...(await tabTo(page, "copy-token")));
    await page.keyboard.press("Enter");
    await waitForText(page, "#news", /copied/);
    assert.equal(await paste(page), token);
    for (const { id, outline } of stops)
      assert.match(outline, /^(solid|auto) [1-9]/, `#${id} does not show that it has the focus`);

    await page.reload({ waitUntil: "load" });
    await waitForText(page, "#vault-state", /locked/i);
    await tabTo(page, "unlock");
    await page.keyboard.press("Enter");
    await (await personOf(page)).giveChosen();
    await waitForText(page, "#key-origin", /earlier visit/);
    assert.equal(await page.$eval("#key-kid", (element) => element.textContent), kid);
  });
});

/** What the clipboard holds, as a person finds out: by pasting it somewhere. */
async function paste(page: Page): Promise<string> {
  await page.focus("#sub");
  await page.$eval("#sub", (input) => (input as HTMLInputElement).select());
  await page.keyboard.down("Control");
  await page.keyboard.press("v");
  await page.keyboard.up("Control");
  return page.$eval("#sub", (input) => (input as HTMLInputElement).value);
}

test("every control has a name, and every text is readable in light and in dark colours", async () => {
  await visitDemo(demo.url, async (page) => {
    await openVault(page);
    await page.click("#make-key");
    await waitForText(page, "#news", /key is made/);
    await page.click("#sign");
    await waitForText(page, "#news", /token is signed/);
    await page.click("#show-log");
    await waitForText(page, "#log", /vapid\.sign|token/i);
    assert.deepEqual(await findBarriers(page), []);
    const papers = new Set<string>();
    for (const scheme of ["light", "dark"]) {
      papers.add(await paint(page, scheme));
      assert.deepEqual(await findFaintText(page), [], scheme);
    }
    assert.equal(papers.size, 2, "the two schemes have different backgrounds");
  });
});

/** Makes the page look as for someone who prefers the scheme, and returns its background. */
function paint(page: Page, scheme: string): Promise<string> {
  return page.evaluate((scheme) => {
    for (const rule of document.styleSheets[0]?.cssRules ?? []) {
      // Puppeteer cannot set the preference in Firefox, so the rule is made to hold or not.
      if (rule instanceof CSSMediaRule) rule.media.mediaText = scheme === "dark" ? "all" : "not all";
    }
    return getComputedStyle(document.body).backgroundColor;
  }, scheme);
}

test("what the enclave does not accept is said in plain words, and deleting a key takes its token away", async () => {
  await visitDemo(demo.url, async (page) => {
    const person = await openVault(page);
    await page.click("#make-key");
    await waitForText(page, "#news", /key is made/);
    await page.focus("#aud");
    await page.$eval("#aud", (input) => (input as HTMLInputElement).select());
    await page.keyboard.type("https://push.example.org/path");
    await page.keyboard.press("Enter");
    await waitForText(page, "#problem", /did not accept what was entered\. \(invalid_params: /);

    await page.click("#delete-key");
    await person.answer(words.approve.confirmTitle, words.approve.allow);
    await waitForText(page, "#news", /key is deleted/);
    assert.equal(await page.$eval("#problem", (alert) => alert.textContent), "");
    assert.equal(
      await page.evaluate(() => document.activeElement?.id),
      "make-key",
      "the focus is not lost with the button",
    );
    assert.equal(await page.evaluate(() => localStorage.length), 0);
  });
});

test("an enclave of another release is refused in plain words, and can be tried again", async () => {
  const app = await Host.start((path) => {
    if (path === "/config.json") return { body: JSON.stringify({ enclave: stage.enclave.url }), headers: {} };
    const name = path.slice(1) || "index.html";
    return { body: readFileSync(join(settings.demo(), name)), headers: { "content-type": mediaType(name) } };
  });
  stage.enclave.deploy([app.origin]);
  stage.enclave.tamper("release.json", (bytes) =>
    Buffer.from(bytes.toString("utf8").replace(/"commit":"[0-9a-z]+"/, `"commit":"${"1".repeat(40)}"`)),
  );
  try {
    await visitDemo(`${app.origin}/`, async (page) => {
      await waitForText(page, "#problem", /another release than the one this page was built for/);
      assert.equal(await page.$eval("#connection", (line) => line.textContent), "Not connected.");
      stage.enclave.restore();
      await page.click("#reconnect");
      await waitForText(page, "#connection", /^Connected/);
      assert.equal(await page.$eval("#problem", (alert) => alert.textContent), "");
    });
  } finally {
    await app.close();
  }
});

test("without its network the page still opens, and an interrupt ends the server cleanly", async () => {
  const own = await Demo.start();
  await visitDemo(own.url, async (page) => {
    await waitForText(page, "#connection", /^Connected/);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    assert.equal(await own.stop(), 0);
    await page.reload({ waitUntil: "load" });
    assert.equal(await page.$eval("h1", (heading) => heading.textContent), "Key enclave demo");
    await waitForText(page, "#connection", /Connecting/);
  });
});

declare global {
  var violations: string[];
}
