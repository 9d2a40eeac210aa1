// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { addAuthenticator } from "./authenticator.ts";
import { closeBrowser, launchBrowser } from "./browser.ts";
import { connect, generate, sign, signFailure } from "./client.ts";
import { readAll, writeFormer } from "./database.ts";
import { passphrase, personAt } from "./person.ts";
import { button } from "./roles.ts";
import { settings } from "./settings.ts";
import { openIn, stage, visit } from "./stage.ts";
import { later, PuppeteerSurface } from "./surface.ts";
import { verifyToken } from "./token.ts";
import { lock, setUp, unlock } from "./vault.ts";

const aud = "https://push.example.net";
const sub = "mailto:ops@app.example";
const chromium = settings.browser() === "chromium";

/** The enclave's document in the app's page. */
function enclaveIn(page: Page): PuppeteerSurface {
  const frame = page.frames().find((frame) => frame.url() === stage.enclave.url);
  assert.ok(frame, "no enclave is embedded");
  return new PuppeteerSurface(frame);
}

/** All the ways in which a secret text could be written down. */
function traces(secret: string): Record<string, Buffer> {
  const bytes = Buffer.from(secret);
  return {
    "UTF-8": bytes,
    "UTF-16": Buffer.from(secret, "utf16le"),
    base64: Buffer.from(bytes.toString("base64").slice(0, -4)),
    base64url: Buffer.from(bytes.toString("base64url").slice(0, -4)),
    hexadecimal: Buffer.from(bytes.toString("hex")),
  };
}

// Mistake M27 (docs/mistakes.md): who had the profile had the keys. Mistake M28: keys could be exported.
test("what a locked vault leaves in the browser has no key that can be exported and no secret", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    const written = await setUp(page, person, { recovery: true });
    await generate(page);
    await lock(page);
    const kept = await readAll(enclaveIn(page));

    assert.deepEqual(kept.databases, ["kms-enclave"]);
    assert.deepEqual(kept.elsewhere, []);
    assert.equal(kept.stores.probe, 0);
    const collections = new Set(kept.records.map(({ collection }) => collection.replace(/^.*\//, "…/")));
    for (const needed of ["users", "…/enrolments", "…/vapid", "…/audit", "…/state"]) {
      assert.ok(collections.has(needed), `${needed} is not among ${[...collections].join(", ")}`);
    }
    for (const { collection, key, keys, value } of kept.records) {
      const where = `${collection} ${key}`;
      for (const { extractable, type } of keys) {
        assert.equal(extractable, false, `${where} has a key that can be exported`);
        // Only what signs the log while the vault is locked is usable without the person.
        assert.ok(type === "private" && key === "delegate", `${where} has a ${type} key that needs nobody`);
      }
      for (const secret of [passphrase, ...written.map((word) => `"${word}"`), written.slice(0, 3).join(" ")]) {
        for (const [coding, bytes] of Object.entries(traces(secret))) {
          const found = value.includes(bytes.toString("latin1")) && bytes.length > 6;
          assert.ok(!found, `${where} has a secret in ${coding}`);
        }
      }
      // A PKCS#8 private key of P-256 begins so (RFC 5208, RFC 5915), whole or as "d" of a JWK.
      assert.ok(!value.includes("\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"), `${where} has a plain key`);
      assert.ok(!/"d":|"k":|PRIVATE KEY/.test(value), `${where} has a plain key`);
    }
    const iterations = kept.records.flatMap(({ value }) => (/"iterations":(\d+)/.exec(value) ?? []).slice(1).map(Number));
    // Mistake M36 (docs/mistakes.md): the floor of the derivation was low.
    assert.ok(iterations.length > 0 && iterations.every((count) => count >= 600_000), iterations.join());
  });
});

test("a gate's device key cannot be exported either, and status calls the gate a policy", { skip: !chromium }, async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await addAuthenticator(page, { prf: false });
    await setUp(page, person, { method: "passkey" });
    assert.equal((await page.evaluate(() => kms.status())).protection, "policy");
    await lock(page);
    const keys = (await readAll(enclaveIn(page))).records.flatMap((record) => record.keys);
    assert.ok(keys.some(({ type }) => type === "secret"), "the device key");
    for (const key of keys) assert.equal(key.extractable, false);
  });
});

// Mistake M27 (docs/mistakes.md): possession of the profile was enough.
test("the files of the browser's profile have neither passphrase nor recovery words, and do not open the vault", {
  skip: !chromium,
}, async () => {
  const profile = mkdtempSync(join(tmpdir(), "browsertest-profile-"));
  try {
    let browser = await launchBrowser("chromium", { profile });
    let page = await openIn(browser.defaultBrowserContext(), stage.app.url);
    const written = await setUp(page, personAt(page, stage.enclave.host.origin), { recovery: true });
    const { kid } = await generate(page);
    await closeBrowser(browser);

    const secrets = { passphrase, words: written.slice(2, 6).join(" "), list: written.slice(2, 6).join('","') };
    for (const path of readdirSync(profile, { recursive: true, encoding: "utf8" })) {
      const file = join(profile, path);
      if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
      const bytes = readFileSync(file);
      for (const [name, secret] of Object.entries(secrets))
        for (const [coding, trace] of Object.entries(traces(secret)))
          assert.ok(!bytes.includes(trace), `${path} has the ${name} in ${coding}`);
    }

    browser = await launchBrowser("chromium", { profile });
    page = await openIn(browser.defaultBrowserContext(), stage.app.url);
    await connect(page);
    assert.equal((await page.evaluate(() => kms.status())).state, "locked");
    assert.equal((await signFailure(page, { kid, aud, sub }))?.code, "locked");
    await unlock(page, () => personAt(page, stage.enclave.host.origin).giveChosen());
    assert.equal(await signFailure(page, { kid, aud, sub }), null);
    await closeBrowser(browser);
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
});

test("a database of the previous release is taken over when a vault is set up, and its keys still sign", async () => {
  await visit(`${stage.enclave.url}no-such-page`, async (blank, context) => {
    const former = await writeFormer(new PuppeteerSurface(blank.mainFrame()), stage.app.host.origin, 2);
    const [first, second] = former;
    assert.ok(first && second);
    const page = await openIn(context, stage.app.url);
    const person = personAt(page, stage.enclave.host.origin);
    await connect(page);
    assert.equal((await page.evaluate(() => kms.status())).state, "empty");
    await setUp(page, person);
    const { keys } = await page.evaluate(() => kms.vapid.list());
    assert.deepEqual(
      keys.map(({ kid, protection }) => [kid, protection]).sort(),
      former.map(({ kid }) => [kid, "browser"]).sort(),
    );
    for (const { kid, publicKey } of former) {
      await verifyToken((await sign(page, { kid, aud, sub })).token, publicKey, { aud, sub });
    }
    await lock(page);
    assert.equal((await signFailure(page, { kid: first.kid, aud, sub }))?.code, "locked");
    await unlock(page, () => person.giveChosen());
    assert.equal(await signFailure(page, { kid: second.kid, aud, sub }), null);
    const kept = await readAll(enclaveIn(page));
    assert.deepEqual(kept.records.filter(({ collection }) => collection === "vapid"), [], "nothing is left without an owner");
  });
});

test("a database of a later release is left as it is, and the app is told", async () => {
  await visit(`${stage.enclave.url}no-such-page`, async (blank, context) => {
    await blank.evaluate(async () => {
      const request = indexedDB.open("kms-enclave", 99);
      request.onupgradeneeded = () => request.result.createObjectStore("later").add("kept", 1);
      await new Promise((done) => (request.onsuccess = done));
      request.result.close();
    });
    const page = await openIn(context, stage.app.url);
    await connect(page);
    const code = await page.evaluate(() => kms.vault.setup().catch((error: unknown) => (error as { code: string }).code));
    assert.equal(code, "storage_unavailable");
    const count = await blank.evaluate(async () => {
      const request = indexedDB.open("kms-enclave");
      await new Promise((done) => (request.onsuccess = done));
      const asked = request.result.transaction("later").objectStore("later").count();
      await new Promise((done) => (asked.onsuccess = done));
      return asked.result;
    });
    assert.equal(count, 1);
  });
});

// Mistake M41 (docs/mistakes.md): nobody asked the browser to keep the storage, and nobody was told.
test("the browser is asked to keep the storage, and status tells what it said and whose storage it is", async () => {
  await visit(stage.app.url, async (page, context, person) => {
    await setUp(page, person);
    const promised = await enclaveIn(page).run(() => navigator.storage.persisted());
    const status = await page.evaluate(() => kms.status());
    assert.equal(status.storage, promised ? "persistent" : "best-effort");
    assert.equal(status.partition, "first-party");

    const elsewhere = await openIn(context, stage.app.url.replace(stage.app.host.origin, stage.app.host.otherSiteOrigin));
    await connect(elsewhere);
    const apart = await elsewhere.evaluate(() => kms.status());
    assert.notEqual(apart.partition, "first-party");
    assert.equal(apart.state, chromium ? "empty" : apart.state, "the browser gives another site a storage of its own");
  });
});

test("when the storage is full, person and app are told, nothing is half done, and with space again it goes on", {
  skip: !chromium,
}, async () => {
  await visit(stage.app.url, async (page, _, person) => {
    const cdp = await page.createCDPSession();
    const origin = stage.enclave.host.origin;
    await cdp.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
    await connect(page);
    const made = later(page.evaluate(() => kms.vault.setup()));
    await person.begin();
    await person.choosePassphrase();
    await person.writeRecovery(false);
    const at = await person.at(words.ends.errorTitle);
    assert.equal(await person.problem(at), words.problems.storage_full);
    assert.equal((await page.evaluate(() => kms.status())).users, 0);
    await cdp.send("Storage.overrideQuotaForOrigin", { origin });
    await at.click(button(words.ends.retry));
    await person.finish();
    await made;
    await generate(page);
  });
});

// Mistake M42 (docs/mistakes.md): what the browser lacks was told to the console only.
test("where the browser stores no keys, as some private and lockdown modes do, the app is told", { skip: !chromium }, async () => {
  await visit(stage.app.url, async (page) => {
    page.on("workercreated", (worker) => void worker.evaluate(refuseKeys).catch(() => undefined));
    await connect(page);
    const code = await page.evaluate(() => kms.vault.setup().catch((error: unknown) => (error as { code: string }).code));
    assert.equal(code, "storage_no_keys");
  });
});

/** Runs in the worker before the program does: what Lockdown Mode does to who stores a CryptoKey. */
function refuseKeys(): void {
  const hasKey = (value: unknown): boolean =>
    value instanceof CryptoKey ||
    (typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && Object.values(value).some(hasKey));
  for (const name of ["put", "add"] as const) {
    const store = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (value: unknown, key?: IDBValidKey) {
      if (hasKey(value)) throw new DOMException("could not be cloned", "DataCloneError");
      return key === undefined ? store.call(this, value) : store.call(this, value, key);
    };
  }
}
