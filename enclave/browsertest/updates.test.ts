// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import type { Page } from "puppeteer-core";

import { asReleased, stage, visit } from "./stage.ts";
import { digestOf, newUpdateKey, UpdateLog, versioned } from "./updatelog.ts";

/**
 * An app that pins one release while the enclave's host serves another, with the SDK's rule for updates, in a real
 * page: what the browser fetches, verifies and keeps. Its cases without a browser are in updaterule.test.ts.
 */

afterEach(asReleased);

const day = 86_400;
const now = Math.floor(Date.now() / 1000);
const proofPath = ".well-known/kms-enclave/release.tlog-proof";
const log = new UpdateLog();

/** How connecting ended. */
interface Ended {
  code?: string;
  message?: string;
  retryAfter?: number | undefined;
  release?: string;
  state?: string;
  frames: number;
  kept: boolean;
}

/** Serves the release under another version, with a proof of it, and returns its digest. */
function serve(version: string, prove: (manifest: Buffer) => Buffer | undefined): string {
  let digest = "";
  stage.enclave.tamper("release.json", (original) => {
    const manifest = versioned(original, version);
    digest = digestOf(manifest);
    const proof = prove(manifest);
    if (proof) stage.enclave.add(proofPath, proof);
    else stage.enclave.withhold(proofPath);
    return manifest;
  });
  return digest;
}

/** Digest of what serve serves under a version. */
function digestOfVersion(version: string): string {
  const digest = serve(version, () => undefined);
  asReleased();
  return digest;
}

const pin = { digest: digestOfVersion("1.1.0"), version: "1.1.0" };

/** Connects as an app that keeps its pin in localStorage. */
function connect(page: Page, delay = day): Promise<Ended> {
  return page.evaluate(
    async (url, release, rule, delay) => {
      const store = {
        load: () => localStorage.getItem("pin"),
        save: (pin: string) => localStorage.setItem("pin", pin),
      };
      const update = app.sdk.logProvedUpdate({ ...rule, delay, store });
      const connected = async () => {
        const kms = await app.sdk.connect({ url, release, update, timeout: 20_000 });
        const { state } = await kms.status();
        kms.close();
        return { release: kms.release, state };
      };
      const failed = (error: unknown) => {
        if (!(error instanceof app.sdk.KmsError)) throw error;
        return { code: error.code, message: error.message, retryAfter: error.retryAfter };
      };
      const ended = await connected().catch(failed);
      const frames = document.querySelectorAll("iframe").length;
      return { ...ended, frames, kept: localStorage.getItem("pin") !== null };
    },
    stage.enclave.url,
    pin,
    log.rule,
    delay,
  );
}

function assertRefused(ended: Ended, code: string, message: RegExp): void {
  assert.equal(ended.code, code, ended.message);
  assert.match(ended.message ?? "", message);
  assert.equal(ended.frames, 0, "no frame is left");
}

test("a proved release takes the pin's place; a reload needs no proof, and an older release is refused", async () => {
  await visit(stage.app.updatingURL, async (page) => {
    const digest = serve("1.2.0", (manifest) => log.prove(manifest, now - 2 * day));
    assert.deepEqual(await connect(page), { release: digest, state: "empty", frames: 0, kept: true });

    await page.reload();
    stage.enclave.withhold(proofPath);
    assert.equal((await connect(page)).release, digest);

    serve("1.1.0", (manifest) => log.prove(manifest, now - 2 * day));
    assertRefused(await connect(page), "update_refused", /again/);
  });
});

test("a release that is too young is refused until it is not", async () => {
  await visit(stage.app.updatingURL, async (page) => {
    const digest = serve("1.2.0", (manifest) => log.prove(manifest, now - 3600));
    const ended = await connect(page);
    assertRefused(ended, "update_too_early", /1\.2\.0/);
    assert.ok(Math.abs((Date.now() + (ended.retryAfter ?? 0)) / 1000 - (now - 3600 + day)) < 60, String(ended.retryAfter));
    assert.equal(ended.kept, false);
    assert.equal((await connect(page, 1800)).release, digest);
  });
});

test("a release that is not proved is refused, and the pin stays", async (t) => {
  const cases: Record<string, [prove: (manifest: Buffer) => Buffer | undefined, message: RegExp]> = {
    "no proof": [() => undefined, /release\.tlog-proof/],
    "another update key": [(manifest) => log.prove(manifest, now - 2 * day, { key: newUpdateKey() }), /update keys/],
    "not witnessed": [(manifest) => log.prove(manifest, now - 2 * day, { witnesses: 1 }), /found 1/],
    "another release's proof": [() => log.prove(Buffer.from("{}"), now - 2 * day), /update keys/],
  };
  for (const [name, [prove, message]] of Object.entries(cases)) {
    await t.test(name, async () => {
      await visit(stage.app.updatingURL, async (page) => {
        serve("1.2.0", prove);
        const ended = await connect(page);
        assertRefused(ended, "update_unproved", message);
        assert.equal(ended.kept, false);
      });
    });
  }
});

test("a downgrade is refused, although it is proved", async () => {
  await visit(stage.app.updatingURL, async (page) => {
    serve("1.0.0", (manifest) => log.prove(manifest, now - 2 * day));
    const ended = await connect(page);
    assertRefused(ended, "update_refused", /1\.0\.0 .* pinned 1\.1\.0/);
    assert.equal(ended.kept, false);
  });
});

test("the pinned release itself needs no proof and no permission to fetch", async () => {
  await visit(stage.app.url, async (page) => {
    serve("1.1.0", () => undefined);
    assert.deepEqual(await connect(page), { release: pin.digest, state: "empty", frames: 0, kept: false });
  });
});

test("a page whose policy forbids fetching the proof is told so", async () => {
  await visit(stage.app.url, async (page) => {
    serve("1.2.0", (manifest) => log.prove(manifest, now - 2 * day));
    assertRefused(await connect(page), "update_unproved", /connect-src/);
    for (let tries = 0; stage.app.host.reports.length < 2 && tries < 50; tries++) await new Promise((done) => setTimeout(done, 100));
    assert.equal(stage.app.host.reports.splice(0).length, 2);
  });
});

test("two tabs that move the pin at once are both connected", async () => {
  await visit(stage.app.updatingURL, async (page, context) => {
    const other = await context.newPage();
    await other.goto(stage.app.updatingURL);
    const digest = serve("1.2.0", (manifest) => log.prove(manifest, now - 2 * day));
    const ended = await Promise.all([connect(page), connect(other)]);
    assert.deepEqual(ended.map(({ release }) => release), [digest, digest]);
  });
});
