// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { bytes, text, types } from "../signaltest/party.ts";
import { converse, start } from "../signaltest/traffic.ts";
import { codeOf } from "./signalparty.ts";
import { share, talk } from "./signalstage.ts";
import { assertKeysDiffer, flipped } from "./signalwire.ts";

test("an identity is made once, and what is published is counted down as others use it", async () => {
  const { alice, bob } = await talk();
  const { address, identityKey, registrationId } = bob.party;
  const own = await bob.party.call("signal.identity.public", {});
  assert.deepEqual([own.name, own.device, own.registrationId, own.oldest], [address.name, 1, registrationId, "triple-ratchet"]);
  assert.equal(await codeOf(bob.party.call("signal.identity.create", { name: "robert", device: 1 })), "already_exists");

  const full = await bob.party.bundle();
  const before = await bob.party.call("signal.prekeys.count", {});
  assert.ok(before.oneTime > 0 && before.kyber > 0 && !before.rotationDue);
  assert.deepEqual(full.identityKey, identityKey);
  await alice.party.processBundle(address, full);
  const { type, body } = await alice.party.encrypt(address, bytes("a new session"));
  assert.equal(type, types.preKey);
  const opened = await bob.party.call("signal.decrypt", { ...alice.party.address, type, body });
  assert.deepEqual([text(opened.body), opened.newSession, opened.preKeyUsed], ["a new session", true, full.preKey?.id]);
  const after = await bob.party.call("signal.prekeys.count", {});
  assert.deepEqual([after.oneTime, after.kyber], [before.oneTime - 1, before.kyber - 1]);
  const back = await bob.party.encrypt(alice.party.address, bytes("welcome"));
  assert.equal(text(await alice.party.decrypt(address, back.type, back.body)), "welcome");

  const rotated = await bob.party.call("signal.prekeys.rotate", {});
  assert.notEqual(rotated.signedPreKey.id, full.signedPreKey.id);
  await alice.party.processBundle(address, full).catch(() => assert.fail("the signed prekey before is still good"));
  const late = await alice.party.encrypt(address, bytes("again"));
  assert.equal(await codeOf(bob.party.decrypt(alice.party.address, late.type, late.body)), "prekey_gone", "a one-time prekey works once");
});

test("two apps with two vaults talk: bursts, another order, losses and duplicates, and the post-quantum secret is renewed", {
  timeout: 120_000,
}, async (t) => {
  const { alice, bob } = await talk();
  await start(alice.party, bob.party, { kyber: "last-resort" });
  const tally = await converse(alice.party, bob.party, { messages: share(300) });
  t.diagnostic(JSON.stringify(tally));
  assert.ok(tally.lost + tally.duplicates + tally.late > 0);
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const session = await one.party.session(other.party.address);
    assert.deepEqual([session.active, session.acknowledged, session.version, session.postQuantum], [true, true, 4, true]);
    if (share(300) === 300) assert.ok(session.epoch >= 1, `epoch ${session.epoch}`);
  }
});

test("a batch is one transaction, and a message in it that is refused does not disturb the others", async () => {
  const { alice, bob } = await talk();
  const to = bob.party.address;
  const from = alice.party.address;
  const count = 60;
  const messages = Array.from({ length: count }, (_, n) => (n === 7 ? { name: "nobody", device: 1 } : to));
  const sealed = await alice.party.call("signal.encryptBatch", { messages, bodies: messages.map((_, n) => bytes(`number ${n}`)) });
  assert.equal(sealed.results[7]?.code, "no_session");
  assert.equal(sealed.bodies[7]?.length, 0);
  const sent = sealed.results.flatMap(({ type }, n) => (type === undefined ? [] : [{ n, type, body: sealed.bodies[n] as Uint8Array }]));
  assert.equal(sent.length, count - 1);
  assertKeysDiffer(sent);

  const arrived = [...sent.reverse(), sent[5] as (typeof sent)[number]];
  const broken = arrived.map(({ n, body }) => (n === 20 ? flipped(body, body.length - 1) : body));
  const opened = await bob.party.call("signal.decryptBatch", {
    messages: arrived.map(({ type }) => ({ ...from, type })),
    bodies: broken,
  });
  const seen = opened.results.map(({ code }, at) => code ?? text(opened.bodies[at] as Uint8Array));
  const expected = arrived.map(({ n }) => (n === 20 ? "message_not_authentic" : `number ${n}`));
  expected[expected.length - 1] = "duplicate_message";
  assert.deepEqual(seen, expected);

  const kept = arrived.find(({ n }) => n === 20);
  assert.ok(kept);
  assert.equal(text(await bob.party.decrypt(from, kept.type, kept.body)), "number 20", "refused as it was broken, whole it opens");
});

test("an empty plaintext and the longest one go through, also in a first message, and one byte more is refused", async () => {
  const { alice, bob } = await talk();
  await start(alice.party, bob.party);
  for (const size of [longest, 0, 1, 15, 16]) {
    const plaintext = randomBytes(size);
    const { type, body } = await alice.party.encrypt(bob.party.address, plaintext);
    assert.equal(type, types.preKey);
    assert.deepEqual(Buffer.from(await bob.party.decrypt(alice.party.address, type, body)), plaintext);
  }
  assert.equal(await codeOf(alice.party.encrypt(bob.party.address, new Uint8Array(longest + 1))), "invalid_params");
  const { type, body } = await bob.party.encrypt(alice.party.address, new Uint8Array(longest));
  assert.equal((await alice.party.decrypt(bob.party.address, type, body)).length, longest);
});

/** Bytes of the longest plaintext (sdk/api.ts). */
const longest = 258_048;

test("both sides see the same safety number, and a scanned code is compared in the enclave", async () => {
  const { alice, bob } = await talk();
  const ofAlice = await alice.party.call("signal.safetyNumber", { name: bob.party.address.name });
  const ofBob = await bob.party.call("signal.safetyNumber", { name: alice.party.address.name });
  assert.match(ofAlice.digits, /^\d{60}$/);
  assert.equal(ofAlice.digits, ofBob.digits);
  const scan = async (body: Uint8Array) => (await alice.party.call("signal.safetyNumber", { name: bob.party.address.name, body })).scanned;
  assert.equal(await scan(ofBob.body), "same");
  assert.equal(await scan(flipped(ofBob.body, ofBob.body.length - 1)), "different");
  assert.equal(await codeOf(alice.party.call("signal.safetyNumber", { name: "nobody" })), "unknown_contact");
});

test("a group's message is encrypted once and opens in every order; who has not the new key reads nothing after a rotation", async () => {
  const { alice, bob } = await talk();
  const group = Buffer.from("the group's id 1").toString("base64url");
  const from = alice.party.address;
  const hand = async (distribution: Uint8Array) => {
    const { type, body } = await alice.party.encrypt(bob.party.address, distribution);
    const message = await bob.party.decrypt(from, type, body);
    assert.equal((await bob.party.call("signal.group.process", { ...from, body: message })).group, group);
  };
  assert.equal(await codeOf(alice.party.call("signal.group.encrypt", { group, body: bytes("too early") })), "unknown_group");
  await hand((await alice.party.call("signal.group.create", { group })).body);
  const sealed: Uint8Array[] = [];
  for (let n = 0; n < 12; n++) sealed.push((await alice.party.call("signal.group.encrypt", { group, body: bytes(`to all ${n}`) })).body);
  for (const n of [3, 0, 11, 7, 1, 2, 10, 4, 5, 9, 6, 8]) {
    const opened = await bob.party.call("signal.group.decrypt", { ...from, body: sealed[n] as Uint8Array });
    assert.deepEqual([opened.group, text(opened.body)], [group, `to all ${n}`]);
  }
  const again = bob.party.call("signal.group.decrypt", { ...from, body: sealed[3] as Uint8Array });
  assert.equal(await codeOf(again), "duplicate_message");

  const { body: distribution } = await alice.party.call("signal.group.rotate", { group });
  const { body: secret } = await alice.party.call("signal.group.encrypt", { group, body: bytes("bob has left") });
  assert.equal(await codeOf(bob.party.call("signal.group.decrypt", { ...from, body: secret })), "unknown_group");
  await hand(distribution);
  assert.equal(text((await bob.party.call("signal.group.decrypt", { ...from, body: secret })).body), "bob has left");

  const { groups } = await bob.party.call("signal.group.list", {});
  assert.deepEqual(groups.map(({ group, own, senders }) => ({ group, own, senders })), [{ group, own: false, senders: [from] }]);
  await bob.party.call("signal.group.leave", { group });
  assert.deepEqual((await bob.party.call("signal.group.list", {})).groups, []);
});
