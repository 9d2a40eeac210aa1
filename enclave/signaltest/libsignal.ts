// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { randomInt } from "node:crypto";

import { type Client, type ClientAddress, type ClientPrivateKey, type ClientVersion, loadClient } from "./client.ts";
import { type Address, type Bundle, type BundleOptions, type Envelope, type Party, type SignedPublicPreKey, types } from "./party.ts";
import { Memory, type Stores, storesOver } from "./stores.ts";

export type { ClientVersion } from "./client.ts";
export type { Address, Bundle, BundleOptions, Envelope, Party } from "./party.ts";

export interface SafetyNumber {
  digits: string;
  scannable: Uint8Array;
}

/** A request to send again what could not be opened. */
export interface Retry {
  timestamp: number;
  device: number;
  /** The ratchet key that the message had; a message of a group has none. */
  ratchetKey?: Uint8Array;
}

/**
 * One device that runs a release of the official client, with its store in memory. Calls on one party
 * must not overlap: the client reads its session, steps, and writes it back.
 */
export class LibsignalParty implements Party {
  readonly version: ClientVersion;
  readonly address: Address;
  readonly registrationId = randomInt(1, 16381);
  readonly memory = new Memory();

  #client: Client;
  #identity: ClientPrivateKey;
  #stores: Stores;
  #lastId = randomInt(1, 1 << 20);
  #lastResort: SignedPublicPreKey | undefined;

  constructor(version: ClientVersion, name: string, device = 1) {
    this.version = version;
    this.address = { name, device };
    this.#client = loadClient(version);
    this.#identity = this.#client.PrivateKey.generate();
    this.#stores = storesOver(this.#client, this.memory, this.#identity, this.registrationId);
  }

  get identityKey(): Uint8Array {
    return own(this.#identity.getPublicKey().serialize());
  }

  /** A bundle of new prekeys, signed and kept; only a last-resort key is in more than one. */
  async bundle(options: BundleOptions = {}): Promise<Bundle> {
    const { oneTime = true, kyber = "one-time" } = options;
    const bundle: Bundle = { registrationId: this.registrationId, identityKey: this.identityKey, signedPreKey: this.#newSignedPreKey() };
    if (oneTime) bundle.preKey = this.#newPreKey();
    if (kyber === "one-time") bundle.kyberPreKey = this.#newKyberPreKey();
    if (kyber === "last-resort") {
      this.#lastResort ??= this.#newKyberPreKey();
      this.memory.lastResort.add(this.#lastResort.id);
      bundle.kyberPreKey = this.#lastResort;
    }
    return bundle;
  }

  async processBundle(to: Address, bundle: Bundle): Promise<void> {
    const { PreKeyBundle, PublicKey, KEMPublicKey } = this.#client;
    const { signedPreKey, preKey, kyberPreKey } = bundle;
    const made = PreKeyBundle.new(
      bundle.registrationId,
      to.device,
      preKey?.id ?? null,
      preKey ? PublicKey.deserialize(given(preKey.key)) : null,
      signedPreKey.id,
      PublicKey.deserialize(given(signedPreKey.key)),
      given(signedPreKey.signature),
      PublicKey.deserialize(given(bundle.identityKey)),
      kyberPreKey?.id ?? null,
      kyberPreKey ? KEMPublicKey.deserialize(given(kyberPreKey.key)) : null,
      kyberPreKey ? given(kyberPreKey.signature) : null,
    );
    const { sessions, identities } = this.#stores;
    await this.#client.processPreKeyBundle(made, ...this.#between(to), sessions, identities);
  }

  async encrypt(to: Address, plaintext: Uint8Array): Promise<Envelope> {
    const { sessions, identities } = this.#stores;
    const message = await this.#client.signalEncrypt(given(plaintext), ...this.#between(to), sessions, identities);
    return { type: message.type(), body: own(message.serialize()) };
  }

  async decrypt(from: Address, type: number, body: Uint8Array): Promise<Uint8Array> {
    const { sessions, identities, preKeys, signedPreKeys, kyberPreKeys } = this.#stores;
    const parties = this.#between(from);
    if (type === types.preKey) {
      const message = this.#client.PreKeySignalMessage.deserialize(given(body));
      const step = this.#client.signalDecryptPreKey;
      return own(await step(message, ...parties, sessions, identities, preKeys, signedPreKeys, kyberPreKeys));
    }
    if (type === types.whisper) {
      const message = this.#client.SignalMessage.deserialize(given(body));
      return own(await this.#client.signalDecrypt(message, ...parties, sessions, identities));
    }
    throw new Error(`signaltest: no session opens a message of type ${type}`);
  }

  isDuplicate(error: unknown): boolean {
    return (error as { code?: unknown }).code === errorCodes.duplicate;
  }

  /** Puts the session with the peer aside; what comes late still opens in it. */
  archive(peer: Address): void {
    const key = addressKey(peer);
    const session = this.#client.SessionRecord.deserialize(given(this.memory.sessions.get(key) ?? new Uint8Array()));
    session.archiveCurrentState();
    this.memory.sessions.set(key, session.serialize());
  }

  /** Whether the session with the peer sends under this ratchet key: so a retry request is about it. */
  sendsUnder(peer: Address, ratchetKey: Uint8Array): boolean {
    const kept = this.memory.sessions.get(addressKey(peer));
    if (kept === undefined) return false;
    const key = this.#client.PublicKey.deserialize(given(ratchetKey));
    return this.#client.SessionRecord.deserialize(given(kept)).currentRatchetKeyMatches(key);
  }

  /** The request to send that message again, as an envelope of type plaintext. */
  requestRetry(type: number, body: Uint8Array, timestamp: number, senderDevice: number): Envelope {
    const { DecryptionErrorMessage, PlaintextContent } = this.#client;
    const request = DecryptionErrorMessage.forOriginal(given(body), type, timestamp, senderDevice);
    return { type: types.plaintext, body: own(PlaintextContent.from(request).serialize()) };
  }

  readRetry(body: Uint8Array): Retry {
    const content = this.#client.PlaintextContent.deserialize(given(body)).body();
    const request = this.#client.DecryptionErrorMessage.extractFromSerializedBody(given(content));
    const retry: Retry = { timestamp: request.timestamp(), device: request.deviceId() };
    const key = request.ratchetKey();
    if (key) retry.ratchetKey = own(key.serialize());
    return retry;
  }

  safetyNumber(ownId: Uint8Array, theirId: Uint8Array, theirKey: Uint8Array): SafetyNumber {
    const theirs = this.#client.PublicKey.deserialize(given(theirKey));
    const ours = this.#identity.getPublicKey();
    const made = this.#client.Fingerprint.new(5200, 2, given(ownId), ours, given(theirId), theirs);
    return { digits: made.displayableFingerprint().toString(), scannable: own(made.scannableFingerprint().toBuffer()) };
  }

  /** Whether this release says that a scanned code is that of the same two identities as its own. */
  scans(own: Uint8Array, scanned: Uint8Array): boolean {
    const { ScannableFingerprint } = this.#client;
    return ScannableFingerprint._fromBuffer(given(own)).compare(ScannableFingerprint._fromBuffer(given(scanned)));
  }

  /** Our sender key of a group (a UUID), for its members to process. */
  async groupDistribution(group: string): Promise<Uint8Array> {
    const create = this.#client.SenderKeyDistributionMessage.create.bind(this.#client.SenderKeyDistributionMessage);
    return own((await create(this.#address(this.address), group, this.#stores.senderKeys)).serialize());
  }

  async processDistribution(from: Address, body: Uint8Array): Promise<void> {
    const message = this.#client.SenderKeyDistributionMessage.deserialize(given(body));
    await this.#client.processSenderKeyDistributionMessage(this.#address(from), message, this.#stores.senderKeys);
  }

  async groupEncrypt(group: string, plaintext: Uint8Array): Promise<Uint8Array> {
    const message = await this.#client.groupEncrypt(this.#address(this.address), group, this.#stores.senderKeys, given(plaintext));
    return own(message.serialize());
  }

  async groupDecrypt(from: Address, body: Uint8Array): Promise<Uint8Array> {
    return own(await this.#client.groupDecrypt(this.#address(from), this.#stores.senderKeys, given(body)));
  }

  /** Signs with the identity key, as it signs prekeys. */
  sign(message: Uint8Array): Uint8Array {
    return own(this.#identity.sign(given(message)));
  }

  /** Whether this release accepts another's signature. */
  verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    return this.#client.PublicKey.deserialize(given(key)).verify(given(message), given(signature));
  }

  #newSignedPreKey(): SignedPublicPreKey {
    const key = this.#client.PrivateKey.generate();
    const made = this.#signed(key.getPublicKey().serialize());
    const record = this.#client.SignedPreKeyRecord.new(made.id, Date.now(), key.getPublicKey(), key, given(made.signature));
    this.memory.signedPreKeys.set(made.id, record.serialize());
    return made;
  }

  #newPreKey(): Bundle["preKey"] & object {
    const key = this.#client.PrivateKey.generate();
    const id = ++this.#lastId;
    this.memory.preKeys.set(id, this.#client.PreKeyRecord.new(id, key.getPublicKey(), key).serialize());
    return { id, key: own(key.getPublicKey().serialize()) };
  }

  #newKyberPreKey(): SignedPublicPreKey {
    const pair = this.#client.KEMKeyPair.generate();
    const made = this.#signed(pair.getPublicKey().serialize());
    const record = this.#client.KyberPreKeyRecord.new(made.id, Date.now(), pair, given(made.signature));
    this.memory.kyberPreKeys.set(made.id, record.serialize());
    return made;
  }

  #signed(key: Uint8Array): SignedPublicPreKey {
    return { id: ++this.#lastId, key: own(key), signature: this.sign(key) };
  }

  #address({ name, device }: Address): ClientAddress {
    return this.#client.ProtocolAddress.new(name, device);
  }

  /** Releases that authenticate addresses take our own beside the peer's. */
  #between(peer: Address): ClientAddress[] {
    return this.version === "0.103.0" ? [this.#address(peer), this.#address(this.address)] : [this.#address(peer)];
  }
}

/** The client's error codes that tests look for. */
export const errorCodes = { generic: 0, duplicate: 1, invalidSession: 7 } as const;

function addressKey({ name, device }: Address): string {
  return `${name}.${device}`;
}

/** The oldest release takes Buffers only, the others anything like it. */
function given(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}

function own(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
