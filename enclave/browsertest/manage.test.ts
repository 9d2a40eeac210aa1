// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import * as words from "../shell/ceremony/strings.ts";
import { exportBundle, verifyBundle } from "./audit.ts";
import { connect, generate, sign, signFailure } from "./client.ts";
import { passphrase } from "./person.ts";
import { button, readPage, textbox } from "./roles.ts";
import { stage, visit } from "./stage.ts";
import { later, until } from "./surface.ts";
import { verifyToken } from "./token.ts";
import { lock, setUp, unlock, visitVault } from "./vault.ts";

const aud = "https://push.example.net";
const sub = "mailto:ops@app.example";
const { manage } = words;

// Mistakes M07 to M11 (docs/mistakes.md): adding an enrolment broke the others, removing one did nothing, removed
// anything by its name, or the last way in.
test("ways to unlock are added, changed and removed, each with a proof, and the last one stays", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    const { kid } = await generate(page);
    const managed = later(page.evaluate(() => kms.vault.manage()));
    const said = async (message: string | undefined) => {
      const at = await person.at(manage.title);
      await until(`"${message}"`, async () => (await at.run(readPage)).text.includes(message ?? "?"));
      return at;
    };

    let at = await person.at(manage.title);
    await at.click(button(manage.of(manage.remove, words.ways.passphrase ?? "")));
    assert.equal(await person.problem(at), words.problems.last_enrolment);

    await at.click(button(manage.add.recovery ?? ""));
    await person.giveChosen();
    const written = await person.writeRecovery(true);
    at = await said(words.done.added);

    await at.click(button(manage.of(manage.change, words.ways.passphrase ?? "")));
    await person.giveRecovery(written);
    await person.choosePassphrase("an entirely new phrase 31");
    at = await said(words.done.changed);

    await at.click(button(manage.rotate));
    await person.giveRecovery(written);
    at = await said(words.done.rotated);

    await at.click(button(manage.of(manage.remove, words.ways.recovery ?? "")));
    await person.giveChosen("an entirely new phrase 31");
    at = await said(words.done.removed);
    await at.click(button(words.header.close));
    await managed;
    assert.equal(await signFailure(page, { kid, aud, sub }), null, "after the rotation the key signs");

    await lock(page);
    await unlock(page, async () => {
      const at = await person.giveChosen(passphrase);
      assert.equal(await person.problem(at), words.problems.wrong_passphrase);
      assert.ok(!(await at.run(readPage)).buttons.includes(words.unlock.choose.recovery), "the words are not asked for");
      await person.giveChosen("an entirely new phrase 31");
    });
    assert.equal(await signFailure(page, { kid, aud, sub }), null);
    const { code, output } = await verifyBundle(await exportBundle(page));
    assert.equal(code, 0, output);
  });
});

test("a rule that the person makes for a site makes it ask, and only stricter ones can be made", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    const { kid, publicKey } = await generate(page);
    const managed = later(page.evaluate(() => kms.vault.manage()));
    let at = await person.at(manage.title);
    await at.click(button(manage.rules(0)));
    at = await person.at(manage.rulesTitle);
    await at.run((wanted) => {
      const [what] = document.querySelectorAll("select");
      if (!what) return;
      what.value = wanted;
      what.dispatchEvent(new Event("change", { bubbles: true }));
    }, "vapid.sign");
    const offered = await at.run(() => [...(document.querySelectorAll("select")[1]?.options ?? [])].map(({ value }) => value));
    assert.deepEqual(offered, ["confirm"]);
    await at.click(button(manage.saveRule));
    await until("the rule", async () => (await at.run(readPage)).text.includes(words.classes.confirm ?? "?"));
    await person.answer(manage.rulesTitle, words.header.back);
    await person.answer(manage.title, words.header.close);
    await managed;

    const [refused] = await Promise.all([
      signFailure(page, { kid, aud, sub }),
      person.answer(words.approve.confirmTitle, words.approve.deny),
    ]);
    assert.equal(refused?.code, "denied");
    const asked = sign(page, { kid, aud, sub });
    at = await person.at(words.approve.confirmTitle);
    const { text } = await at.run(readPage);
    for (const detail of [kid, aud, sub]) assert.ok(text.includes(detail), `${detail} is not shown: ${text}`);
    await at.click(button(words.approve.allow));
    await verifyToken((await asked).token, publicKey, { aud, sub });
  });
});

// Mistake M25 (docs/mistakes.md): a reset needed no authority.
test("a vault is deleted only when its name was typed in the enclave's own document, and never by the app", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person, { name: "Ada" });
    await lock(page);
    const methods = await page.evaluate(async () => {
      const names = ["vault.reset", "vault.delete", "vault.remove", "reset"];
      const line = await app.connect(kms.origin + "/");
      const codes: string[] = [];
      for (const [index, method] of names.entries()) {
        const answer = await line.ask({ id: index + 1, method, params: "{}" });
        codes.push("error" in answer ? answer.error.code : "done");
      }
      document.querySelector("iframe:last-of-type:not(dialog iframe)")?.remove();
      return codes;
    });
    assert.deepEqual(new Set(methods), new Set(["unknown_method"]));

    const unlocked = later(page.evaluate(() => kms.vault.unlock().catch((error: unknown) => (error as { code: string }).code)));
    await person.answer(words.unlock.title, words.unlock.reset);
    let at = await person.at(words.reset.title);
    await at.type(textbox(words.reset.label("Ada")), "ada");
    await at.click(button(words.reset.act));
    assert.equal(await person.problem(at), words.problems.wrong_confirmation);
    assert.equal((await page.evaluate(() => kms.status())).users, 1);
    at = await person.at(words.reset.title);
    await at.type(textbox(words.reset.label("Ada")), "Ada");
    await at.click(button(words.reset.act));
    await person.finish();
    assert.equal(await unlocked, "not_set_up");
    assert.equal((await page.evaluate(() => kms.status())).state, "empty");
  });
});

test("the log that the person sees says what was done, by whom, and what was refused", async () => {
  await visitVault(async (page, person) => {
    const { kid } = await generate(page);
    await Promise.all([
      page.evaluate((kid) => kms.vapid.delete({ kid }).catch(() => undefined), kid),
      person.answer(words.approve.confirmTitle, words.approve.deny),
    ]);
    const managed = later(page.evaluate(() => kms.vault.manage()));
    await person.answer(manage.title, manage.log);
    let at = await person.at(words.log.title);
    const { text } = await at.run(readPage);
    for (const said of [words.operations["vapid.generate"], words.operations["vapid.delete"], words.outcomes.denied, kid, stage.app.host.origin]) {
      assert.ok(text.includes(said ?? "?"), `${said} is not in the log: ${text}`);
    }
    await at.click(button(words.log.export));
    at = await person.at(words.log.exportTitle);
    const bundle = await at.run(() => document.querySelector("textarea")?.value ?? "");
    const { code, output } = await verifyBundle(bundle);
    assert.equal(code, 0, output);
    await at.click(button(words.header.back));
    await person.answer(words.log.title, words.header.back);
    await person.answer(manage.title, words.header.close);
    await managed;
  });
});

test("managing does not open the vault for the app that asked for it", async () => {
  await visit(stage.app.url, async (page, _, person) => {
    await setUp(page, person);
    await lock(page);
    const managed = later(page.evaluate(() => kms.vault.manage()));
    await person.giveChosen();
    const at = await person.at(manage.title);
    assert.equal((await page.evaluate(() => kms.status())).state, "locked");
    await at.click(button(manage.lock));
    await managed;
    await connect(page).catch(() => undefined);
  });
});
