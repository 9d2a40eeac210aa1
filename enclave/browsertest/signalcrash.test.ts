// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import { LibsignalParty } from "../signaltest/libsignal.ts";
import { type Address, bytes, type Envelope, text } from "../signaltest/party.ts";
import { greet, start } from "../signaltest/traffic.ts";
import { exportBundle, verifyBundle } from "./audit.ts";
import { closeBrowser, killBrowser, launchBrowser } from "./browser.ts";
import { connect } from "./client.ts";
import { personAt } from "./person.ts";
import { settings } from "./settings.ts";
import { EnclaveParty } from "./signalparty.ts";
import { assertKeysDiffer } from "./signalwire.ts";
import { openIn, stage } from "./stage.ts";
import { pause } from "./surface.ts";
import { setUp, unlock } from "./vault.ts";

/** What an app had got when its browser was killed: messages that it had encrypted, texts that it had decrypted. */
interface Got {
  sealed: Envelope[];
  opened: string[];
}

declare global {
  /** Hands over an answer as soon as the app has it. */
  function answered(what: "sealed" | "opened", type: number, latin1: string): void;
}

/** Hears what the page's app gets. */
async function hear(page: Page): Promise<Got> {
  const got: Got = { sealed: [], opened: [] };
  await page.exposeFunction("answered", (what: keyof Got, type: number, latin1: string) => {
    const body = new Uint8Array(Buffer.from(latin1, "latin1"));
    if (what === "sealed") got.sealed.push({ type, body });
    else got.opened.push(text(body));
  });
  return got;
}

/** Runs in the page: encrypts alone and in batches, without end. */
async function encryptForever({ name, device }: Address): Promise<void> {
  const latin1 = (body: Uint8Array) => String.fromCharCode(...body);
  for (let n = 0; ; n++) {
    const body = new TextEncoder().encode("seven leagues of " + n);
    if (n % 4 < 3) {
      const sealed = await kms.signal.encrypt({ name, device, body });
      answered("sealed", sealed.type, latin1(sealed.body));
    } else {
      const { results, bodies } = await kms.signal.encryptBatch({ messages: [{ name, device }, { name, device }], bodies: [body, body] });
      for (const [at, { type }] of results.entries()) answered("sealed", type ?? 0, latin1(bodies[at] as Uint8Array));
    }
  }
}

/** Runs in the page: decrypts one after the other. */
async function decryptAll({ name, device }: Address, messages: [type: number, latin1: string][]): Promise<void> {
  for (const [type, latin1] of messages) {
    const given = Uint8Array.from(latin1, (character) => character.charCodeAt(0));
    const { body } = await kms.signal.decrypt({ name, device, type, body: given });
    answered("opened", 0, String.fromCharCode(...body));
  }
}

// Mistake M27 (docs/mistakes.md): the profile's files had what a vault protects.
test("a browser that is killed in mid-conversation uses no key again, loses nothing that was answered, and goes on", {
  skip: settings.browser() !== "chromium",
  timeout: 120_000,
}, async (t) => {
  const profile = mkdtempSync(join(tmpdir(), "browsertest-signal-"));
  const open = async () => {
    const browser = await launchBrowser("chromium", { profile });
    const page = await openIn(browser.defaultBrowserContext(), stage.app.url);
    return { browser, page, person: personAt(page, stage.enclave.host.origin) };
  };
  let { browser, page, person } = await open();
  const peer = new LibsignalParty("0.103.0", "patience.itself");
  const sent: Envelope[] = [];
  let enclave: EnclaveParty;
  let since: string;

  const killAndReturn = async () => {
    await killBrowser(browser);
    ({ browser, page, person } = await open());
    await connect(page);
    assert.equal((await page.evaluate(() => kms.status())).state, "locked");
    await unlock(page, () => person.giveChosen());
    enclave.page = page;
    assert.equal((await page.evaluate(() => kms.status())).damaged, 0);
    const { code, output } = await verifyBundle(await exportBundle(page), since);
    assert.equal(code, 0, output);
    since = (await page.evaluate(() => kms.audit.checkpoint())).checkpoint;
  };

  try {
    await setUp(page, person);
    enclave = await EnclaveParty.create(page, "the-enclave");
    await start(enclave, peer);
    await greet(enclave, peer);
    since = (await page.evaluate(() => kms.audit.checkpoint())).checkpoint;

    await t.test("while it encrypts", async () => {
      const got = await hear(page);
      void page.evaluate(encryptForever, peer.address).catch(() => undefined);
      await pause(700);
      await killAndReturn();
      assert.ok(got.sealed.length >= 5, `${got.sealed.length} messages`);
      sent.push(...got.sealed);
      for (const { type, body } of got.sealed) {
        assert.match(text(await peer.decrypt(enclave.address, type, body)), /^seven leagues of \d+$/);
      }
      await greet(enclave, peer);
      await greet(peer, enclave);
    });

    await t.test("while it decrypts", async () => {
      const coming: Envelope[] = [];
      for (let n = 0; n < 400; n++) coming.push(await peer.encrypt(enclave.address, bytes(`three wishes, ${n}`)));
      const got = await hear(page);
      const texts = coming.map(({ type, body }) => [type, Buffer.from(body).toString("latin1")] as [number, string]);
      void page.evaluate(decryptAll, peer.address, texts).catch(() => undefined);
      await pause(700);
      await killAndReturn();
      assert.ok(got.opened.length >= 5 && got.opened.length < coming.length, `${got.opened.length} messages`);
      got.opened.forEach((found, n) => assert.equal(found, `three wishes, ${n}`));

      // What was answered is done; the one that was under way may be; the rest is as if never given.
      let lost = 0;
      for (const [n, { type, body }] of coming.slice(0, got.opened.length + 20).entries()) {
        const found = await enclave.decrypt(peer.address, type, body).then(text, (error: unknown) => {
          assert.ok(enclave.isDuplicate(error), `message ${n}: ${String(error)}`);
          return null;
        });
        if (n < got.opened.length) assert.equal(found, null, `message ${n} was decrypted twice`);
        else if (found === null) lost++;
        else assert.equal(found, `three wishes, ${n}`);
      }
      assert.ok(lost <= 1, `${lost} messages were done and not answered, one after the other`);
      for (let n = 0; n < 5; n++) {
        const envelope = await enclave.encrypt(peer.address, bytes(`still here ${n}`));
        sent.push(envelope);
        assert.equal(text(await peer.decrypt(enclave.address, envelope.type, envelope.body)), `still here ${n}`);
      }
      await greet(peer, enclave);
    });

    assertKeysDiffer(sent);
    await closeBrowser(browser);
    await t.test("and the profile's files have no text, no name and no key of it", () => {
      const secrets = { text: "seven leagues of", wishes: "three wishes", name: "patience.itself", key: Buffer.from(peer.identityKey.subarray(1)) };
      for (const path of readdirSync(profile, { recursive: true, encoding: "utf8" })) {
        const file = join(profile, path);
        if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
        const content = readFileSync(file);
        for (const [name, secret] of Object.entries(secrets)) {
          const plain = Buffer.from(secret as string);
          for (const trace of [plain, Buffer.from(plain.toString("latin1"), "utf16le"), plain.toString("base64url").slice(0, -4)]) {
            assert.ok(!content.includes(trace), `${path} has the ${name}`);
          }
        }
      }
    });
  } finally {
    await closeBrowser(browser);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});
