// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { createRequire } from "node:module";
import { join, resolve } from "node:path";

/** The releases of the official client that we talk with; README.md says what each of them knows. */
export type ClientVersion = "0.72.1" | "0.90.0" | "0.103.0";

export const clientVersions: readonly ClientVersion[] = ["0.72.1", "0.90.0", "0.103.0"];

/** Something of the client's that has a form of bytes. */
export interface Stored {
  serialize(): Uint8Array;
}

export interface ClientPublicKey extends Stored {
  verify(message: Uint8Array, signature: Uint8Array): boolean;
  verifyAlternateIdentity(other: ClientPublicKey, signature: Uint8Array): boolean;
}

export interface ClientPrivateKey extends Stored {
  getPublicKey(): ClientPublicKey;
  sign(message: Uint8Array): Uint8Array;
}

export interface ClientIdentity {
  signAlternateIdentity(other: ClientPublicKey): Uint8Array;
}

export interface ClientAddress {
  name(): string;
  deviceId(): number;
}

export interface ClientSession extends Stored {
  archiveCurrentState(): void;
  hasCurrentState(): boolean;
  currentRatchetKeyMatches(key: ClientPublicKey): boolean;
}

interface Kem {
  getPublicKey(): Stored;
}

interface Ciphertext extends Stored {
  type(): number;
}

export interface RetryMessage extends Stored {
  timestamp(): number;
  deviceId(): number;
  ratchetKey(): ClientPublicKey | undefined;
}

interface Plaintext extends Stored {
  body(): Uint8Array;
}

export interface Parser<T> {
  deserialize(bytes: Uint8Array): T;
}

interface Maker<T> {
  new: (...parts: any[]) => T;
}

interface Scannable {
  toBuffer(): Uint8Array;
  compare(other: Scannable): boolean;
}

type Base = new () => object;
type Step<T> = (...parts: any[]) => Promise<T>;

/**
 * What we call of the client, in its own names. Releases differ in what a function takes, so parameters are
 * open here: {@link LibsignalParty} knows the differences.
 */
export interface Client {
  PublicKey: Parser<ClientPublicKey>;
  PrivateKey: Parser<ClientPrivateKey> & { generate(): ClientPrivateKey };
  IdentityKeyPair: new (key: ClientPublicKey, own: ClientPrivateKey) => ClientIdentity;
  KEMKeyPair: { generate(): Kem };
  KEMPublicKey: Parser<Stored>;
  ProtocolAddress: Maker<ClientAddress>;
  PreKeyBundle: Maker<object>;
  PreKeyRecord: Maker<Stored> & Parser<Stored>;
  SignedPreKeyRecord: Maker<Stored> & Parser<Stored>;
  KyberPreKeyRecord: Maker<Stored> & Parser<Stored>;
  SessionRecord: Parser<ClientSession>;
  SenderKeyRecord: Parser<Stored>;
  SignalMessage: Parser<Stored>;
  PreKeySignalMessage: Parser<Stored>;
  PlaintextContent: Parser<Plaintext> & { from(request: RetryMessage): Plaintext };
  DecryptionErrorMessage: Parser<RetryMessage> & {
    forOriginal(body: Uint8Array, type: number, timestamp: number, device: number): RetryMessage;
    extractFromSerializedBody(body: Uint8Array): RetryMessage;
  };
  SenderKeyDistributionMessage: Parser<Stored> & { create: Step<Stored> };
  Fingerprint: Maker<{
    displayableFingerprint(): { toString(): string };
    scannableFingerprint(): Scannable;
  }>;
  ScannableFingerprint: { _fromBuffer(code: Uint8Array): Scannable };
  SessionStore: Base;
  IdentityKeyStore: Base;
  PreKeyStore: Base;
  SignedPreKeyStore: Base;
  KyberPreKeyStore: Base;
  SenderKeyStore: Base;
  processPreKeyBundle: Step<void>;
  signalEncrypt: Step<Ciphertext>;
  signalDecrypt: Step<Uint8Array>;
  signalDecryptPreKey: Step<Uint8Array>;
  processSenderKeyDistributionMessage: Step<void>;
  groupEncrypt: Step<Ciphertext>;
  groupDecrypt: Step<Uint8Array>;
}

/** Loads a release of the client from the folder KMS_LIBSIGNAL, or KMS_NODE_MODULES if that is not set. */
export function loadClient(version: ClientVersion): Client {
  const folder = process.env.KMS_LIBSIGNAL || process.env.KMS_NODE_MODULES;
  if (!folder) throw new Error("signaltest: KMS_LIBSIGNAL is not set; see signaltest/README.md");
  return createRequire(join(resolve(folder), "loader.cjs"))(`libsignal-${version}`) as Client;
}
