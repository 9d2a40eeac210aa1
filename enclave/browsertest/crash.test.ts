// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { exportBundle, verifyBundle } from "./audit.ts";
import { killBrowser, closeBrowser, launchBrowser } from "./browser.ts";
import { connect, generate, sign } from "./client.ts";
import { type Person, personAt } from "./person.ts";
import { settings } from "./settings.ts";
import { openIn, stage, visit } from "./stage.ts";
import { later, pause } from "./surface.ts";
import { verifyToken } from "./token.ts";
import { setUp, unlock } from "./vault.ts";
import { type Post, runWasm } from "./wasm.ts";

const aud = "https://push.example.net";
const sub = "mailto:ops@app.example";

/** What a vault is after a restart, and whether its logs verify. */
interface Checked {
  state: string;
  log: string;
}

/** Runs a method of the vault on a fresh database, killing the worker at one commit, and looks what is left. */
async function crash(page: Page, database: string, method: string, stop: number, when: string): Promise<Checked> {
  await runWasm(page, { do: "prepare", database });
  const posts = await runWasm(page, { do: "run", database, method, stop, when });
  if (stop > 0 && when !== "instead") assert.ok("stopped" in (posts.at(-1) as Post), `${method} did not reach commit ${stop}`);
  const [post] = await runWasm(page, { do: "check", database });
  assert.equal(post?.verified, true, `${method}, killed ${when} commit ${stop}: ${post?.findings}`);
  return { state: String(post?.state), log: String(post?.log) };
}

async function crashEverywhere(page: Page, database: string, method: string): Promise<void> {
  await runWasm(page, { do: "prepare", database });
  const [whole] = await runWasm(page, { do: "run", database, method, stop: 0 });
  const commits = Number(whole?.commits);
  assert.ok(commits >= 1, `${method} commits ${commits} times`);
  let before = await crash(page, database, method, 1, "before");
  for (let n = 1; n <= commits; n++) {
    const after = await crash(page, database, method, n, "after");
    assert.notEqual(after.log, before.log, `${method}: commit ${n} is not in the log`);
    const during = await crash(page, database, method, n, "during");
    const same = [before, after].some(({ state, log }) => state === during.state && log === during.log);
    assert.ok(same, `${method}, killed during commit ${n}: neither as before nor as after, but ${JSON.stringify(during)}`);
    before = after;
  }
}

test("a worker that is killed before, during or after any commit of any method leaves the old state or the new one, with its log", {
  timeout: 180_000,
}, async (t) => {
  await visit(stage.app.url, async (page) => {
    const [listed] = await runWasm(page, { do: "methods" });
    const all = String(listed?.methods).split(" ");
    assert.ok(all.length >= 15, `${all.length} methods`);
    const methods = settings.browser() === "chromium" ? all : all.filter((method) => often.has(method));
    const failures = new Map<string, unknown>();
    const waiting = [...methods];
    const lane = async (database: string) => {
      for (let method = waiting.shift(); method; method = waiting.shift()) {
        await crashEverywhere(page, database, method).catch((error: unknown) => failures.set(method as string, error));
      }
    };
    await Promise.all([lane("crash-1"), lane("crash-2"), lane("crash-3")]);
    for (const method of methods)
      await t.test(method, () => {
        if (failures.has(method)) throw failures.get(method);
      });
  });
});

/** The methods that are enough for a second browser: each kind of commit. */
const often = new Set(["create-user", "unlock-wrong", "vapid-sign", "rotate", "reset"]);

/** What goes on when the browser is killed. Each begins in a page with an open vault. */
const occupations: Record<string, (page: Page, person: Person) => Promise<void>> = {
  async "while keys are made"(page) {
    void later(page.evaluate(() => Promise.all(Array.from({ length: 200 }, () => kms.vapid.generate()))));
    await pause(350);
  },
  async "while tokens are signed"(page) {
    void later(
      page.evaluate(async () => {
        const { kid } = await kms.vapid.generate();
        for (;;) await kms.vapid.sign({ kid, aud: "https://push.example.net", sub: "mailto:ops@app.example" });
      }),
    );
    await pause(500);
  },
  async "while the vault gets another key"(page, person) {
    void later(page.evaluate(() => kms.vault.manage()));
    await person.answer(words.manage.title, words.manage.rotate);
    await person.giveChosen();
    await pause(60);
  },
  async "while a passphrase is tried"(page, person) {
    await page.evaluate(() => kms.vault.lock());
    void later(page.evaluate(() => kms.vault.unlock()));
    await person.giveChosen("a wrong passphrase 99");
    await pause(300);
  },
};

test("a browser that is killed in the middle opens the vault again, with every answered key and a log that verifies", {
  skip: settings.browser() !== "chromium",
  timeout: 120_000,
}, async (t) => {
  const profile = mkdtempSync(join(tmpdir(), "browsertest-crash-"));
  const start = async () => {
    const browser = await launchBrowser("chromium", { profile });
    const page = await openIn(browser.defaultBrowserContext(), stage.app.url);
    return { browser, page, person: personAt(page, stage.enclave.host.origin) };
  };
  let { browser, page, person } = await start();
  try {
    await setUp(page, person);
    const { kid, publicKey } = await generate(page);
    let since = (await page.evaluate(() => kms.audit.checkpoint())).checkpoint;
    for (const [name, occupy] of Object.entries(occupations)) {
      await t.test(name, async () => {
        await occupy(page, person);
        await killBrowser(browser);
        ({ browser, page, person } = await start());
        await connect(page);
        assert.equal((await page.evaluate(() => kms.status())).state, "locked");
        await unlock(page, () => person.giveChosen());
        assert.equal((await page.evaluate(() => kms.status())).damaged, 0);
        await verifyToken((await sign(page, { kid, aud, sub })).token, publicKey, { aud, sub });
        const { code, output } = await verifyBundle(await exportBundle(page), since);
        assert.equal(code, 0, output);
        since = (await page.evaluate(() => kms.audit.checkpoint())).checkpoint;
      });
    }
  } finally {
    await closeBrowser(browser);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});
