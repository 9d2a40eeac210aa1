// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import { exportBundle, verifyBundle } from "./audit.ts";
import { connect, generate } from "./client.ts";
import { settings } from "./settings.ts";
import { openIn, stage, visit } from "./stage.ts";
import { setUp } from "./vault.ts";

/** Operations of each of the two tabs. Firefox writes to the disk for each and is given fewer. */
const operations = settings.browser() === "chromium" ? 1000 : 150;

/** Does so many operations of all kinds at once and in order, as fast as the channel lets them in. */
function mix(page: Page, count: number): Promise<{ kids: string[]; signed: number }> {
  return page.evaluate(async (count) => {
    const { kid } = await kms.vapid.generate();
    const kids = [kid];
    let signed = 0;
    const sign = async () => {
      await kms.vapid.sign({ kid, aud: "https://push.example.net", sub: "mailto:ops@app.example" });
      signed += 1;
    };
    const operation = async (n: number) => {
      if (n % 50 === 0) kids.push((await kms.vapid.generate()).kid);
      else if (n % 10 === 3) await kms.vapid.list();
      else if (n % 10 === 5) await kms.vapid.publicKey({ kid });
      else if (n % 10 === 7) await kms.audit.checkpoint();
      else if (n % 10 === 9) await kms.audit.list({ limit: 1 });
      else await sign();
    };
    const patient = async (n: number): Promise<void> => {
      try {
        await operation(n);
      } catch (error) {
        const { code, retryAfter } = error as { code: string; retryAfter?: number };
        if (code !== "busy") throw error;
        await new Promise((done) => setTimeout(done, retryAfter ?? 100));
        return patient(n);
      }
    };
    for (let n = 1; n < count; n += 20) {
      await Promise.all(Array.from({ length: Math.min(20, count - n) }, (_, k) => patient(n + k)));
    }
    return { kids, signed };
  }, count);
}

// Mistake M14 (docs/mistakes.md): under concurrency entries were signed by another's key, and that passed. Mistake M13:
// a log with entries missing verified.
test(`two tabs with ${operations} mixed operations each leave a log without gap or fork`, { timeout: 120_000 }, async () => {
  await visit(stage.app.url, async (page, context, person) => {
    await setUp(page, person);
    const early = await page.evaluate(() => kms.audit.checkpoint());
    const other = await openIn(context, stage.app.url);
    await connect(other);
    const done = await Promise.all([mix(page, operations), mix(other, operations)]);

    const { keys } = await other.evaluate(() => kms.vapid.list());
    const made = done.flatMap(({ kids }) => kids);
    assert.deepEqual(keys.map(({ kid }) => kid).sort(), made.sort(), "no key was lost");
    const bundle = await exportBundle(page);
    const verdict = await verifyBundle(bundle, early.checkpoint);
    assert.equal(verdict.code, 0, verdict.output);

    const lines = bundle.trim().split("\n");
    const signed = done.reduce((sum, { signed }) => sum + signed, 0);
    assert.ok(lines.length - 2 >= signed + made.length, `${lines.length - 2} entries of ${signed + made.length}`);

    // One entry taken out, as who wants to hide a use would.
    const middle = lines.length >> 1;
    const cut = [...lines.slice(0, middle), ...lines.slice(middle + 1)].join("\n");
    assert.notEqual((await verifyBundle(`${cut}\n`)).code, 0, "a log with an entry missing verified");
  });
});

test("a checkpoint that the app keeps shows that the log only grew, also in proofs", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    await page.evaluate(() => {
      globalThis.heads = [];
      kms.on("checkpoint", ({ size, checkpoint }) => heads.push({ size, checkpoint }));
    });
    for (let n = 0; n < 3; n++) await generate(page);
    const kept = await page.evaluate(() => globalThis.heads);
    assert.ok(kept.length >= 3, "each new checkpoint is handed to the app");
    const [first] = kept;
    assert.ok(first);
    assert.equal((await verifyBundle(await exportBundle(page), first.checkpoint)).code, 0);
    const newest = await page.evaluate(() => kms.audit.checkpoint());
    const proof = await page.evaluate((of) => kms.audit.prove({ kind: "consistency", of }), first.size);
    assert.ok(proof.hashes.length > 0);
    assert.equal(proof.checkpoint, newest.checkpoint);
    const inclusion = await page.evaluate(() => kms.audit.prove({ kind: "inclusion", of: 0 }));
    assert.match(inclusion.leaf ?? "", /^[\w-]{43}$/);
  });
});

declare global {
  var heads: { size: number; checkpoint: string }[];
}
