// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, test } from "node:test";

import { type ClientVersion, clientVersions } from "./client.ts";
import { LibsignalParty } from "./libsignal.ts";
import { type Address, bytes, text, types } from "./party.ts";
import { Peer, policies } from "./peer.ts";
import { Schedule, converse, greet, start } from "./traffic.ts";

const peer = new Peer();
after(() => peer.close());

const newest: ClientVersion = "0.103.0";

test("100 signatures of ours are accepted by every release, and 100 of each by us", async () => {
  for (const version of clientVersions) {
    const lengths = Array.from({ length: 100 }, (_, n) => n * 17);
    for (const length of lengths) {
      const theirs = new LibsignalParty(version, "theirs");
      const message = randomBytes(length);
      const { key, signature } = await peer.sign(message);
      assert.ok(theirs.verify(key, message, signature));
      assert.ok(!theirs.verify(theirs.identityKey, message, signature));

      assert.ok(await peer.verify(theirs.identityKey, message, theirs.sign(message)));
      assert.ok(!(await peer.verify(key, message, theirs.sign(message))));
    }
  }
});

test("the signatures in bundles are the identity key's, over the keys as they are sent", async () => {
  const ours = await peer.party("ours");
  for (const version of clientVersions) {
    const theirs = new LibsignalParty(version, "theirs");
    for (const party of [ours, theirs]) {
      const { identityKey, signedPreKey, kyberPreKey } = await party.bundle();
      for (const key of [signedPreKey, kyberPreKey]) {
        assert.ok(key);
        assert.ok(theirs.verify(identityKey, key.key, key.signature));
        assert.ok(await peer.verify(identityKey, key.key, key.signature));
      }
    }
  }
});

test("safety numbers agree, in digits and as a code to scan, and differ for another key", async () => {
  for (const version of clientVersions) {
    const ours = await peer.party("ours", policies.negotiated);
    const theirs = new LibsignalParty(version, "theirs");
    await start(ours, theirs);
    const number = await ours.safetyNumber("theirs");
    const expected = theirs.safetyNumber(bytes("theirs"), bytes("ours"), ours.identityKey);
    assert.match(number.digits, /^\d{60}$/);
    assert.equal(number.digits, expected.digits);
    const mirrored = new LibsignalParty(version, "ours");
    assert.notEqual(number.digits, mirrored.safetyNumber(bytes("ours"), bytes("theirs"), theirs.identityKey).digits);

    assert.ok(theirs.scans(expected.scannable, number.scannable));
    assert.equal(await ours.matches("theirs", expected.scannable), true);
    const another = theirs.safetyNumber(bytes("theirs"), bytes("ours"), mirrored.identityKey);
    assert.equal(theirs.scans(another.scannable, number.scannable), false);
    assert.equal(await ours.matches("theirs", another.scannable), false);
  }
});

/** Somebody in a group. */
interface Member {
  address: Address;
  groupDistribution(group: string): Promise<Uint8Array>;
  processDistribution(from: Address, body: Uint8Array): Promise<void>;
  groupEncrypt(group: string, plaintext: Uint8Array): Promise<Uint8Array>;
  groupDecrypt(from: Address, body: Uint8Array): Promise<Uint8Array>;
}

for (const version of clientVersions) {
  test(`messages of a group open with ${version} and with us, in any order, and once`, async () => {
    const group = randomUUID();
    const schedule = new Schedule(1);
    const members: [Member, Member][] = [
      [await peer.party("ours"), new LibsignalParty(version, "theirs")],
      [new LibsignalParty(version, "theirs"), await peer.party("ours")],
    ];
    for (const [sender, receiver] of members) {
      // One message goes out before the receiver is there: it must not open.
      const distribution = await sender.groupDistribution(group);
      const sent = [];
      for (let n = 0; n < 120; n++) sent.push({ n, body: await sender.groupEncrypt(group, bytes(`message ${n}`)) });
      await assert.rejects(receiver.groupDecrypt(sender.address, sent[0]?.body ?? new Uint8Array()));
      await receiver.processDistribution(sender.address, distribution);
      schedule.shuffle(sent);
      for (const { n, body } of sent) assert.equal(text(await receiver.groupDecrypt(sender.address, body)), `message ${n}`);
      for (const { body } of sent.slice(0, 10)) await assert.rejects(receiver.groupDecrypt(sender.address, body));

      // Who comes later reads from then on only.
      const later: Member = sender instanceof LibsignalParty ? await peer.party("later") : new LibsignalParty(version, "later");
      await later.processDistribution(sender.address, await sender.groupDistribution(group));
      await assert.rejects(later.groupDecrypt(sender.address, sent[0]?.body ?? new Uint8Array()));
      const next = await sender.groupEncrypt(group, bytes("next"));
      for (const member of [receiver, later]) assert.equal(text(await member.groupDecrypt(sender.address, next)), "next");
    }
  });
}

test("after a rotation of our group key old and new messages open, for who was given both", async () => {
  const group = randomUUID();
  const ours = await peer.party("ours");
  const [stays, leaves] = [new LibsignalParty(newest, "stays"), new LibsignalParty(newest, "leaves")];
  const distribution = await ours.groupDistribution(group);
  for (const member of [stays, leaves]) await member.processDistribution(ours.address, distribution);
  const old = await ours.groupEncrypt(group, bytes("old"));
  await stays.processDistribution(ours.address, await ours.groupRotation(group));
  const rotated = await ours.groupEncrypt(group, bytes("new"));
  assert.equal(text(await stays.groupDecrypt(ours.address, rotated)), "new");
  assert.equal(text(await stays.groupDecrypt(ours.address, old)), "old");
  assert.equal(text(await leaves.groupDecrypt(ours.address, old)), "old");
  await assert.rejects(leaves.groupDecrypt(ours.address, rotated));
});

test("a group message with one byte changed is refused by us and by the client", async () => {
  const group = randomUUID();
  const ours = await peer.party("ours");
  const theirs = new LibsignalParty(newest, "theirs");
  for (const [sender, receiver] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    await receiver.processDistribution(sender.address, await sender.groupDistribution(group));
    const sent = await sender.groupEncrypt(group, bytes("as it was"));
    for (let n = 0; n < sent.length; n += 3) {
      const changed = Uint8Array.from(sent);
      changed[n] = (changed[n] as number) ^ (1 << (n % 8));
      await assert.rejects(receiver.groupDecrypt(sender.address, changed), `byte ${n}`);
    }
    assert.equal(text(await receiver.groupDecrypt(sender.address, sent)), "as it was");
  }
});

for (const version of clientVersions) {
  test(`each side reads the request of the other, ours and that of ${version}, to send a message again`, async () => {
    const ours = await peer.party("ours", policies.negotiated);
    const theirs = new LibsignalParty(version, "theirs");
    await start(ours, theirs);
    await greet(ours, theirs);
    const when = 1_700_000_000_123;

    const lost = await theirs.encrypt(ours.address, bytes("to us"));
    const asked = await ours.requestRetry(theirs.address, lost, when);
    assert.equal(asked.type, types.plaintext);
    const read = theirs.readRetry(asked.body);
    assert.deepEqual([read.timestamp, read.device], [when, theirs.address.device]);
    assert.ok(read.ratchetKey && theirs.sendsUnder(ours.address, read.ratchetKey));

    // The client archives, begins anew, and sends again.
    theirs.archive(ours.address);
    await start(theirs, ours);
    const again = await theirs.encrypt(ours.address, bytes("to us"));
    assert.equal(text(await ours.decrypt(theirs.address, again.type, again.body)), "to us");
    await converse(theirs, ours, { messages: 40 });

    const other = await ours.encrypt(theirs.address, bytes("to them"));
    const request = theirs.requestRetry(other.type, other.body, when, ours.address.device);
    const opened = await ours.open(theirs.address, request.type, request.body);
    assert.deepEqual(opened.retry, { timestamp: when, stale: true });
    assert.equal(opened.plaintext.length, 0);
    await start(ours, theirs);
    await converse(ours, theirs, { messages: 40 });
  });
}

test("a request about a message of a group names no ratchet key, and is read by either side", async () => {
  const group = randomUUID();
  const ours = await peer.party("ours");
  const theirs = new LibsignalParty(newest, "theirs");
  await start(ours, theirs);
  await greet(ours, theirs);
  await theirs.groupDistribution(group);
  await ours.groupDistribution(group);
  const lost = { type: types.senderKey, body: await theirs.groupEncrypt(group, bytes("lost")) };
  assert.deepEqual(theirs.readRetry((await ours.requestRetry(theirs.address, lost, 7)).body), { timestamp: 7, device: 1 });

  const request = theirs.requestRetry(types.senderKey, await ours.groupEncrypt(group, bytes("lost")), 8, 1);
  const opened = await ours.open(theirs.address, request.type, request.body);
  assert.deepEqual(opened.retry, { timestamp: 8, stale: false });
});

test("a request about a message of a session that is not used any more changes nothing", async () => {
  const ours = await peer.party("ours");
  const theirs = new LibsignalParty(newest, "theirs");
  await start(ours, theirs);
  await greet(ours, theirs);
  const old = await ours.encrypt(theirs.address, bytes("old"));
  await greet(theirs, ours); // a step of the ratchet, after which we send under another key
  await greet(ours, theirs);
  const request = theirs.requestRetry(old.type, old.body, 1, 1);
  const opened = await ours.open(theirs.address, request.type, request.body);
  assert.deepEqual(opened.retry, { timestamp: 1, stale: false });
  await converse(ours, theirs, { messages: 40 });
});
