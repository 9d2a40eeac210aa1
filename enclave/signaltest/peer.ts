// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

import type { SafetyNumber } from "./libsignal.ts";
import type { Address, Bundle, BundleOptions, Envelope, Party, PublicPreKey, SignedPublicPreKey } from "./party.ts";

/** An error that our implementation answered, with the code that the enclave's methods have for it. */
export class PeerError extends Error {
  readonly code: string;

  constructor(method: string, code: string, message: string) {
    super(`${method}: ${code}: ${message}`);
    this.code = code;
  }
}

interface Waiting {
  method: string;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Answer {
  id: number;
  result?: unknown;
  error?: { code: string; message: string };
}

/** The program peer/, one process for as many accounts as a test needs. */
export class Peer {
  #process: ChildProcess;
  #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: Error | undefined;

  /** Unless told otherwise, it starts the program that KMS_SIGNAL_PEER names. */
  constructor(program = named(), ...args: string[]) {
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    if (!this.#process.stdout) throw new Error("signaltest: the peer has no output");
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#take(JSON.parse(line) as Answer));
    this.#process.on("error", (error) => this.#end(error));
    this.#process.on("exit", (code) => this.#end(new Error(`signaltest: the peer ended with ${code}`)));
  }

  /** Runs a method of an account. Byte arrays in params go as base64; those in the result are base64 text. */
  call<T>(account: string, method: string, params: object): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    const line = JSON.stringify({ id, account, method, params }, bytesAsBase64);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { method, resolve: resolve as (result: unknown) => void, reject });
      this.#process.stdin?.write(`${line}\n`);
    });
  }

  /** A new account, made with these options, as a party. */
  async party(name: string, options: PartyOptions = {}): Promise<OurParty> {
    const { device = 1, ...policy } = options;
    const account = randomUUID();
    const made = await this.call<CreatedIdentity>(account, "create", { name, device, ...policy });
    return new OurParty(this, account, { name, device }, made);
  }

  /** Signs with a key that nobody has seen before. */
  async sign(message: Uint8Array): Promise<{ key: Uint8Array; signature: Uint8Array }> {
    const { key, signature } = await this.call<{ key: string; signature: string }>("", "sign", { message });
    return { key: unbase64(key), signature: unbase64(signature) };
  }

  verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return this.call("", "verify", { key, message, signature });
  }

  /** Ends the program. */
  close(): void {
    this.#process.stdin?.end();
  }

  #take({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new PeerError(waiting.method, error.code, error.message));
    else waiting?.resolve(result);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

export type Level = "x3dh" | "pqxdh" | "triple-ratchet";

export interface PartyOptions {
  device?: number;
  /** Oldest and newest level of the account's sessions; unless given, the triple ratchet only. */
  oldest?: Level;
  newest?: Level;
  /** Whether the post-quantum ratchet only uses the secret of the agreement. */
  chainOnly?: boolean;
}

/** Policies under which old releases can be talked with. */
export const policies = {
  x3dh: { oldest: "x3dh", newest: "x3dh" },
  pqxdh: { oldest: "pqxdh", newest: "pqxdh" },
  negotiated: { oldest: "pqxdh", newest: "triple-ratchet" },
  chainOnly: { oldest: "triple-ratchet", newest: "triple-ratchet", chainOnly: true },
  full: { oldest: "triple-ratchet", newest: "triple-ratchet" },
} as const satisfies Record<string, PartyOptions>;

interface CreatedIdentity {
  registrationId: number;
  identityKey: string;
}

interface PeerPreKey {
  id: number;
  key: string;
  signature?: string;
}

interface Published {
  signed: PeerPreKey;
  lastResort: PeerPreKey;
  oneTime: PeerPreKey[];
  kyber: PeerPreKey[];
}

export interface SessionInfo {
  peer: Address;
  id: string;
  active: boolean;
  acknowledged: boolean;
  version: number;
  postQuantum: boolean;
  epoch: number;
  registrationId: number;
  archived: number;
}

export interface Opened {
  plaintext: Uint8Array;
  type: number;
  newSession: boolean;
  identityChanged: boolean;
  preKeyUsed: number;
  retry?: { timestamp: number; stale: boolean };
}

/** How many one-time prekeys our party keeps published. */
const pool = 8;

/** One device that runs kmslib/signal, in the program. */
export class OurParty implements Party {
  readonly address: Address;
  readonly identityKey: Uint8Array;
  readonly registrationId: number;

  #peer: Peer;
  #account: string;
  #oneTime: PublicPreKey[] = [];
  #kyber: SignedPublicPreKey[] = [];

  constructor(peer: Peer, account: string, address: Address, identity: CreatedIdentity) {
    this.#peer = peer;
    this.#account = account;
    this.address = address;
    this.identityKey = unbase64(identity.identityKey);
    this.registrationId = identity.registrationId;
  }

  async bundle(options: BundleOptions = {}): Promise<Bundle> {
    const { oneTime = true, kyber = "one-time" } = options;
    const published = await this.#call<Published>("publish", { oneTime: pool });
    this.#oneTime.push(...published.oneTime.map(({ id, key }) => ({ id, key: unbase64(key) })));
    this.#kyber.push(...published.kyber.map(signedPreKey));
    const { registrationId, identityKey } = this;
    const bundle: Bundle = { registrationId, identityKey, signedPreKey: signedPreKey(published.signed) };
    if (oneTime) bundle.preKey = taken(this.#oneTime);
    if (kyber === "one-time") bundle.kyberPreKey = taken(this.#kyber);
    if (kyber === "last-resort") bundle.kyberPreKey = signedPreKey(published.lastResort);
    return bundle;
  }

  async processBundle(to: Address, bundle: Bundle): Promise<void> {
    await this.#call<SessionInfo>("start", { peer: to, bundle });
  }

  async encrypt(to: Address, plaintext: Uint8Array): Promise<Envelope> {
    return envelope(await this.#call("encrypt", { peer: to, plaintext }));
  }

  async decrypt(from: Address, type: number, body: Uint8Array): Promise<Uint8Array> {
    return (await this.open(from, type, body)).plaintext;
  }

  /** Decrypts, and tells what else became of it. */
  async open(from: Address, type: number, body: Uint8Array): Promise<Opened> {
    const { plaintext, ...rest } = await this.#call<Omit<Opened, "plaintext"> & { plaintext: string | null }>("decrypt", { peer: from, type, body });
    return { ...rest, plaintext: unbase64(plaintext ?? "") };
  }

  isDuplicate(error: unknown): boolean {
    return error instanceof PeerError && error.code === "duplicate_message";
  }

  /** What is known of the session with the peer. */
  async session(peer: Address): Promise<SessionInfo> {
    const all = await this.#call<SessionInfo[]>("sessions", {});
    const found = all.find((info) => info.peer.name === peer.name && info.peer.device === peer.device);
    if (!found) throw new Error(`signaltest: no session with ${peer.name}`);
    return found;
  }

  /** Forgets all sessions with the peer. */
  async close(peer: Address): Promise<void> {
    await this.#call("close", { peer });
  }

  async archive(peer: Address): Promise<void> {
    await this.#call("archive", { peer });
  }

  async requestRetry(from: Address, { type, body }: Envelope, timestamp: number): Promise<Envelope> {
    return envelope(await this.#call("retry", { peer: from, type, body, timestamp }));
  }

  async safetyNumber(name: string): Promise<SafetyNumber> {
    const { digits, scannable } = await this.#call<{ digits: string; scannable: string }>("safetyNumber", { name });
    return { digits, scannable: unbase64(scannable) };
  }

  /** Whether a code that the peer shows is that of the same two identities. */
  matches(name: string, scanned: Uint8Array): Promise<boolean> {
    return this.#call("scanned", { name, scanned });
  }

  async accept(name: string, key: Uint8Array): Promise<void> {
    await this.#call("accept", { name, key });
  }

  async groupDistribution(group: string): Promise<Uint8Array> {
    return unbase64((await this.#call<{ body: string }>("group.create", { group: groupId(group) })).body);
  }

  async groupRotation(group: string): Promise<Uint8Array> {
    return unbase64((await this.#call<{ body: string }>("group.rotate", { group: groupId(group) })).body);
  }

  async processDistribution(from: Address, body: Uint8Array): Promise<void> {
    await this.#call("group.process", { peer: from, body });
  }

  async groupEncrypt(group: string, plaintext: Uint8Array): Promise<Uint8Array> {
    return unbase64((await this.#call<{ body: string }>("group.encrypt", { group: groupId(group), plaintext })).body);
  }

  async groupDecrypt(from: Address, body: Uint8Array): Promise<Uint8Array> {
    return unbase64((await this.#call<{ plaintext: string | null }>("group.decrypt", { peer: from, body })).plaintext ?? "");
  }

  /** How many one-time prekeys wait for use. */
  preKeysLeft(): Promise<{ oneTime: number; kyber: number }> {
    return this.#call("count", {});
  }

  /** How much the account stores. */
  size(): Promise<{ records: number; bytes: number }> {
    return this.#call("size", {});
  }

  #call<T>(method: string, params: object): Promise<T> {
    return this.#peer.call<T>(this.#account, method, params);
  }
}

function named(): string {
  const program = process.env.KMS_SIGNAL_PEER;
  if (!program) throw new Error("signaltest: KMS_SIGNAL_PEER is not set; see signaltest/README.md");
  return resolve(program);
}

/** For JSON.stringify. It looks at what holds the value, since a Buffer already has another form in value. */
function bytesAsBase64(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const held = this[key];
  return held instanceof Uint8Array ? base64(held) : value;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

export function unbase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

function envelope({ type, body }: { type: number; body: string }): Envelope {
  return { type, body: unbase64(body) };
}

function signedPreKey({ id, key, signature = "" }: PeerPreKey): SignedPublicPreKey {
  return { id, key: unbase64(key), signature: unbase64(signature) };
}

/** A key to hand out, which then is in no other bundle. */
function taken<T>(keys: T[]): T {
  const key = keys.shift();
  if (key === undefined) throw new Error("signaltest: our party published too few one-time prekeys");
  return key;
}

function groupId(uuid: string): Uint8Array {
  return new Uint8Array(Buffer.from(uuid.replaceAll("-", ""), "hex"));
}
