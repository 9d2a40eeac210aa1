// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import * as words from "../shell/ceremony/strings.ts";
import { LibsignalParty } from "../signaltest/libsignal.ts";
import { bytes, text } from "../signaltest/party.ts";
import { greet, start } from "../signaltest/traffic.ts";
import { button, readPage } from "./roles.ts";
import { base64url, codeOf } from "./signalparty.ts";
import { talk } from "./signalstage.ts";
import { later } from "./surface.ts";

test("when a contact's key changes, messages still come and say so, and none is sent until the person approved the new key", {
  timeout: 60_000,
}, async () => {
  const { party: alice, page, person } = (await talk()).alice;
  const name = "heidi";
  const before = new LibsignalParty("0.103.0", name);
  await start(alice, before);
  await greet(alice, before);
  const { address } = before;
  assert.equal((await alice.call("signal.trust.get", { name })).state, "first-use");
  await page.bringToFront();

  const verified = later(alice.call("signal.trust.verify", { name, identityKey: base64url(before.identityKey), verified: true }));
  const { digits } = await alice.call("signal.safetyNumber", { name });
  let at = await person.at(words.approve.confirmTitle);
  const shown = (await at.run(readPage)).text;
  assert.ok(shown.includes(name), shown);
  assert.ok(shown.replaceAll(/\s/g, "").includes(digits), `the safety number is not shown: ${shown}`);
  await at.click(button(words.approve.allow));
  assert.equal((await verified).state, "verified");

  // The same name with another identity: a new phone, or somebody between them.
  const after = new LibsignalParty("0.103.0", name);
  await start(after, alice);
  const { type, body } = await after.encrypt(alice.address, bytes("my new phone"));
  const opened = await alice.call("signal.decrypt", { ...address, type, body });
  assert.deepEqual([text(opened.body), opened.newSession, opened.identityChanged], ["my new phone", true, true]);
  const changed = await alice.call("signal.trust.get", { name });
  assert.deepEqual(
    [changed.state, changed.identityKey, changed.previousKey],
    ["changed", base64url(after.identityKey), base64url(before.identityKey)],
  );
  assert.equal((await alice.session(address)).identityChanged, true);
  assert.equal(await codeOf(alice.encrypt(address, bytes("secret"))), "identity_changed");
  const batch = await alice.call("signal.encryptBatch", { messages: [address], bodies: [bytes("secret")] });
  assert.deepEqual(batch.results, [{ code: "identity_changed" }]);

  const identityKey = base64url(after.identityKey);
  const accept = (key: string) => later(codeOf(alice.call("signal.trust.accept", { name, identityKey: key })));
  const stranger = new LibsignalParty("0.103.0", name);
  assert.equal(await accept(base64url(stranger.identityKey)), "identity_changed", "a key that the contact does not have");

  const refused = accept(identityKey);
  await person.answer(words.approve.confirmTitle, words.approve.deny);
  assert.equal(await refused, "denied");
  assert.equal(await codeOf(alice.encrypt(address, bytes("secret"))), "identity_changed");

  const accepted = accept(identityKey);
  at = await person.at(words.approve.confirmTitle);
  const asked = (await at.run(readPage)).text;
  const now = (await alice.call("signal.safetyNumber", { name })).digits;
  assert.notEqual(now, digits);
  assert.ok(asked.includes(name) && asked.replaceAll(/\s/g, "").includes(now), asked);
  await at.click(button(words.approve.allow));
  assert.equal(await accepted, "done");
  assert.equal((await alice.call("signal.trust.get", { name })).state, "first-use", "the mark fell with the key");
  await greet(alice, after);
  assert.equal((await alice.session(address)).identityChanged, false);
});

test("a bundle with another identity key does not let anything be sent either", async () => {
  const { party: alice } = (await talk()).alice;
  const name = "ivan";
  const before = new LibsignalParty("0.103.0", name);
  await start(alice, before);
  await greet(alice, before);
  const impostor = new LibsignalParty("0.103.0", name);
  await alice.processBundle(impostor.address, await impostor.bundle()).catch((error: { code: string }) => {
    assert.equal(error.code, "identity_changed");
  });
  assert.equal((await alice.call("signal.trust.get", { name })).state, "changed");
  assert.equal(await codeOf(alice.encrypt(impostor.address, bytes("secret"))), "identity_changed");
  const { type, body } = await before.encrypt(alice.address, bytes("it is still me"));
  const opened = await alice.call("signal.decrypt", { ...before.address, type, body });
  assert.equal(text(opened.body), "it is still me");
});
