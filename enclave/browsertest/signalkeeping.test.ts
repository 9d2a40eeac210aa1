// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Methods, methods } from "../sdk/api.ts";
import { bytes, text } from "../signaltest/party.ts";
import { greet } from "../signaltest/traffic.ts";
import { exportBundle } from "./audit.ts";
import { connect } from "./client.ts";
import { readAll, type Stored } from "./database.ts";
import { base64url, bundleText, callIn, codeOf, type SignalMethod } from "./signalparty.ts";
import { enclaveIn, talk, type Talk } from "./signalstage.ts";
import { stage } from "./stage.ts";
import { lock, unlock } from "./vault.ts";

/** For each method, parameters that it takes while the vault is open. */
async function everyCall({ alice, bob }: Talk, stream: string): Promise<{ [M in SignalMethod]: Methods[M]["params"] }> {
  const peer = bob.party.address;
  const { name } = peer;
  const group = Buffer.alloc(16, 7).toString("base64url");
  const identityKey = base64url(bob.party.identityKey);
  const bundle = bundleText(await bob.party.bundle());
  const { type, body } = await bob.party.encrypt(alice.party.address, bytes("while it was locked"));
  const message = { ...peer, type, body };
  return {
    "signal.identity.create": { name: "another", device: 1 },
    "signal.identity.public": {},
    "signal.identity.delete": {},
    "signal.prekeys.publish": { oneTime: 50 },
    "signal.prekeys.count": {},
    "signal.prekeys.rotate": {},
    "signal.session.start": { ...peer, bundle },
    "signal.session.list": {},
    "signal.session.close": peer,
    "signal.session.archive": peer,
    "signal.encrypt": { ...peer, body },
    "signal.encryptBatch": { messages: [peer], bodies: [body] },
    "signal.decrypt": message,
    "signal.decryptBatch": { messages: [{ ...peer, type }], bodies: [body] },
    "signal.retry": { ...message, timestamp: 1 },
    "signal.group.create": { group },
    "signal.group.rotate": { group },
    "signal.group.leave": { group },
    "signal.group.list": {},
    "signal.group.process": { ...peer, body },
    "signal.group.encrypt": { group, body },
    "signal.group.decrypt": { ...peer, body },
    "signal.safetyNumber": { name },
    "signal.trust.get": { name },
    "signal.trust.list": {},
    "signal.trust.accept": { name, identityKey },
    "signal.trust.verify": { name, identityKey, verified: true },
    "signal.attachment.begin": { mode: "encrypt" },
    "signal.attachment.update": { stream, body },
    "signal.attachment.finish": { stream },
    "signal.attachment.cancel": { stream },
  };
}

/** What is stored of Signal's protocol. */
function signalRecords(records: readonly Stored[]): Stored[] {
  return records.filter(({ collection }) => collection.endsWith("/signal"));
}

test("while the vault is locked every method says so and changes nothing; unlocked, and after a reload, the conversation goes on", {
  timeout: 90_000,
}, async () => {
  const both = await talk();
  const { alice, bob } = both;
  const { stream } = await alice.party.call("signal.attachment.begin", { mode: "encrypt" });
  const calls = await everyCall(both, stream);
  assert.deepEqual(Object.keys(calls).sort(), methods.filter((method) => method.startsWith("signal.")).sort());
  const sessions = await alice.party.call("signal.session.list", {});

  await alice.page.bringToFront();
  await lock(alice.page);
  const before = signalRecords((await readAll(enclaveIn(alice.page))).records);
  assert.ok(before.length > 5, `${before.length} records`);
  for (const [method, params] of Object.entries(calls)) {
    assert.equal(await codeOf(callIn(alice.page, method as SignalMethod, params)), "locked", method);
  }
  assert.deepEqual(signalRecords((await readAll(enclaveIn(alice.page))).records), before, "something was changed");

  await unlock(alice.page, () => alice.person.giveChosen());
  assert.deepEqual(await alice.party.call("signal.session.list", {}), sessions);
  assert.equal(await codeOf(callIn(alice.page, "signal.attachment.finish", { stream })), "unknown_stream", "it ended with the lock");
  const { type, body } = calls["signal.decrypt"];
  const late = await alice.party.decrypt(bob.party.address, type, new Uint8Array(body));
  assert.equal(text(late), "while it was locked");
  await greet(alice.party, bob.party);

  await alice.page.reload({ waitUntil: "load" });
  await connect(alice.page);
  // Another tab may have kept the vault open.
  const { state } = await alice.page.evaluate(() => kms.status());
  if (state === "locked") await unlock(alice.page, () => alice.person.giveChosen());
  await greet(alice.party, bob.party);
  await greet(bob.party, alice.party);
});

/** The forms in which bytes could be written down. */
function traces(secret: Uint8Array): Record<string, string> {
  const buffer = Buffer.from(secret);
  return {
    bytes: buffer.toString("latin1"),
    "UTF-16": buffer.length > 0 ? Buffer.from(buffer.toString("latin1"), "utf16le").toString("latin1") : "",
    base64: buffer.toString("base64").slice(0, -4),
    base64url: buffer.toString("base64url").slice(0, -4),
    hexadecimal: buffer.toString("hex"),
  };
}

// Mistake M27 (docs/mistakes.md): who had the profile had the keys.
test("what is stored of a conversation has no keys, no names and no texts, nor has the log", async () => {
  const { alice, bob } = await talk();
  const said = "the treasure is under the third palm";
  const { type, body } = await bob.party.encrypt(alice.party.address, bytes(said));
  assert.equal(text(await alice.party.decrypt(bob.party.address, type, body)), said);
  const answer = await alice.party.encrypt(bob.party.address, bytes(said));
  const group = Buffer.from("a group's own id").toString("base64url");
  const distribution = await alice.party.call("signal.group.create", { group });
  await alice.party.call("signal.group.encrypt", { group, body: bytes(said) });
  const published = await alice.party.call("signal.prekeys.publish", { oneTime: 30 });

  const { records, databases, elsewhere } = await readAll(enclaveIn(alice.page));
  assert.deepEqual([databases, elsewhere], [["kms-enclave"], []]);
  const secrets: Record<string, Uint8Array> = {
    "the text": bytes(said),
    "alice's name": bytes(alice.party.address.name),
    "bob's name": bytes(bob.party.address.name),
    "the group's id": bytes("a group's own id"),
    "alice's identity key": alice.party.identityKey.subarray(1),
    "bob's identity key": bob.party.identityKey.subarray(1),
    "the signed prekey": Buffer.from(published.signedPreKey.publicKey, "base64url").subarray(1),
    "the message that came": body.subarray(8, 40),
    "the message that went": answer.body.subarray(8, 40),
    "the group's key": distribution.body.subarray(-64, -32),
  };
  const signal = signalRecords(records);
  assert.ok(signal.length > 10, `${signal.length} records`);
  for (const { collection, key, value, keys } of records) {
    for (const [name, secret] of Object.entries(secrets)) {
      for (const [coding, trace] of Object.entries(traces(secret))) {
        for (const place of [collection, key, value]) assert.ok(!place.includes(trace), `${collection} ${key} has ${name} in ${coding}`);
      }
    }
    assert.ok(!collection.endsWith("/signal") || keys.length === 0, `${key} has a key of the browser`);
  }
  // Beside the app's origin and the kind, a record's name is a number of a prekey or 16 bytes that only the vault can make.
  const { origin } = stage.app.host;
  for (const { key } of signal) {
    const [of, kind, name = ""] = key.split(" ");
    assert.ok((of === origin || of === stage.otherApp.host.origin) && /^[a-z-]+$/.test(kind ?? ""), key);
    assert.match(name, kind === "account" ? /^$/ : kind?.endsWith("key") && kind !== "sender-key" ? /^\d+$/ : /^[\w-]{22}$/, key);
  }

  const log = await exportBundle(alice.page);
  assert.ok(log.includes("signal.encrypt"), "its uses are on the log");
  for (const name of ["the text", "alice's name", "bob's name", "the group's id", "bob's identity key"] as const) {
    for (const [coding, trace] of Object.entries(traces(secrets[name] as Uint8Array))) {
      assert.ok(!log.includes(trace), `the log has ${name} in ${coding}`);
    }
  }
  await alice.party.call("signal.group.leave", { group });
});
