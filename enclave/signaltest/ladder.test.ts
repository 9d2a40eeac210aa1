// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { after, test } from "node:test";

import type { ClientVersion } from "./client.ts";
import { LibsignalParty } from "./libsignal.ts";
import type { BundleOptions } from "./party.ts";
import { type PartyOptions, Peer, policies } from "./peer.ts";
import { converse, start } from "./traffic.ts";

const peer = new Peer();
after(() => peer.close());

interface Rung {
  title: string;
  client: ClientVersion;
  policy: PartyOptions;
  messages: number;
  bundle?: BundleOptions;
  /** What our side must say of the session in the end. */
  version: 3 | 4;
  postQuantum: boolean;
  epochs: number;
}

const few = 400;
const many = 2000;
const classic = { version: 4, postQuantum: false, epochs: 0, messages: few } as const;
const salted = { version: 4, postQuantum: true } as const;

// Each rung is one more part of the protocol than the one before.
const ladder: readonly Rung[] = [
  { ...classic, title: "X3DH", client: "0.72.1", policy: policies.x3dh, bundle: { kyber: "none" }, version: 3 },
  { ...classic, title: "PQXDH", client: "0.72.1", policy: policies.pqxdh },
  { ...classic, title: "PQXDH", client: "0.90.0", policy: policies.pqxdh },
  { ...classic, title: "PQXDH, negotiated down", client: "0.72.1", policy: policies.negotiated },
  { ...salted, title: "the triple ratchet, negotiated", client: "0.90.0", policy: policies.negotiated, messages: few, epochs: 1 },
  { ...salted, title: "the triple ratchet, to one that demands it", client: "0.103.0", policy: policies.negotiated, messages: few, epochs: 1 },
  { ...salted, title: "the triple ratchet's chain", client: "0.103.0", policy: policies.chainOnly, messages: few, epochs: 0 },
  { ...salted, title: "the triple ratchet", client: "0.90.0", policy: policies.full, messages: many, epochs: 5 },
  { ...salted, title: "the triple ratchet", client: "0.103.0", policy: policies.full, messages: many, epochs: 5 },
];

for (const { title, client, policy, messages, bundle, version, postQuantum, epochs } of ladder) {
  for (const weStart of [true, false]) {
    test(`${title} with ${client}, ${weStart ? "started by us" : "started by it"}`, async (t) => {
      const ours = await peer.party("ours", policy);
      const theirs = new LibsignalParty(client, "theirs");
      const [first, second] = weStart ? [ours, theirs] : [theirs, ours];
      await start(first, second, bundle);
      const tally = await converse(first, second, { messages });
      const info = await ours.session(theirs.address);
      const { bytes } = await ours.size();
      t.diagnostic(JSON.stringify({ ...tally, epoch: info.epoch, stored: bytes }));
      assert.deepEqual(
        { version: info.version, postQuantum: info.postQuantum, acknowledged: info.acknowledged, archived: info.archived },
        { version, postQuantum, acknowledged: true, archived: 0 },
      );
      if (epochs === 0) assert.equal(info.epoch, 0);
      else assert.ok(info.epoch >= epochs, `epoch ${info.epoch}`);
      assert.equal(info.registrationId, theirs.registrationId);
      assert.ok(tally.duplicates > 0 && tally.lost > 0 && tally.late > 0);
      assert.ok(bytes < maxStored, `an account of one session stores ${bytes} bytes`);
    });
  }
}

/** What an account may take: its prekeys, and one session with the keys of some missing messages. */
const maxStored = 20_000;
