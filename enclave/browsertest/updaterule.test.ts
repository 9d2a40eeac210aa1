// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { after, test } from "node:test";

import type { PinInForce, ReleasePin } from "../sdk/connect.ts";
import { logProvedUpdate, type PinStore, type UpdateOptions } from "../sdk/update.ts";
import { Host, type Reply } from "./host.ts";
import { digestOf, newUpdateKey, UpdateLog, versioned } from "./updatelog.ts";

/** The rule of an app, without a browser: what it fetches, accepts, keeps and refuses. */

const day = 86_400;
const now = Math.floor(Date.now() / 1000);
const manifestPath = "/release.json";
const proofPath = "/.well-known/kms-enclave/release.tlog-proof";

const log = new UpdateLog();
const base = Buffer.from(JSON.stringify({ files: [], protocol: 2 }));
const oldest = versioned(base, "1.0.0");
const pinned = versioned(base, "1.1.0");
const newer = versioned(base, "1.2.0");
const newest = versioned(base, "1.10.0");
const pin: ReleasePin = { digest: digestOf(pinned), version: "1.1.0" };

const served = new Map<string, Reply>();
const host = await Host.start((path) => served.get(path));
after(() => host.close());

/** Puts a release and its proof on the host. */
function serve(manifest: Buffer, proof: Buffer | undefined): void {
  const headers = { "access-control-allow-origin": "*" };
  served.clear();
  served.set(manifestPath, { body: manifest, headers });
  if (proof) served.set(proofPath, { body: proof, headers });
}

/** A store in memory. */
class Memory implements PinStore {
  kept: string | undefined;
  saves = 0;
  load = () => this.kept;
  save = (pin: string) => {
    this.kept = pin;
    this.saves++;
  };
}

function options(store: PinStore, others: Partial<UpdateOptions> = {}): UpdateOptions {
  return { ...log.rule, delay: day, store, ...others };
}

function follow(inForce: PinInForce, manifest: Buffer, signal = new AbortController().signal): Promise<void> {
  return inForce.follow(digestOf(manifest), new URL(`${host.origin}/`), signal);
}

/** Starts from the app's pin and lets the enclave announce the release that is served. */
async function attempt(manifest: Buffer, store: PinStore, others: Partial<UpdateOptions> = {}): Promise<void> {
  return follow(await logProvedUpdate(options(store, others)).start(pin), manifest);
}

/** The digest that a new page would expect. */
async function inForce(store: PinStore, others: Partial<UpdateOptions> = {}, own = pin): Promise<string> {
  return (await logProvedUpdate(options(store, others)).start(own)).digest;
}

test("a newer release that has been public for long enough takes the pin's place, and is found again", async () => {
  const store = new Memory();
  serve(newer, log.prove(newer, now - 2 * day));
  assert.equal(await inForce(store), pin.digest);
  await attempt(newer, store);
  served.clear();
  assert.equal(await inForce(store), digestOf(newer));
  assert.equal(store.saves, 1);
});

test("one that is too young is refused with the time after which it is not", async () => {
  const store = new Memory();
  serve(newer, log.prove(newer, now - 1000));
  await assert.rejects(attempt(newer, store), (error: { code: string; message: string; retryAfter: number }) => {
    assert.equal(error.code, "update_too_early");
    assert.ok(Math.abs((Date.now() + error.retryAfter) / 1000 - (now - 1000 + day)) < 10, String(error.retryAfter));
    assert.match(error.message, new RegExp(new Date((now - 1000 + day) * 1000).toISOString()));
    return true;
  });
  assert.equal(store.kept, undefined);
});

test("the delay ends to the second", async (t) => {
  const store = new Memory();
  serve(newer, log.prove(newer, now));
  let clock = (now + day) * 1000 - 1;
  t.mock.method(Date, "now", () => clock);
  await assert.rejects(attempt(newer, store), { code: "update_too_early", retryAfter: 1 });
  clock++;
  await attempt(newer, store);
});

test("a proof from the future is refused, also without a delay; a clock a little behind does not matter", async () => {
  const store = new Memory();
  serve(newer, log.prove(newer, now + 3600));
  await assert.rejects(attempt(newer, store, { delay: 0 }), { code: "update_too_early", message: /clock/ });
  serve(newer, log.prove(newer, now + 200));
  await attempt(newer, store, { delay: 0 });
});

test("what is not proved is refused, and nothing is kept", async (t) => {
  const good = log.prove(newer, now - 2 * day);
  const cases: Record<string, [manifest: Buffer, proof: Buffer | undefined, message: RegExp]> = {
    "no proof": [newer, undefined, /status 404/],
    "an empty proof": [newer, Buffer.alloc(0), /no update proof/],
    "the proof of another release": [newer, log.prove(newest, now - 2 * day), /update keys/],
    "another update key": [newer, log.prove(newer, now - 2 * day, { key: newUpdateKey() }), /update keys/],
    "no witness": [newer, log.prove(newer, now - 2 * day, { witnesses: 0 }), /found 0/],
    "one witness of two": [newer, log.prove(newer, now - 2 * day, { witnesses: 1 }), /found 1/],
    "another log": [newer, new UpdateLog().prove(newer, now - 2 * day), /update keys/],
    "another release.json than was announced": [newest, good, /another release/],
    "a manifest that is too long": [Buffer.alloc((1 << 20) + 1), good, /longer than 1048576/],
    "a proof that is too long": [newer, Buffer.alloc((128 << 10) + 1), /longer than 131072/],
  };
  for (const [name, [manifest, proof, message]] of Object.entries(cases)) {
    await t.test(name, async () => {
      const store = new Memory();
      serve(manifest, proof);
      await assert.rejects(attempt(newer, store), { name: "KmsError", code: "update_unproved", message });
      assert.equal(store.kept, undefined);
    });
  }
});

test("what an update key signed must be a release.json with a version", async (t) => {
  for (const text of ["", "[]", "{}", '{"format":"kms-enclave-release/2"}', '{"format":"kms-enclave-release/2","version":"v2.0.0"}', '{"format":"other/2","version":"2.0.0"}']) {
    await t.test(text || "nothing", async () => {
      const manifest = Buffer.from(text);
      serve(manifest, log.prove(manifest, now - 2 * day));
      await assert.rejects(attempt(manifest, new Memory()), { code: "update_unproved", message: /version/ });
    });
  }
});

test("redirects are not followed", async () => {
  serve(newer, log.prove(newer, now - 2 * day));
  served.set("/elsewhere", served.get(proofPath) as Reply);
  served.set(proofPath, { body: "", status: 302, headers: { location: "/elsewhere" } });
  await assert.rejects(attempt(newer, new Memory()), { code: "update_unproved", message: /redirect/ });
});

test("older releases and revoked ones are refused, proved or not", async (t) => {
  const again = Buffer.from(JSON.stringify({ ...(JSON.parse(pinned.toString()) as object), another: 1 }));
  const cases: Record<string, [manifest: Buffer, others: Partial<UpdateOptions>, message: RegExp]> = {
    "older than the pin": [oldest, {}, /1\.0\.0 .* pinned 1\.1\.0/],
    "another of the pin's version": [again, {}, /1\.1\.0 .* pinned 1\.1\.0/],
    "older than the least": [newer, { minimumVersion: "1.3.0" }, /1\.3\.0/],
    "revoked": [newer, { revoked: [digestOf(newer)] }, /revoked/],
  };
  for (const [name, [manifest, others, message]] of Object.entries(cases)) {
    await t.test(name, async () => {
      const store = new Memory();
      serve(manifest, log.prove(manifest, now - 2 * day));
      await assert.rejects(attempt(manifest, store, others), { code: "update_refused", message });
      assert.equal(store.kept, undefined);
    });
  }
  await t.test("revoked, without a proof", async () => {
    serve(newer, undefined);
    await assert.rejects(attempt(newer, new Memory(), { revoked: [digestOf(newer)] }), { code: "update_refused" });
  });
  await t.test("the least itself is accepted", async () => {
    serve(newer, log.prove(newer, now - 2 * day));
    await attempt(newer, new Memory(), { minimumVersion: "1.2.0" });
  });
});

/** A store in which newer has taken the pin's place. */
async function moved(): Promise<Memory> {
  const store = new Memory();
  serve(newer, log.prove(newer, now - 2 * day));
  await attempt(newer, store);
  return store;
}

test("the pin only rises", async () => {
  const store = await moved();
  serve(pinned, log.prove(pinned, now - 2 * day));
  await assert.rejects(attempt(pinned, store), { code: "update_refused", message: /again/ });
  serve(oldest, log.prove(oldest, now - 2 * day));
  await assert.rejects(attempt(oldest, store), { code: "update_refused", message: /pinned 1\.2\.0/ });
  serve(newest, log.prove(newest, now - 2 * day));
  await attempt(newest, store);
  assert.equal(await inForce(store), digestOf(newest));
});

test("the app's own pin wins over a stored one that is not newer", async () => {
  const store = await moved();
  for (const version of ["1.2.0", "1.10.0"]) {
    const own = { digest: "a".repeat(64), version };
    assert.equal(await inForce(store, {}, own), own.digest);
  }
});

test("a stored pin counts only while the rule still proves it", async (t) => {
  const store = await moved();
  const { keys } = new UpdateLog().rule;
  for (const [name, others] of Object.entries<Partial<UpdateOptions>>({
    "another update key": { keys },
    "a longer delay": { delay: 3 * day },
    "a higher least version": { minimumVersion: "1.3.0" },
    "revoked": { revoked: [digestOf(newer)] },
  })) {
    await t.test(name, async () => assert.equal(await inForce(store, others), pin.digest));
  }
  assert.equal(await inForce(store), digestOf(newer));
});

test("a stored pin with an altered character is as if it had never been", async () => {
  const { kept = "" } = await moved();
  for (let at = 0; at < kept.length; at += 7) {
    const altered = kept.slice(0, at) + String.fromCharCode(kept.charCodeAt(at) ^ 1) + kept.slice(at + 1);
    assert.equal(await inForce({ load: () => altered, save: () => {} }), pin.digest, `character ${at}`);
  }
  for (const text of ["", "null", "{}", '{"format":"kms-enclave-pin/1"}', kept.slice(0, -1), kept.replace("pin/1", "pin/2")]) {
    assert.equal(await inForce({ load: () => text, save: () => {} }), pin.digest, text);
  }
  assert.equal(await inForce({ load: () => null, save: () => {} }), pin.digest);
});

test("two tabs may move the pin at once, and neither moves it back", async () => {
  const store = new Memory();
  const rule = logProvedUpdate(options(store));
  const [first, second, late] = [await rule.start(pin), await rule.start(pin), await rule.start(pin)];
  serve(newer, log.prove(newer, now - 2 * day));
  await Promise.all([follow(first, newer), follow(second, newer)]);
  assert.equal(await inForce(store), digestOf(newer));
  serve(newest, log.prove(newest, now - 2 * day));
  await attempt(newest, store);
  serve(newer, log.prove(newer, now - 2 * day));
  await assert.rejects(follow(late, newer), { code: "update_refused" });
  assert.equal(await inForce(store), digestOf(newest));
});

test("an abort ends the fetching", async () => {
  serve(newer, log.prove(newer, now - 2 * day));
  const pinInForce = await logProvedUpdate(options(new Memory())).start(pin);
  await assert.rejects(follow(pinInForce, newer, AbortSignal.abort()), { code: "update_unproved" });
});

test("a store's rejection reaches the caller, and the release is not accepted", async () => {
  const full = new Error("the storage is full");
  serve(newer, log.prove(newer, now - 2 * day));
  await assert.rejects(attempt(newer, { load: () => undefined, save: () => Promise.reject(full) }), full);
  await assert.rejects(attempt(newer, { load: () => Promise.reject(full), save: () => {} }), full);
});

test("options that cannot be right are refused before they are needed", async (t) => {
  const store = new Memory();
  for (const [name, wrong, message] of [
    ["no delay", { delay: Number.NaN }, /delay/],
    ["a delay below nothing", { delay: -1 }, /delay/],
    ["no store", { store: undefined }, /store/],
    ["a least version that is none", { minimumVersion: "v1" }, /minimumVersion/],
    ["revoked releases that are none", { revoked: ["x"] }, /revoked/],
    ["no keys", { keys: [] }, /update key/],
    ["no log", { log: "" }, /log/],
    ["no witnesses", { witnesses: [] }, /witness/],
    ["a threshold of nothing", { threshold: 0 }, /threshold/],
    ["half a threshold", { threshold: 1.5 }, /threshold/],
  ] as const) {
    await t.test(name, async () => {
      const start = async () => logProvedUpdate({ ...options(store), ...wrong } as UpdateOptions).start(pin);
      await assert.rejects(start(), { code: "invalid_params", message });
    });
  }
  await t.test("a pin without a version", async () => {
    await assert.rejects(inForce(store, {}, { digest: pin.digest }), { code: "invalid_params", message: /version/ });
  });
});
