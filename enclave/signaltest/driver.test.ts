// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { clientVersions } from "./client.ts";
import { LibsignalParty } from "./libsignal.ts";
import { bytes, text } from "./party.ts";
import { converse, start } from "./traffic.ts";

// Nothing of ours takes part here. So when another test fails and this one does not, it is not the harness.

for (const version of clientVersions) {
  test(`the official client ${version} talks with itself through this harness`, async (t) => {
    const alice = new LibsignalParty(version, "alice");
    const bob = new LibsignalParty(version, "bob");
    await start(alice, bob);
    const tally = await converse(alice, bob, { messages: 400 });
    t.diagnostic(JSON.stringify(tally));
    assert.ok(tally.duplicates > 0 && tally.late > 0 && tally.lost > 0);
  });

  test(`groups, safety numbers and retry requests of the official client ${version} go through this harness`, async () => {
    const alice = new LibsignalParty(version, "alice");
    const bob = new LibsignalParty(version, "bob");
    const group = "6838237d-02f6-4098-b110-698253d15961";
    await bob.processDistribution(alice.address, await alice.groupDistribution(group));
    const sent = await alice.groupEncrypt(group, bytes("all of you"));
    assert.equal(text(await bob.groupDecrypt(alice.address, sent)), "all of you");

    const [a, b] = [bytes("alice"), bytes("bob")];
    assert.equal(alice.safetyNumber(a, b, bob.identityKey).digits, bob.safetyNumber(b, a, alice.identityKey).digits);

    await start(alice, bob);
    const { type, body } = await alice.encrypt(bob.address, bytes("lost"));
    const retry = alice.readRetry(bob.requestRetry(type, body, 1700000000000, 1).body);
    assert.deepEqual([retry.timestamp, retry.device], [1700000000000, 1]);
    assert.ok(retry.ratchetKey && alice.sendsUnder(bob.address, retry.ratchetKey));
  });
}

test("the releases relate to each other as README.md says", async () => {
  const works = async (first: LibsignalParty, second: LibsignalParty) => {
    await start(first, second);
    return converse(first, second, { messages: 10 }).then(
      () => true,
      () => false,
    );
  };
  const found: string[] = [];
  for (const one of clientVersions)
    for (const other of clientVersions)
      if (await works(new LibsignalParty(one, "alice"), new LibsignalParty(other, "bob"))) found.push(`${one} ${other}`);
  const all = clientVersions.flatMap((one) => clientVersions.map((other) => `${one} ${other}`));
  assert.deepEqual(
    found,
    all.filter((pair) => pair !== "0.72.1 0.103.0" && pair !== "0.103.0 0.72.1"),
  );
});
