// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { LibsignalParty, errorCodes } from "./libsignal.ts";
import { type Bundle, bytes, text } from "./party.ts";
import { type OurParty, Peer, PeerError, policies } from "./peer.ts";
import { greet, start } from "./traffic.ts";

const peer = new Peer();
after(() => peer.close());

const ids = {
  ours: "9d0652a3-dcc3-4d11-975f-74d61598733f",
  theirs: "796abedb-ca4e-4f18-8803-1fde5b921f9f",
  other: "c04c7c57-4eaa-4d3b-a1c9-25b1f6d2c3a1",
};

/** Whether our side refuses with this code. */
function refusal(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof PeerError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}

test("0.103.0 refuses us without the post-quantum ratchet, and we it where our policy has none", async () => {
  const theirs = new LibsignalParty("0.103.0", "theirs");
  const before = await peer.party("before", policies.pqxdh);
  await start(before, theirs);
  const sent = await before.encrypt(theirs.address, bytes("no pq_ratchet"));
  await assert.rejects(theirs.decrypt(before.address, sent.type, sent.body));

  await start(theirs, before);
  const received = await theirs.encrypt(before.address, bytes("salted"));
  await assert.rejects(before.decrypt(theirs.address, received.type, received.body), refusal("message_not_authentic"));
});

test("by default we refuse 0.72.1, which has no post-quantum ratchet, before and after it begins", async () => {
  const theirs = new LibsignalParty("0.72.1", "theirs");
  const ours = await peer.party("ours");
  await start(theirs, ours);
  const pqxdh = await theirs.encrypt(ours.address, bytes("PQXDH"));
  await assert.rejects(ours.decrypt(theirs.address, pqxdh.type, pqxdh.body), refusal("unsupported_message"));

  const old = new LibsignalParty("0.72.1", "old");
  await start(old, ours, { kyber: "none" });
  const x3dh = await old.encrypt(ours.address, bytes("X3DH"));
  await assert.rejects(ours.decrypt(old.address, x3dh.type, x3dh.body), refusal("unsupported_message"));

  await assert.rejects(start(ours, theirs, { kyber: "none" }), refusal("unsupported_message"));
});

// What a name is taken for, and the field it then has: the kind, the id, the device.
const names = [
  { name: ids.ours, kind: 0 },
  { name: ids.ours.toUpperCase(), kind: 0 },
  { name: `PNI:${ids.ours}`, kind: 1 },
  { name: `pni:${ids.ours}`, kind: undefined },
  { name: `ACI:${ids.ours}`, kind: undefined },
  { name: ids.ours.replaceAll("-", ""), kind: undefined },
  { name: `{${ids.ours}}`, kind: undefined },
  { name: "somebody", kind: undefined },
];

for (const { name, kind } of names) {
  const title = kind === undefined ? `no addresses are sent with the name ${name}` : `addresses are sent with the name ${name}, and agree`;
  test(`${title}, in both directions`, async () => {
    const id = (kind: number, uuid: string, device: number) => Buffer.from(`0${kind}${uuid.replaceAll("-", "")}0${device}`, "hex");
    const field = Buffer.concat([id(kind ?? 0, ids.ours, 3), id(0, ids.theirs, 2)]);
    for (const weStart of [true, false]) {
      const first = weStart ? await peer.party(name, { device: 3 }) : new LibsignalParty("0.103.0", name, 3);
      const second = weStart ? new LibsignalParty("0.103.0", ids.theirs, 2) : await peer.party(ids.theirs, { device: 2 });
      await start(first, second);
      const { type, body } = await first.encrypt(second.address, bytes("to whom it may concern"));
      assert.equal(Buffer.from(body).includes(field), kind !== undefined);
      await second.decrypt(first.address, type, body);
      await greet(second, first);
      const answered = await first.encrypt(second.address, bytes("acknowledged"));
      assert.ok(!Buffer.from(answered.body).includes(field), "only until the first answer");
      await second.decrypt(first.address, answered.type, answered.body);
    }
  });
}

test("a message from another address than it says is refused, by us and by 0.103.0", async () => {
  const ours = await peer.party(ids.ours);
  const theirs = new LibsignalParty("0.103.0", ids.theirs);
  const other = { name: ids.other, device: 1 };
  await start(theirs, ours);
  const sent = await theirs.encrypt(ours.address, bytes("mine"));
  await assert.rejects(ours.decrypt(other, sent.type, sent.body), refusal("message_not_authentic"));
  await assert.rejects(ours.decrypt({ ...theirs.address, device: 2 }, sent.type, sent.body), refusal("message_not_authentic"));
  assert.equal(text(await ours.decrypt(theirs.address, sent.type, sent.body)), "mine");

  const receiver = new LibsignalParty("0.103.0", ids.other);
  await start(ours, receiver);
  const envelope = await ours.encrypt(receiver.address, bytes("ours"));
  await assert.rejects(receiver.decrypt(theirs.address, envelope.type, envelope.body));
  assert.equal(text(await receiver.decrypt(ours.address, envelope.type, envelope.body)), "ours");
});

test("a bundle that its owner did not sign is refused by us and by every release", async () => {
  const ours = await peer.party("ours", policies.negotiated);
  const theirs = new LibsignalParty("0.103.0", "theirs");
  const spoil = (bytes: Uint8Array): Uint8Array => bytes.map((byte, n) => (n === 7 ? byte ^ 1 : byte));
  const spoilt = async (from: OurParty | LibsignalParty): Promise<Bundle[]> => {
    const bundle = await from.bundle();
    const { signedPreKey, kyberPreKey } = bundle;
    assert.ok(kyberPreKey);
    return [
      { ...bundle, signedPreKey: { ...signedPreKey, signature: spoil(signedPreKey.signature) } },
      { ...bundle, kyberPreKey: { ...kyberPreKey, signature: spoil(kyberPreKey.signature) } },
      { ...bundle, identityKey: new LibsignalParty("0.103.0", "another").identityKey },
      { ...bundle, kyberPreKey: { ...kyberPreKey, key: spoil(kyberPreKey.key) } },
    ];
  };
  for (const bundle of await spoilt(theirs)) await assert.rejects(ours.processBundle(theirs.address, bundle), refusal("invalid_bundle"));
  for (const version of ["0.72.1", "0.90.0", "0.103.0"] as const) {
    const receiver = new LibsignalParty(version, "receiver");
    for (const bundle of await spoilt(ours)) await assert.rejects(receiver.processBundle(ours.address, bundle));
  }
});

test("a message of which any byte is another is refused by us, and the message itself still opens", async () => {
  const ours = await peer.party("ours");
  const theirs = new LibsignalParty("0.103.0", "theirs");
  await start(theirs, ours);
  await greet(theirs, ours);
  const { type, body } = await theirs.encrypt(ours.address, bytes("as it was"));
  for (let n = 0; n < body.length; n++) {
    const changed = Uint8Array.from(body);
    changed[n] = (changed[n] as number) ^ (1 << (n % 8));
    await assert.rejects(ours.decrypt(theirs.address, type, changed), (error) => error instanceof PeerError && error.code !== "internal", `byte ${n}`);
  }
  for (let length = 0; length < body.length; length += 7)
    await assert.rejects(ours.decrypt(theirs.address, type, body.subarray(0, length)), (error) => error instanceof PeerError && error.code !== "internal");
  assert.equal(text(await ours.decrypt(theirs.address, type, body)), "as it was");
});

test("a message of which any byte is another is refused by 0.103.0, so nothing of ours is left out of the MAC", async () => {
  const ours = await peer.party("ours");
  const theirs = new LibsignalParty("0.103.0", "theirs");
  await start(ours, theirs);
  await greet(ours, theirs);
  const { type, body } = await ours.encrypt(theirs.address, bytes("as it was"));
  for (let n = 0; n < body.length; n++) {
    const changed = Uint8Array.from(body);
    changed[n] = (changed[n] as number) ^ (1 << (n % 8));
    await assert.rejects(theirs.decrypt(ours.address, type, changed), `byte ${n}`);
  }
  assert.equal(text(await theirs.decrypt(ours.address, type, body)), "as it was");
  await assert.rejects(theirs.decrypt(ours.address, type, body), { code: errorCodes.duplicate });
});
