// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import * as words from "../shell/ceremony/strings.ts";
import { LibsignalParty } from "../signaltest/libsignal.ts";
import { bytes, type Envelope, text, types } from "../signaltest/party.ts";
import { greet, start } from "../signaltest/traffic.ts";
import { readAll } from "./database.ts";
import { personAt } from "./person.ts";
import { callIn, codeOf, EnclaveParty } from "./signalparty.ts";
import { enclaveIn, letIn, talk } from "./signalstage.ts";
import { flipped } from "./signalwire.ts";
import { stage } from "./stage.ts";
import { later } from "./surface.ts";

/** How a message that is not as it was sent may be refused. */
const refused = ["message_malformed", "message_not_authentic", "unsupported_message"];

test("a message that was altered, cut, lengthened, replayed or made up is refused with its code, and the session goes on", {
  timeout: 90_000,
}, async () => {
  const { party: alice } = (await talk()).alice;
  const peer = new LibsignalParty("0.103.0", "mallory");
  await start(peer, alice);
  const opener = await peer.encrypt(alice.address, bytes("the first"));
  assert.equal(opener.type, types.preKey);
  const open = (envelope: Envelope) => codeOf(alice.decrypt(peer.address, envelope.type, envelope.body));

  // The version is in the upper half of the first byte; nobody reads the lower.
  const { length } = opener.body;
  for (const at of [0, 3, 40, 80, 1000, length - 60, length - 1]) {
    const code = await open({ ...opener, body: flipped(opener.body, at, 16) });
    assert.ok([...refused, "prekey_gone"].includes(code), `a bit of byte ${at} of ${length}: ${code}`);
  }
  assert.ok(!(await alice.call("signal.session.list", {})).sessions.some(({ name }) => name === "mallory"), "a session began");
  assert.equal(await open(opener), "done");
  assert.equal(await open(opener), "duplicate_message");
  await greet(alice, peer);

  const message = await peer.encrypt(alice.address, bytes("the second"));
  assert.equal(message.type, types.whisper);
  const session = await alice.session(peer.address);
  const size = message.body.length;
  for (let at = 0; at < size; at += 5) {
    const code = await open({ ...message, body: flipped(message.body, at, 16) });
    assert.ok([...refused, "message_too_far_ahead"].includes(code), `a bit of byte ${at} of ${size}: ${code}`);
  }
  for (const kept of [0, 1, 9, 40, size - 9, size - 1]) {
    const code = await open({ ...message, body: message.body.slice(0, kept) });
    assert.ok(refused.includes(code), `${kept} of ${size} bytes: ${code}`);
  }
  const longer = await open({ ...message, body: Buffer.concat([message.body, bytes("more")]) });
  assert.ok(refused.includes(longer), longer);
  for (const type of [types.preKey, types.senderKey, types.plaintext]) {
    const code = await open({ ...message, type });
    assert.ok([...refused, "invalid_params"].includes(code), `as type ${type}: ${code}`);
  }
  for (const size of [1, 64, 5000, 1_049_600]) {
    const code = await open({ type: types.whisper, body: randomBytes(size) });
    assert.ok([...refused, "invalid_params"].includes(code), `${size} made-up bytes: ${code}`);
  }
  for (const from of [{ name: "nobody", device: 1 }, { ...peer.address, device: 9 }]) {
    assert.equal(await codeOf(alice.decrypt(from, message.type, message.body)), "no_session", `as of ${from.name}.${from.device}`);
  }
  assert.deepEqual(await alice.session(peer.address), session, "something was changed");

  assert.equal(text(await alice.decrypt(peer.address, message.type, message.body)), "the second");
  assert.equal(await open(message), "duplicate_message");
  await greet(alice, peer);
  await greet(peer, alice);
});

test("a first message that names a spent prekey, or whose sender is another than it says, begins nothing", async () => {
  const { party: alice } = (await talk()).alice;
  const judy = new LibsignalParty("0.103.0", "2f3b8a5e-6c1d-4e7f-9a0b-1c2d3e4f5a6b");
  const bundle = await alice.bundle();
  await judy.processBundle(alice.address, bundle);
  const first = await judy.encrypt(alice.address, bytes("hello"));
  const other = { name: "3f3b8a5e-6c1d-4e7f-9a0b-1c2d3e4f5a6b", device: 1 };
  assert.equal(await codeOf(alice.decrypt(other, first.type, first.body)), "message_not_authentic", "the addresses are authenticated");
  assert.equal(text(await alice.decrypt(judy.address, first.type, first.body)), "hello");

  const late = new LibsignalParty("0.103.0", "latecomer");
  await late.processBundle(alice.address, bundle);
  const second = await late.encrypt(alice.address, bytes("hello"));
  assert.equal(await codeOf(alice.decrypt(late.address, second.type, second.body)), "prekey_gone");
  const request = await alice.call("signal.retry", { ...late.address, ...second, timestamp: 1 });
  assert.equal(late.readRetry(request.body).timestamp, 1);
  await start(late, alice);
  await greet(late, alice);
});

test("requests whose bodies are not as the table says are refused before they reach a session", async () => {
  const { alice, bob } = await talk();
  const { address } = bob.party;
  const session = await alice.party.session(address);
  const codes = await alice.page.evaluate(
    async (url, { name, device }) => {
      const line = await app.connect(url);
      let id = 0;
      const codes: Record<string, string> = {};
      const ask = async (what: string, method: string, params: object, bodies?: unknown, transfer: Transferable[] = []) => {
        const message = { id: ++id, method, params: JSON.stringify(params), ...(bodies === undefined ? {} : { bodies }) };
        const answer = await line.ask(message, transfer);
        codes[what] = "error" in answer ? answer.error.code : "done";
      };
      const peer = { name, device };
      const one = () => new ArrayBuffer(4);
      await ask("no body", "signal.encrypt", peer);
      await ask("two bodies", "signal.encrypt", peer, [one(), one()]);
      await ask("a body where there is none", "signal.session.list", {}, [one()]);
      await ask("a text as body", "signal.encrypt", peer, ["text"]);
      await ask("a view as body", "signal.encrypt", peer, [new Uint8Array(4)]);
      await ask("a body in the parameters", "signal.encrypt", { ...peer, body: "aGVsbG8" }, [one()]);
      await ask("a body over the limit", "signal.encrypt", peer, [new ArrayBuffer(1_049_601)]);
      const large = Array.from({ length: 5 }, () => new ArrayBuffer(1_000_000));
      const messages = large.map(() => peer);
      await ask("bodies over the limit together", "signal.encryptBatch", { messages }, large);
      await ask("fewer bodies than messages", "signal.encryptBatch", { messages }, [one()]);
      const many = Array.from({ length: 65 }, () => peer);
      await ask("a batch over the limit", "signal.encryptBatch", { messages: many }, many.map(one));
      await ask("an empty batch", "signal.encryptBatch", { messages: [] }, []);
      await ask("a device that is none", "signal.encrypt", { name, device: 0 }, [one()]);
      await ask("a name with a space", "signal.encrypt", { name: "a b", device }, [one()]);
      await ask("a type that is none", "signal.decrypt", { ...peer, type: 9 }, [one()]);
      await ask("a type as a text", "signal.decrypt", { ...peer, type: "2" }, [one()]);
      await ask("an unknown member", "signal.encrypt", { ...peer, key: "AAAA" }, [one()]);
      await ask("a private key", "signal.identity.create", { ...peer, privateKey: "AAAA" });
      await ask("a key of a file of 31 bytes", "signal.attachment.begin", { mode: "encrypt" }, [new ArrayBuffer(31)]);
      await ask("a right one", "signal.encrypt", peer, [one()]);
      document.querySelector("iframe:last-of-type:not(dialog iframe)")?.remove();
      return codes;
    },
    stage.enclave.url,
    address,
  );
  const invalid = "invalid_params";
  assert.deepEqual(codes, {
    "no body": invalid,
    "two bodies": invalid,
    "a body where there is none": invalid,
    "a text as body": "invalid_message",
    "a view as body": "invalid_message",
    "a body in the parameters": invalid,
    "a body over the limit": "too_large",
    "bodies over the limit together": "too_large",
    "fewer bodies than messages": invalid,
    "a batch over the limit": "too_large",
    "an empty batch": invalid,
    "a device that is none": invalid,
    "a name with a space": invalid,
    "a type that is none": invalid,
    "a type as a text": invalid,
    "an unknown member": invalid,
    "a private key": invalid,
    "a key of a file of 31 bytes": invalid,
    "a right one": "done",
  });
  const after = await alice.party.session(address);
  assert.deepEqual({ ...after, used: 0 }, { ...session, used: 0 });
  await greet(alice.party, bob.party);
});

test("another app of the same vault has nothing of the first one's identity, and deleting its own needs the person", {
  timeout: 60_000,
}, async () => {
  const { bob, alice } = await talk();
  const { stream } = await bob.party.call("signal.attachment.begin", { mode: "encrypt" });
  const page = await letIn(bob, stage.app.url);
  const person = personAt(page, stage.enclave.host.origin);
  try {
    const { type, body } = await alice.party.encrypt(bob.party.address, bytes("for bob's app"));
    const from = alice.party.address;
    assert.equal(await codeOf(callIn(page, "signal.identity.public", {})), "no_identity");
    assert.equal(await codeOf(callIn(page, "signal.decrypt", { ...from, type, body })), "no_identity");
    assert.equal(await codeOf(callIn(page, "signal.encrypt", { ...from, body })), "no_identity");
    assert.equal(await codeOf(callIn(page, "signal.prekeys.count", {})), "no_identity");
    const listed = await callIn(page, "signal.session.list", {}).catch(() => ({ sessions: [] }));
    assert.deepEqual(listed.sessions, []);
    assert.equal(await codeOf(callIn(page, "signal.identity.delete", {})), "no_identity", "the person is not even asked");
    assert.equal(await codeOf(callIn(page, "signal.attachment.update", { stream, body })), "unknown_stream");

    const count = async () => (await readAll(enclaveIn(page))).records.filter(({ collection }) => collection.endsWith("/signal")).length;
    const before = await count();
    const own = await EnclaveParty.create(page, bob.party.address.name);
    assert.notDeepEqual(own.identityKey, bob.party.identityKey);
    await own.bundle();
    assert.equal(await codeOf(own.decrypt(from, type, body)), "no_session");
    assert.equal(await codeOf(own.encrypt(from, body)), "no_session");
    assert.ok((await count()) > before + 10);

    const denied = later(codeOf(own.call("signal.identity.delete", {})));
    await person.answer(words.approve.confirmTitle, words.approve.deny);
    assert.equal(await denied, "denied");
    assert.ok((await own.call("signal.prekeys.count", {})).oneTime > 0);
    const deleted = later(codeOf(own.call("signal.identity.delete", {})));
    await person.answer(words.approve.confirmTitle, words.approve.allow);
    assert.equal(await deleted, "done");
    assert.equal(await codeOf(own.call("signal.prekeys.count", {})), "no_identity");
    const left = await count();
    assert.ok(left <= before + 1, `${left - before} records are left`);

    assert.equal(text(await bob.party.decrypt(from, type, body)), "for bob's app", "the first app reads it");
  } finally {
    await page.close();
    await bob.page.bringToFront();
  }
  await bob.party.call("signal.attachment.cancel", { stream });
  await greet(bob.party, alice.party);
});
