// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { LibsignalParty } from "../signaltest/libsignal.ts";
import { type Bundle, bytes, text, types } from "../signaltest/party.ts";
import { converse, greet, start } from "../signaltest/traffic.ts";
import { base64url, codeOf } from "./signalparty.ts";
import { permissive, share, talk } from "./signalstage.ts";

for (const first of ["the enclave", "the official client"]) {
  test(`the enclave talks with the official client 0.103.0, ${first} begins`, { timeout: 90_000 }, async (t) => {
    const alice = (await talk()).alice.party;
    // A service id in one of the two, so that both also speak without addresses.
    const name = first === "the enclave" ? "carol" : "5b1ad4a2-0b6f-4b3e-9a4e-5f6f3f0c5a11";
    const carol = new LibsignalParty("0.103.0", name, 3);
    await (first === "the enclave" ? start(alice, carol) : start(carol, alice));
    const tally = await (first === "the enclave" ? converse(alice, carol, { messages: share(120) }) : converse(carol, alice, { messages: share(120) }));
    t.diagnostic(JSON.stringify(tally));
    const session = await alice.session(carol.address);
    assert.deepEqual(
      [session.active, session.acknowledged, session.version, session.postQuantum, session.registrationId],
      [true, true, 4, true, carol.registrationId],
    );

    const ours = await alice.call("signal.safetyNumber", { name });
    const theirs = carol.safetyNumber(bytes(name), bytes(alice.address.name), alice.identityKey);
    assert.equal(ours.digits, theirs.digits);
    assert.ok(carol.scans(theirs.scannable, ours.body), "the client takes the enclave's code");
    assert.equal((await alice.call("signal.safetyNumber", { name, body: theirs.scannable })).scanned, "same");
  });
}

test("sender keys of the enclave and of the official client are read by the other", async () => {
  const alice = (await talk()).alice.party;
  const dave = new LibsignalParty("0.103.0", "dave");
  await start(dave, alice);
  await greet(dave, alice);
  const uuid = "6838237d-02f6-4098-b110-698253d15961";
  const group = Buffer.from(uuid.replaceAll("-", ""), "hex").toString("base64url");

  const ours = await alice.call("signal.group.create", { group });
  const handed = await alice.encrypt(dave.address, ours.body);
  await dave.processDistribution(alice.address, await dave.decrypt(alice.address, handed.type, handed.body));
  const theirs = await dave.encrypt(alice.address, await dave.groupDistribution(uuid));
  const message = await alice.decrypt(dave.address, theirs.type, theirs.body);
  assert.equal((await alice.call("signal.group.process", { ...dave.address, body: message })).group, group);

  for (let n = 0; n < 5; n++) {
    const sent = await alice.call("signal.group.encrypt", { group, body: bytes(`from the enclave ${n}`) });
    assert.equal(text(await dave.groupDecrypt(alice.address, sent.body)), `from the enclave ${n}`);
    const came = await alice.call("signal.group.decrypt", { ...dave.address, body: await dave.groupEncrypt(uuid, bytes(`to it ${n}`)) });
    assert.deepEqual([came.group, text(came.body)], [group, `to it ${n}`]);
  }
  await alice.call("signal.group.leave", { group });
});

test("requests to send again are understood both ways", async () => {
  const alice = (await talk()).alice.party;
  const erin = new LibsignalParty("0.103.0", "erin");
  await start(erin, alice);
  await greet(erin, alice);
  const timestamp = 1_790_000_000_000;

  const lost = await erin.encrypt(alice.address, bytes("lost"));
  const request = await alice.call("signal.retry", { ...erin.address, type: lost.type, timestamp, body: lost.body });
  assert.equal(request.type, types.plaintext);
  const retry = erin.readRetry(request.body);
  assert.deepEqual([retry.timestamp, retry.device], [timestamp, 1]);
  assert.ok(retry.ratchetKey && erin.sendsUnder(alice.address, retry.ratchetKey));

  const missed = await alice.encrypt(erin.address, bytes("missed"));
  const asked = erin.requestRetry(missed.type, missed.body, timestamp, 1);
  const opened = await alice.call("signal.decrypt", { ...erin.address, type: asked.type, body: asked.body });
  assert.equal(opened.retry?.timestamp, timestamp);
  assert.equal(opened.body.length, 0);
});

/** Old releases, and what the enclave, asked to, speaks with them. */
const old = [
  { client: "0.90.0", bundle: {}, version: 4, postQuantum: true },
  { client: "0.72.1", bundle: {}, version: 4, postQuantum: false },
  { client: "0.72.1", bundle: { kyber: "none" }, version: 3, postQuantum: false },
] as const;

for (const { client, bundle, version, postQuantum } of old) {
  test(`an identity that accepts old peers talks with the official client ${client} in version ${version}, others do not`, {
    timeout: 60_000,
  }, async () => {
    const alice = await permissive();
    for (const weStart of [true, false]) {
      const peer = new LibsignalParty(client, `old-${client}-${version}-${weStart}`);
      const [first, second] = weStart ? [alice, peer] : [peer, alice];
      await start(first, second, bundle);
      await converse(first, second, { messages: share(40) });
      const session = await alice.session(peer.address);
      assert.equal(session.version, version);
      if (postQuantum) continue; // it may have chosen so
      assert.equal(session.postQuantum, false);
    }

    const strict = (await talk()).alice.party;
    const peer = new LibsignalParty(client, "somebody-old");
    const known = await strict.call("signal.session.list", {});
    if (client === "0.72.1") {
      await peer.processBundle(strict.address, without(await strict.bundle(), bundle));
      const { type, body } = await peer.encrypt(strict.address, bytes("hello"));
      assert.equal(await codeOf(strict.decrypt(peer.address, type, body)), "unsupported_message");
      if (version === 3) assert.equal(await codeOf(strict.processBundle(peer.address, await peer.bundle(bundle))), "unsupported_message");
    }
    assert.deepEqual(await strict.call("signal.session.list", {}), known);
  });
}

/** A bundle as one who wants an older protocol would hand it on. */
function without(bundle: Bundle, { kyber }: { kyber?: "none" }): Bundle {
  const { kyberPreKey, ...rest } = bundle;
  return kyber === "none" || !kyberPreKey ? rest : bundle;
}

test("a bundle whose signatures are not of its identity key is refused, and starts nothing", async () => {
  const alice = (await talk()).alice.party;
  const [frank, grace] = [new LibsignalParty("0.103.0", "frank"), new LibsignalParty("0.103.0", "grace")];
  const genuine = await frank.bundle();
  const foreign = await grace.bundle();
  const { kyberPreKey } = foreign;
  assert.ok(kyberPreKey && genuine.kyberPreKey);
  const forged: Record<string, Bundle> = {
    "of another identity": { ...genuine, identityKey: grace.identityKey },
    "with another's signed prekey": { ...genuine, signedPreKey: foreign.signedPreKey },
    "with another's Kyber prekey": { ...genuine, kyberPreKey },
    "with a signature of the other key": { ...genuine, kyberPreKey: { ...genuine.kyberPreKey, signature: genuine.signedPreKey.signature } },
  };
  for (const [how, bundle] of Object.entries(forged)) {
    assert.equal(await codeOf(alice.processBundle(frank.address, bundle)), "invalid_bundle", how);
  }
  const { state } = await alice.call("signal.trust.get", { name: "frank" });
  assert.equal(state, "unknown");
  assert.equal(await codeOf(alice.encrypt(frank.address, bytes("hello"))), "no_session");
  await alice.processBundle(frank.address, genuine);
  await greet(alice, frank);
  const trusted = await alice.call("signal.trust.get", { name: "frank" });
  assert.deepEqual([trusted.state, trusted.identityKey], ["first-use", base64url(frank.identityKey)]);
});
