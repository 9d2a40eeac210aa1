// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { LibsignalParty } from "./libsignal.ts";
import { type Envelope, type Party, bytes, text, types } from "./party.ts";
import { type OurParty, Peer, PeerError, policies } from "./peer.ts";
import { converse, greet, start } from "./traffic.ts";

const peer = new Peer();
after(() => peer.close());

async function pair(): Promise<{ ours: OurParty; theirs: LibsignalParty }> {
  return { ours: await peer.party("ours"), theirs: new LibsignalParty("0.103.0", "theirs") };
}

async function opens(to: Party, from: Party, { type, body }: Envelope, expected: string): Promise<void> {
  assert.equal(text(await to.decrypt(from.address, type, body)), expected);
}

test("both begin at once: both first messages open, and they end up in one session", async () => {
  const { ours, theirs } = await pair();
  await start(ours, theirs);
  await start(theirs, ours);
  const [mine, yours] = [await ours.encrypt(theirs.address, bytes("mine")), await theirs.encrypt(ours.address, bytes("yours"))];
  assert.deepEqual([mine.type, yours.type], [types.preKey, types.preKey]);
  await opens(theirs, ours, mine, "mine");
  await opens(ours, theirs, yours, "yours");
  await greet(ours, theirs);
  await greet(theirs, ours);
  const { id } = await ours.session(theirs.address);
  await converse(ours, theirs, { messages: 200 });
  const after = await ours.session(theirs.address);
  assert.deepEqual([after.id, after.acknowledged, after.archived], [id, true, 1]);
});

test("both begin at once, write several messages before they hear, and lose none", async () => {
  const { ours, theirs } = await pair();
  await start(ours, theirs);
  await start(theirs, ours);
  const mine: Envelope[] = [];
  const yours: Envelope[] = [];
  for (let n = 0; n < 5; n++) {
    mine.push(await ours.encrypt(theirs.address, bytes(`mine ${n}`)));
    yours.push(await theirs.encrypt(ours.address, bytes(`yours ${n}`)));
  }
  // The first of each is the last to arrive.
  for (let n = 4; n >= 0; n--) {
    await opens(theirs, ours, mine[n] as Envelope, `mine ${n}`);
    await opens(ours, theirs, yours[n] as Envelope, `yours ${n}`);
  }
  await converse(ours, theirs, { messages: 100 });
});

test("what is late opens in the session that it was written in, though either side has put that aside", async () => {
  for (const weRenew of [true, false]) {
    const { ours, theirs } = await pair();
    await start(ours, theirs);
    await greet(ours, theirs);
    const late: [Party, Party, Envelope][] = [];
    for (const [from, to] of [
      [ours, theirs],
      [theirs, ours],
    ] as const)
      for (let n = 0; n < 3; n++) late.push([from, to, await from.encrypt(to.address, bytes("late"))]);

    const [first, second] = weRenew ? [ours, theirs] : [theirs, ours];
    if (weRenew) await ours.archive(theirs.address);
    else theirs.archive(ours.address);
    await start(first, second);
    await greet(first, second);
    assert.equal((await ours.session(theirs.address)).archived, 1);

    for (const [from, to, envelope] of late.reverse()) await opens(to, from, envelope, "late");
    await converse(ours, theirs, { messages: 60 });
  }
});

test("what an initiator wrote while it negotiated opens after it has heard from us, late as it is", async () => {
  const ours = await peer.party("ours");
  const negotiating = [new LibsignalParty("0.90.0", "theirs"), await peer.party("others", policies.negotiated)];
  for (const first of negotiating) {
    await start(first, ours);
    const early: Envelope[] = [];
    for (let n = 0; n < 3; n++) early.push(await first.encrypt(ours.address, bytes(`early ${n}`)));
    await opens(ours, first, early[0] as Envelope, "early 0");
    await greet(ours, first);
    await greet(ours, first);
    await opens(ours, first, early[2] as Envelope, "early 2");
    await opens(ours, first, early[1] as Envelope, "early 1");
    await converse(ours, first, { messages: 60 });
  }
});

test("two thousand messages may be missing, and then come out of order, to us and to the client", async () => {
  const missing = 2000;
  for (const weSend of [true, false]) {
    const { ours, theirs } = await pair();
    await start(ours, theirs);
    await greet(ours, theirs);
    const [from, to] = weSend ? [ours, theirs] : [theirs, ours];
    const sent: Envelope[] = [];
    for (let n = 0; n <= missing; n++) sent.push(await from.encrypt(to.address, bytes(`message ${n}`)));
    await opens(to, from, sent[missing] as Envelope, `message ${missing}`);
    // Some of them, from the ends and between: each step reads and writes the keys of all that are missing.
    for (let n = 0; n < missing; n += 37) {
      const at = n % 2 === 0 ? n : missing - n;
      const envelope = sent[at] as Envelope;
      await opens(to, from, envelope, `message ${at}`);
      await assert.rejects(to.decrypt(from.address, envelope.type, envelope.body), (error) => to.isDuplicate(error));
    }
    const { bytes: stored } = await ours.size();
    assert.ok(stored < 200_000, `an account of one session stores ${stored} bytes`);
    await converse(ours, theirs, { messages: 60 });
  }
});

test("a device that lost its sessions begins again, and is heard", async () => {
  const { ours, theirs } = await pair();
  await start(ours, theirs);
  await greet(ours, theirs);
  theirs.memory.sessions.clear();
  await start(theirs, ours);
  const { type, body } = await theirs.encrypt(ours.address, bytes("again"));
  const opened = await ours.open(theirs.address, type, body);
  assert.deepEqual([text(opened.plaintext), opened.newSession, opened.identityChanged], ["again", true, false]);
  await converse(theirs, ours, { messages: 60 });
});

test("one-time prekeys are gone after use, and what names one again is refused", async () => {
  const { ours, theirs } = await pair();
  const other = new LibsignalParty("0.103.0", "other");
  const bundle = await ours.bundle();
  const before = await ours.preKeysLeft();
  for (const party of [theirs, other]) await party.processBundle(ours.address, bundle);
  const [one, two] = [await theirs.encrypt(ours.address, bytes("one")), await other.encrypt(ours.address, bytes("two"))];
  const opened = await ours.open(theirs.address, one.type, one.body);
  assert.equal(opened.preKeyUsed, bundle.preKey?.id);
  assert.deepEqual(await ours.preKeysLeft(), { oneTime: before.oneTime - 1, kyber: before.kyber - 1 });
  await assert.rejects(ours.decrypt(other.address, two.type, two.body), { code: "prekey_gone" });
});

test("the last-resort Kyber key serves many, on both sides", async () => {
  const ours = await peer.party("ours");
  const bundle = await ours.bundle({ oneTime: false, kyber: "last-resort" });
  for (const name of ["one", "two"]) {
    const theirs = new LibsignalParty("0.103.0", name);
    await theirs.processBundle(ours.address, bundle);
    await converse(theirs, ours, { messages: 30 });
  }

  const theirs = new LibsignalParty("0.103.0", "theirs");
  const their = await theirs.bundle({ oneTime: false, kyber: "last-resort" });
  for (const name of ["three", "four"]) {
    const party = await peer.party(name);
    await party.processBundle(theirs.address, their);
    await converse(party, theirs, { messages: 30 });
  }
});

test("a first message under the last-resort key opens once, even after its session was closed", async () => {
  const { ours, theirs } = await pair();
  await theirs.processBundle(ours.address, await ours.bundle({ oneTime: false, kyber: "last-resort" }));
  const first = await theirs.encrypt(ours.address, bytes("first"));
  await opens(ours, theirs, first, "first");
  await ours.close(theirs.address);
  await assert.rejects(ours.decrypt(theirs.address, first.type, first.body), (error) => {
    assert.ok(error instanceof PeerError);
    return ours.isDuplicate(error);
  });
});

test("a peer with a new identity key is heard and reported, and not written to until it is accepted", async () => {
  const { ours, theirs } = await pair();
  await start(ours, theirs);
  await greet(ours, theirs);
  const reinstalled = new LibsignalParty("0.103.0", "theirs");
  await start(reinstalled, ours);
  const { type, body } = await reinstalled.encrypt(ours.address, bytes("new telephone"));
  const opened = await ours.open(reinstalled.address, type, body);
  assert.deepEqual([text(opened.plaintext), opened.identityChanged], ["new telephone", true]);
  await assert.rejects(ours.encrypt(reinstalled.address, bytes("who is it?")), { code: "identity_changed" });
  const stranger = new LibsignalParty("0.103.0", "stranger");
  await assert.rejects(ours.accept("theirs", stranger.identityKey), { code: "key_mismatch" });
  await ours.accept("theirs", reinstalled.identityKey);
  await converse(ours, reinstalled, { messages: 40 });
});
