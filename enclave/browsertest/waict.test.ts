// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, test } from "node:test";

import type { Browser, Page } from "puppeteer-core";

import { closeBrowser, launchBrowser } from "./browser.ts";
import { connect } from "./client.ts";
import { type Person, personAt } from "./person.ts";
import { settings } from "./settings.ts";
import { asReleased, assertNoReports, openIn, stage } from "./stage.ts";
import { setUp } from "./vault.ts";

/**
 * A Firefox in which WAICT is switched on (docs/browsers.md). Released versions have the preferences but not what
 * they switch on, and run forged files; the host sees whether this one reads the manifest.
 */

const header = "integrity-policy-waict-v1";
const skip = settings.browser() !== "firefox";
const preferences = {
  "security.waict.enabled": true,
  "security.integrity_policy.stylesheet.enabled": true, // without it, style is not a destination
  "intl.accept_languages": "eo", // so that a page can tell whether these took effect
};

const manifests = stage.enclave.manifest.files.filter(({ role }) => role === "waict").map(({ path }) => path);
const firefoxManifest = manifests.find((path) => path.endsWith(".json")) ?? "";
/** As FirefoxPolicyOf of kmslib/waict writes it. */
const firefoxPolicy = `max-age=0, mode=enforce, blocked-destinations=(script style), manifest="/${firefoxManifest}"`;

let launched: Promise<Browser> | undefined;

afterEach(asReleased);
after(async () => launched && closeBrowser(await launched));

/** Opens url in that Firefox with storage of its own, runs use, and closes it. */
async function visit<T>(url: string, use: (page: Page, person: Person) => Promise<T>): Promise<T> {
  launched ??= launchBrowser("firefox", { preferences });
  const context = await (await launched).createBrowserContext();
  let result: T;
  try {
    const page = await openIn(context, url);
    result = await use(page, personAt(page, stage.enclave.host.origin));
  } finally {
    await context.close();
  }
  assertNoReports();
  return result;
}

/** The manifests that the browser read. */
function manifestsRead(): string[] {
  return manifests.filter((path) => stage.enclave.asked.has(path));
}

/** Alters script and style as a host would that wants only WAICT to notice: the document names their new hashes. */
function forge(): void {
  const changed: [string, string][] = [];
  const append = (path: string, text: string) =>
    stage.enclave.tamper(path, (original) => {
      const altered = Buffer.concat([original, Buffer.from(text)]);
      changed.push([integrity(original), integrity(altered)]);
      return altered;
    });
  append(stage.enclave.pathOf("script", "frame"), '\ndocument.documentElement.dataset.forged = "yes";\n');
  append(stage.enclave.pathOf("style"), "\n:root { --forged: yes }\n");
  stage.enclave.tamper(stage.enclave.manifest.entry, (original) => {
    let text = original.toString("utf8");
    for (const [before, now] of changed) {
      assert.ok(text.includes(before), "the document names the hash");
      text = text.replace(before, now);
    }
    return Buffer.from(text);
  });
}

function integrity(content: Buffer): string {
  return `sha384-${createHash("sha384").update(content).digest("base64")}`;
}

/** What of the forged files took effect. */
interface Effect {
  script: boolean;
  style: boolean;
}

function effect(): Effect {
  const root = document.documentElement;
  return { script: root.dataset.forged === "yes", style: getComputedStyle(root).getPropertyValue("--forged") !== "" };
}

const places: Record<string, () => Promise<Effect>> = {
  "as a page": () => visit(stage.enclave.url, (page) => page.evaluate(effect)),
  "in a frame": () =>
    visit(stage.app.url, async (page) => {
      await page.evaluate(async (url) => void (await app.embed(url)), stage.enclave.url);
      const frame = page.frames().find((frame) => frame.url() === stage.enclave.url);
      assert.ok(frame, "no enclave is embedded");
      return frame.evaluate(effect);
    }),
};

test("with WAICT switched on the release starts under its own header, and no manifest is read", { skip }, async () => {
  await visit(stage.app.url, async (page) => {
    assert.equal(await page.evaluate(() => navigator.language), "eo");
    await connect(page);
    assert.equal((await page.evaluate(() => kms.status())).state, "empty");
  });
  assert.deepEqual(manifestsRead(), []);
});

test("with WAICT switched on the release works under Firefox's header, in the frame and in the window", { skip }, async () => {
  stage.enclave.replaceHeader(header, firefoxPolicy);
  await visit(stage.app.url, async (page, person) => {
    await setUp(page, person);
    assert.equal((await page.evaluate(() => kms.status())).state, "unlocked");
  });
  assert.ok(stage.enclave.asked.has("window.html"));
});

for (const [place, look] of Object.entries(places)) {
  test(`forged files whose hashes the document names run ${place} where no header of WAICT forbids it`, { skip }, async () => {
    stage.enclave.replaceHeader(header, undefined);
    forge();
    assert.deepEqual(await look(), { script: true, style: true });
  });

  test(`under Firefox's header forged files do not run ${place} in a Firefox that reads the manifest`, { skip }, async (t) => {
    stage.enclave.replaceHeader(header, firefoxPolicy);
    forge();
    const ran = await look();
    const read = manifestsRead();
    t.diagnostic(read.length === 0 ? "this Firefox reads no manifest" : "this Firefox reads the manifest");
    // In the others they run: neither SRI nor Integrity-Policy helps against a host that alters the document too.
    const runs = !read.includes(firefoxManifest);
    assert.deepEqual(ran, { script: runs, style: runs });
  });
}
