// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import { LibsignalParty } from "../signaltest/libsignal.ts";
import { bytes, type Envelope, text } from "../signaltest/party.ts";
import { greet, Schedule, start } from "../signaltest/traffic.ts";
import { exportBundle, verifyBundle } from "./audit.ts";
import { codeOf, type EnclaveParty } from "./signalparty.ts";
import { openTab, share, talk } from "./signalstage.ts";
import { assertKeysDiffer } from "./signalwire.ts";
import { until } from "./surface.ts";

/** Rounds in which each of two tabs sends and receives five messages at once. */
const rounds = share(10);

/** Opens a message in two tabs at once: one gets the text, the other hears that it is a duplicate. */
async function openTwice(tabs: readonly EnclaveParty[], from: LibsignalParty, { type, body }: Envelope): Promise<string> {
  const seen = await Promise.all(
    tabs.map((tab) =>
      tab.decrypt(from.address, type, body).then(text, (error: unknown) => {
        if (!tab.isDuplicate(error)) throw error;
        return null;
      }),
    ),
  );
  const opened = seen.filter((found) => found !== null);
  assert.equal(opened.length, 1, `${opened.length} of two tabs opened a message`);
  return opened[0] as string;
}

test(`two tabs that use one session at once, ${rounds * 20} times, never use a key twice and lose nothing`, { timeout: 90_000 }, async (t) => {
  const { alice } = await talk();
  const peer = new LibsignalParty("0.103.0", "two-tabs");
  await start(peer, alice.party);
  await greet(peer, alice.party);
  const second = await openTab(alice);
  const schedule = new Schedule(Math.floor(Math.random() * 2 ** 32));
  const { checkpoint, size } = await alice.page.evaluate(() => kms.audit.checkpoint());
  const tabs = [alice.party, alice.party.in(second)];
  const sent: Envelope[] = [];
  let changes = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const incoming: { envelope: Envelope; plaintext: string }[] = [];
      for (let n = 0; n < 10; n++) {
        const plaintext = `to the tabs ${round}.${n}`;
        incoming.push({ plaintext, envelope: await peer.encrypt(alice.party.address, bytes(plaintext)) });
      }
      schedule.shuffle(incoming);
      const twice = incoming.pop() as (typeof incoming)[number];
      const outgoing: { plaintext: string; envelope: Envelope }[] = [];
      const decrypting = incoming.map(async ({ envelope, plaintext }, n) => {
        const tab = tabs[n % 2] as EnclaveParty;
        assert.equal(text(await tab.decrypt(peer.address, envelope.type, envelope.body)), plaintext);
      });
      const both = openTwice(tabs, peer, twice.envelope).then((found) => assert.equal(found, twice.plaintext));
      const encrypting = Array.from({ length: 10 }, async (_, n) => {
        const plaintext = `from a tab ${round}.${n}`;
        outgoing.push({ plaintext, envelope: await (tabs[n % 2] as EnclaveParty).encrypt(peer.address, bytes(plaintext)) });
      });
      await Promise.all([...decrypting, both, ...encrypting]);
      changes += 20;

      sent.push(...outgoing.map(({ envelope }) => envelope));
      schedule.shuffle(outgoing);
      for (const { plaintext, envelope } of outgoing) {
        assert.equal(text(await peer.decrypt(alice.party.address, envelope.type, envelope.body)), plaintext);
      }
      for (const { envelope } of outgoing) {
        await assert.rejects(peer.decrypt(alice.party.address, envelope.type, envelope.body), (error) => peer.isDuplicate(error));
      }
    }
    assertKeysDiffer(sent);
    const [one, other] = await Promise.all(tabs.map((tab) => tab.session(peer.address)));
    assert.deepEqual(one, other, "both tabs see one session");
    t.diagnostic(`epoch ${one?.epoch}`);

    const after = await alice.page.evaluate(() => kms.audit.checkpoint());
    assert.ok(after.size >= size + changes, `${after.size - size} entries of ${changes} changes`);
    const verdict = await verifyBundle(await exportBundle(alice.page), checkpoint);
    assert.equal(verdict.code, 0, verdict.output);
  } finally {
    await second.close();
  }
});

/** Encrypts without end in a tab; each answer is handed over as it comes. */
async function encryptForever(page: Page, name: string, answered: (envelope: Envelope) => void): Promise<void> {
  await page.exposeFunction("answered", (type: number, latin1: string) => {
    answered({ type, body: new Uint8Array(Buffer.from(latin1, "latin1")) });
  });
  await page.evaluate((name) => {
    const hand = (globalThis as unknown as { answered(type: number, latin1: string): void }).answered;
    const lane = async () => {
      for (let n = 0; ; n++) {
        const sealed = await kms.signal.encrypt({ name, device: 1, body: new TextEncoder().encode(`message ${n}`) });
        hand(sealed.type, String.fromCharCode(...sealed.body));
      }
    };
    for (let lanes = 0; lanes < 4; lanes++) void lane().catch(() => undefined);
  }, name);
}

test("a tab that dies while it sends takes no key with it that another tab uses, and the conversation goes on", { timeout: 60_000 }, async () => {
  const { alice } = await talk();
  const peer = new LibsignalParty("0.103.0", "dying-tab");
  await start(peer, alice.party);
  await greet(peer, alice.party);
  const sent: Envelope[] = [];
  for (let deaths = 0; deaths < 3; deaths++) {
    const doomed = await openTab(alice);
    const before = sent.length;
    await encryptForever(doomed, peer.address.name, (envelope) => sent.push(envelope));
    await until("some messages", async () => sent.length > before + 10 + 7 * deaths);
    await doomed.close();
    for (let n = 0; n < 3; n++) sent.push(await alice.party.encrypt(peer.address, bytes(`after death ${deaths}.${n}`)));
    const { type, body } = await peer.encrypt(alice.party.address, bytes(`condolences ${deaths}`));
    assert.equal(text(await alice.party.decrypt(peer.address, type, body)), `condolences ${deaths}`);
  }
  assertKeysDiffer(sent);
  for (const { type, body } of sent) await peer.decrypt(alice.party.address, type, body);
  assert.equal((await alice.page.evaluate(() => kms.status())).damaged, 0);
  const verdict = await verifyBundle(await exportBundle(alice.page));
  assert.equal(verdict.code, 0, verdict.output);
});

test("tabs that create an identity or publish prekeys at once end with one identity and no prekey twice", async () => {
  const { bob } = await talk();
  const second = await openTab(bob);
  const tabs = [bob.party, bob.party.in(second)];
  try {
    const codes = await Promise.all(tabs.map((tab) => codeOf(tab.call("signal.identity.create", { name: "other", device: 2 }))));
    assert.deepEqual(codes, ["already_exists", "already_exists"]);
    const before = await bob.party.call("signal.prekeys.count", {});
    const wanted = Math.min(100, before.oneTime + 6);
    const published = await Promise.all(tabs.map((tab) => tab.call("signal.prekeys.publish", { oneTime: wanted })));
    const ids = published.flatMap(({ oneTime }) => oneTime.map(({ id }) => id));
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(ids.length, wanted - before.oneTime);
    assert.equal((await bob.party.call("signal.prekeys.count", {})).oneTime, wanted);
    const started = await Promise.all(tabs.map((tab) => tab.call("signal.identity.public", {})));
    assert.deepEqual(started[0], started[1]);
  } finally {
    await second.close();
  }
});
