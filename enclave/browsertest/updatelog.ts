// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

import { entryBody, type ProofRule } from "../sdk/tlogproof.ts";

/** What a proof may differ in from a good one. */
export interface ProofFaults {
  /** The update key that signs; unless given, the one of the rule. */
  key?: KeyObject;
  /** How many witnesses cosign; unless given, all. */
  witnesses?: number;
}

/** A transparency log with witnesses and an update key, all made for one run. */
export class UpdateLog {
  readonly #log = new NoteSigner("log.example", 1);
  readonly #witnesses = [new NoteSigner("witness.example/1", 4), new NoteSigner("witness.example/2", 4)];
  readonly #key = newUpdateKey();

  /** The rule that good proofs meet. */
  get rule(): ProofRule {
    return {
      keys: [spki(this.#key).toString("base64")],
      log: this.#log.vkey,
      witnesses: this.#witnesses.map(({ vkey }) => vkey),
      threshold: 2,
    };
  }

  /** The proof for a release.json that witnesses saw at a time, in Unix seconds. */
  prove(manifest: Buffer, time: number, { key = this.#key, witnesses = 2 }: ProofFaults = {}): Buffer {
    const signature = sign("sha256", manifest, key);
    const entry = Buffer.from(entryBody(octets(sha256(manifest)), octets(signature), octets(spki(key))));
    const leaves = ["a", "b", entry, "c", "d"].map((body) => sha256(Buffer.of(0), Buffer.from(body)));
    const checkpoint = `${this.#log.name}\n${leaves.length}\n${rootOf(leaves).toString("base64")}\n`;
    const signatures = [this.#log.sign(checkpoint)];
    for (const witness of this.#witnesses.slice(0, witnesses)) signatures.push(witness.cosign(checkpoint, time));
    const head = ["c2sp.org/tlog-proof@v1", `extra ${signature.toString("base64")}`, "index 2"];
    const hashes = pathTo(2, leaves).map((hash) => hash.toString("base64"));
    return Buffer.from(`${[...head, ...hashes].join("\n")}\n\n${checkpoint}\n${signatures.join("")}`);
  }
}

/** A key that no rule knows. */
export function newUpdateKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** A release.json like another, of a version. */
export function versioned(manifest: Buffer, version: string): Buffer {
  const value = JSON.parse(manifest.toString("utf8")) as object;
  return Buffer.from(JSON.stringify({ ...value, format: "kms-enclave-release/2", version }));
}

/** The digest of a release. */
export function digestOf(manifest: Buffer): string {
  return sha256(manifest).toString("hex");
}

/** A log or a witness, as C2SP signed-note and tlog-cosignature have them. */
class NoteSigner {
  readonly name: string;
  readonly vkey: string;
  readonly #id: Buffer;
  readonly #key: KeyObject;

  constructor(name: string, type: number) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const key = Buffer.concat([Buffer.of(type), publicKey.export({ type: "spki", format: "der" }).subarray(-32)]);
    this.name = name;
    this.#key = privateKey;
    this.#id = sha256(Buffer.from(`${name}\n`), key).subarray(0, 4);
    this.vkey = `${name}+${this.#id.toString("hex")}+${key.toString("base64")}`;
  }

  sign(body: string): string {
    return this.#line(sign(null, Buffer.from(body), this.#key));
  }

  cosign(body: string, time: number): string {
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(BigInt(time));
    return this.#line(stamp, sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${body}`), this.#key));
  }

  #line(...signature: Buffer[]): string {
    return `— ${this.name} ${Buffer.concat([this.#id, ...signature]).toString("base64")}\n`;
  }
}

/** RFC 6962, section 2.1. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only && leaves.length === 1) return only;
  const middle = middleOf(leaves);
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, middle)), rootOf(leaves.slice(middle)));
}

/** RFC 6962, section 2.1.1. */
function pathTo(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const middle = middleOf(leaves);
  const [left, right] = [leaves.slice(0, middle), leaves.slice(middle)];
  return index < middle ? [...pathTo(index, left), rootOf(right)] : [...pathTo(index - middle, right), rootOf(left)];
}

/** The largest power of two below the number of leaves. */
function middleOf({ length }: readonly Buffer[]): number {
  let middle = 1;
  while (middle * 2 < length) middle *= 2;
  return middle;
}

function spki(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

function sha256(...parts: Buffer[]): Buffer {
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}

function octets(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
