// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import type { Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { assertFailed, connect, connectFailure, generate, signFailure } from "./client.ts";
import { personAt } from "./person.ts";
import { asReleased, openIn, stage, takeReports, visit } from "./stage.ts";
import { unlock, visitVault } from "./vault.ts";

const aud = "https://push.example.net";
const sub = "mailto:ops@app.example";

afterEach(asReleased);

test("an open vault is not open for another app until the person lets it in, and then only for its own keys", async () => {
  await visitVault(async (page) => {
    const { kid } = await generate(page);
    const stranger = await openIn(page.browserContext(), stage.otherApp.url);
    const person = personAt(stranger, stage.enclave.host.origin);
    await connect(stranger);
    assertFailed(await signFailure(stranger, { kid, aud, sub }), "locked");
    assert.equal((await stranger.evaluate(() => kms.status())).state, "locked");

    await unlock(stranger, () => person.answer(words.approve.grantTitle, words.approve.allow));
    assertFailed(await signFailure(stranger, { kid, aud, sub }), "unknown_key");
    assert.deepEqual((await stranger.evaluate(() => kms.vapid.list())).keys, []);
    const codes = stranger.evaluate(
      (kid) =>
        Promise.all(
          [kms.vapid.publicKey({ kid }), kms.vapid.delete({ kid })].map((call) =>
            call.then(
              () => "done",
              (error: unknown) => (error as { code: string }).code,
            ),
          ),
        ),
      kid,
    );
    await person.answer(words.approve.confirmTitle, words.approve.allow);
    assert.deepEqual(await codes, ["unknown_key", "unknown_key"]);
    await stranger.close();
    await page.bringToFront();
    assert.equal(await signFailure(page, { kid, aud, sub }), null, "the owner still signs");
  });
});

test("the app's own page finds no key in its reach", async () => {
  await visitVault(async (page) => {
    await generate(page);
    const reach = await page.evaluate(async () => {
      const frame = document.querySelector("iframe");
      let inside = "closed";
      try {
        inside = String(frame?.contentWindow?.document.title);
      } catch {
        // what a cross-origin window must do
      }
      return { databases: await indexedDB.databases(), document: frame?.contentDocument, inside };
    });
    assert.deepEqual(reach, { databases: [], document: null, inside: "closed" });
  });
});

/** Why the SDK, asked rightly, does not connect from this page. */
function refusal(page: Page, timeout = 10_000) {
  return connectFailure(page, { url: stage.enclave.url, release: stage.enclave.digest, timeout });
}

test("a page that the deployment does not list is kept out by the headers", async () => {
  stage.enclave.deploy([stage.otherApp.host.origin]);
  await visit(stage.app.url, async (page) => {
    assertFailed(await refusal(page, 1000), "unreachable");
    assert.match((await takeReports()).join(), /frame-ancestors/);
  });
});

test("a page that the deployment does not list is refused even when the headers let it in", async () => {
  stage.enclave.deploy([stage.otherApp.host.origin], [stage.app.host.origin, stage.otherApp.host.origin]);
  await visit(stage.app.url, async (page) => {
    assertFailed(await refusal(page), "origin_not_allowed");
  });
});

test("an embedder on another port or host than the listed one is refused", async () => {
  stage.enclave.deploy([stage.app.host.otherSiteOrigin], [stage.app.host.origin, stage.app.host.otherSiteOrigin]);
  await visit(stage.app.url, async (page) => {
    assertFailed(await refusal(page), "origin_not_allowed");
  });
});

test("a hello from a window that does not embed the frame is not accepted", async () => {
  await visit(stage.app.url, async (page) => {
    const answer = await page.evaluate(async (url) => {
      await app.embed(url);
      // A sibling frame of the embedding page's own origin speaks to the enclave's frame.
      const sibling = await app.embed("/app.html", { sandbox: "allow-scripts allow-same-origin" });
      const inner = sibling.contentWindow as Window & { app: typeof app };
      const target = window.frames[0] as Window;
      return inner.app.greet(target, new URL(url).origin, inner.app.hello()).within(1500);
    }, stage.enclave.url);
    assert.ok(answer === null || "error" in answer, JSON.stringify(answer));
  });
});

test("the enclave opened as a page of its own accepts no hello", async () => {
  await visit(stage.app.url, async (page) => {
    const answer = await page.evaluate(async (url) => {
      const opened = window.open(url) as Window;
      await new Promise((done) => setTimeout(done, 500));
      return app.greet(opened, new URL(url).origin, app.hello()).within(1000);
    }, stage.enclave.url);
    assert.ok(answer === null || "error" in answer, JSON.stringify(answer));
  });
});

test("a frame without lasting storage is refused where browsers have such frames", async () => {
  await visit(stage.app.url, async (page) => {
    const { has, answer } = await page.evaluate(async (url) => {
      const frame = await app.embed(url, { credentialless: "" });
      const line = app.greet(frame.contentWindow as Window, new URL(url).origin, app.hello());
      return { has: "credentialless" in HTMLIFrameElement.prototype, answer: await line.next() };
    }, stage.enclave.url);
    assert.equal("error" in answer ? answer.error.code : "accepted", has ? "not_supported" : "accepted");
  });
});
