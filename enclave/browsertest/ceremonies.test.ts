// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { addAuthenticator } from "./authenticator.ts";
import { connect, generate, sign, signFailure } from "./client.ts";
import type { SetUpChoices } from "./person.ts";
import { settings } from "./settings.ts";
import { stage, visit } from "./stage.ts";
import { later } from "./surface.ts";
import { verifyToken } from "./token.ts";
import { lock, setUp, unlock } from "./vault.ts";

const aud = "https://push.example.net";
const sub = "mailto:ops@app.example";

/** Reloads the app's page and connects anew, with the key that a test made before. */
async function reload(page: Page): Promise<void> {
  await page.reload({ waitUntil: "load" });
  await connect(page);
  assert.equal((await page.evaluate(() => kms.status())).state, "locked");
}

/** One way to open a vault: how it is set up, and what status says of it. */
interface Way {
  name: string;
  choices: SetUpChoices;
  method: string;
  protection: string;
  /** Whether the passkey gives secrets; without it there is no authenticator. */
  prf?: boolean;
}

const ways: Way[] = [
  { name: "a passphrase", choices: {}, method: "passphrase", protection: "encryption" },
  { name: "recovery words", choices: { recovery: true }, method: "recovery", protection: "encryption" },
];
if (settings.browser() === "chromium") {
  const choices = { method: "passkey" } as const;
  ways.push({ name: "a passkey with PRF", choices, method: "passkey-prf", protection: "encryption", prf: true });
  ways.push({ name: "a passkey as a gate", choices, method: "passkey-gate", protection: "policy", prf: false });
}

for (const { name, choices, method, protection, prf } of ways) {
  test(`set up, sign, lock, reload, unlock by ${name}, sign with the same key`, async () => {
    await visit(stage.app.url, async (page, _, person) => {
      if (prf !== undefined) await addAuthenticator(page, { prf });
      const written = await setUp(page, person, choices);
      const { kid, publicKey } = await generate(page);
      await verifyToken((await sign(page, { kid, aud, sub })).token, publicKey, { aud, sub });

      await lock(page);
      assert.equal((await signFailure(page, { kid, aud, sub }))?.code, "locked");
      await reload(page);
      assert.equal((await signFailure(page, { kid, aud, sub }))?.code, "locked");
      assert.equal((await page.evaluate((kid) => kms.vapid.publicKey({ kid }), kid)).publicKey, publicKey);

      await unlock(page, () => {
        if (method === "passphrase") return person.giveChosen();
        return method === "recovery" ? person.giveRecovery(written) : person.givePasskey();
      });
      const status = await page.evaluate(() => kms.status());
      assert.deepEqual([status.state, status.method, status.protection], ["unlocked", method, protection]);
      await verifyToken((await sign(page, { kid, aud, sub })).token, publicKey, { aud, sub });
    });
  });
}

test("every screen says what is asked, by which site, and for which vault", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await connect(page);
    const facts = async (title: string) => {
      const at = await person.at(title);
      return at.run(() =>
        Object.fromEntries(
          [...document.querySelectorAll("header dl > div")].map((row) => [
            row.querySelector("dt")?.textContent,
            row.querySelector("dd")?.textContent,
          ]),
        ),
      );
    };
    const { request, site, vault } = words.header;
    const done = later(page.evaluate(() => kms.vault.setup()));
    const origin = stage.app.host.origin;
    assert.deepEqual(await facts(words.users.welcomeTitle), { [request]: words.operations["vault.setup"], [site]: origin });
    await Promise.all([done, person.setUp({ name: "Ada" })]);
    await lock(page);
    const opened = later(page.evaluate(() => kms.vault.unlock()));
    assert.deepEqual(await facts(words.unlock.title), {
      [request]: words.operations["vault.unlock"],
      [site]: origin,
      [vault]: "Ada",
    });
    await Promise.all([opened, person.giveChosen()]);
  });
});

// Mistake M12 (docs/mistakes.md): a second user could not be set up. Mistake M05: setting up overwrote.
test("setting up again makes another vault and leaves the first as it is", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person, { name: "Ada" });
    const first = await generate(page);
    await lock(page);
    await Promise.all([page.evaluate(() => kms.vault.setup()), person.setUp({ name: "Grace", passphrase: "quite another phrase 42" })]);
    assert.equal((await page.evaluate(() => kms.status())).users, 2);
    const second = await generate(page);
    assert.deepEqual((await page.evaluate(() => kms.vapid.list())).keys.map(({ kid }) => kid), [second.kid]);
    assert.equal((await signFailure(page, { kid: first.kid, aud, sub }))?.code, "unknown_key");

    await lock(page);
    await unlock(page, async () => {
      await person.answer(words.users.chooseTitle, "Ada");
      await person.giveChosen();
    });
    assert.equal(await signFailure(page, { kid: first.kid, aud, sub }), null);
    assert.equal((await signFailure(page, { kid: second.kid, aud, sub }))?.code, "unknown_key");
  });
});

// Mistake M37 (docs/mistakes.md): ready was said before anything was usable.
test("what is asked at once after connecting is answered, without waiting or trying again", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    const { kid } = await generate(page);
    const again = await page.evaluate(
      async (url, release, kid) => {
        kms.close();
        globalThis.kms = await app.sdk.connect({ url, release });
        const [status, key] = await Promise.all([kms.status(), kms.vapid.publicKey({ kid })]);
        return { state: status.state, kid: key.kid };
      },
      stage.enclave.url,
      stage.enclave.digest,
      kid,
    );
    assert.deepEqual(again, { state: "locked", kid });
  });
});
