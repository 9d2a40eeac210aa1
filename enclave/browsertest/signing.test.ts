// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import * as words from "../shell/ceremony/strings.ts";
import { assertFailed, connect, generate, sign, signFailure } from "./client.ts";
import { stage, visit } from "./stage.ts";
import { thumbprint, verifyToken } from "./token.ts";
import { setUp, visitVault } from "./vault.ts";

const aud = "https://push.example.net";
const sub = "mailto:ops@app.example";

test("a page on another origin makes a key, signs, and signs with the same key after a reload", async () => {
  await visitVault(async (page) => {
    const { kid, publicKey } = await generate(page);
    const first = await sign(page, { kid, aud, sub });
    await verifyToken(first.token, publicKey, { aud, sub });

    await page.reload({ waitUntil: "load" });
    await connect(page); // another tab has the vault open
    assert.equal((await page.evaluate((kid) => kms.vapid.publicKey({ kid }), kid)).publicKey, publicKey);
    const second = await sign(page, { kid, aud, sub });
    await verifyToken(second.token, publicKey, { aud, sub });
    assert.notEqual(second.token, first.token);
  });
});

test("a token says what was asked and goes into the header of RFC 8292", async () => {
  await visitVault(async (page) => {
    const { kid, publicKey } = await generate(page);
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const signed = await sign(page, { kid, aud, sub, exp });
    const { payload, protectedHeader } = await verifyToken(signed.token, publicKey, { aud, sub });
    assert.equal(payload.exp, exp);
    assert.equal(signed.exp, exp);
    assert.equal(protectedHeader.alg, "ES256");
    assert.equal(signed.authorization, `vapid t=${signed.token}, k=${publicKey}`);
  });
});

test("a token without exp is valid for twelve hours", async () => {
  await visitVault(async (page) => {
    const { kid } = await generate(page);
    const { exp } = await sign(page, { kid, aud, sub });
    assert.ok(Math.abs(exp - (Date.now() / 1000 + 12 * 3600)) < 60);
  });
});

test("the kid is the thumbprint that jose computes from the public key", async () => {
  await visitVault(async (page) => {
    const { kid, publicKey } = await generate(page);
    assert.equal(kid, await thumbprint(publicKey));
  });
});

test("what a push service would refuse is not signed", async (t) => {
  await visitVault(async (page) => {
    const { kid } = await generate(page);
    const now = Math.floor(Date.now() / 1000);
    const good = { kid, aud, sub };
    for (const [name, params] of Object.entries({
      "aud over http": { ...good, aud: "http://push.example.net" },
      "aud with a path": { ...good, aud: "https://push.example.net/x" },
      "aud that is no origin": { ...good, aud: "push" },
      "sub that is no contact": { ...good, sub: "ops" },
      "exp in the past": { ...good, exp: now - 1 },
      "exp beyond a day": { ...good, exp: now + 24 * 3600 + 60 },
      "kid of another shape": { ...good, kid: "x" },
    })) {
      await t.test(name, async () => assertFailed(await signFailure(page, params), "invalid_params"));
    }
    await t.test("and the same without the mistake is signed", async () =>
      assert.equal(await signFailure(page, good), null),
    );
  });
});

// Mistake M44 (docs/mistakes.md): a second key broke every lookup.
test("a key is deleted once the person allows it, and no other key is touched", async () => {
  await visitVault(async (page, person) => {
    const [gone, kept] = [await generate(page), await generate(page)];
    await Promise.all([
      page.evaluate((kid) => kms.vapid.delete({ kid }), gone.kid),
      person.answer(words.approve.confirmTitle, words.approve.allow),
    ]);
    assertFailed(await signFailure(page, { kid: gone.kid, aud, sub }), "unknown_key");
    assert.equal(await signFailure(page, { kid: kept.kid, aud, sub }), null);
  });
});

test("status says which release this is and what the browser can do", async () => {
  await visitVault(async (page) => {
    const status = await page.evaluate(() => kms.status());
    assert.equal(status.release, stage.enclave.digest);
    assert.equal(status.protocol, stage.enclave.manifest.protocol);
    assert.deepEqual(status.algorithms, ["ES256"]);
    assert.match(status.storage, /^(persistent|best-effort)$/);
    assert.equal(status.partition, "first-party");
  });
});

// Mistake M41 (docs/mistakes.md): that storage is partitioned or may be evicted was told to nobody.
test("embedded on another site the enclave works and does not call its storage first-party", async () => {
  await visit(stage.app.url.replace(stage.app.host.origin, stage.app.host.otherSiteOrigin), async (page, _, person) => {
    await setUp(page, person);
    const { kid } = await generate(page);
    await sign(page, { kid, aud, sub });
    assert.notEqual((await page.evaluate(() => kms.status())).partition, "first-party");
  });
});

test("many requests at once are each answered with their own answer", async () => {
  await visitVault(async (page) => {
    const keys = await page.evaluate(() => Promise.all(Array.from({ length: 20 }, () => kms.vapid.generate())));
    assert.equal(new Set(keys.map((key) => key.kid)).size, 20);
    const answers = await page.evaluate(
      (kids) => Promise.all(kids.map((kid) => kms.vapid.publicKey({ kid }))),
      keys.map((key) => key.kid),
    );
    assert.deepEqual(answers, keys);
  });
});
