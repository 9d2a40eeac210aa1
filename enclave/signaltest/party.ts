// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** A device of somebody: name is any printable word, or a service id (a UUID), which then is authenticated. */
export interface Address {
  name: string;
  device: number;
}

export interface PublicPreKey {
  id: number;
  key: Uint8Array;
}

export interface SignedPublicPreKey extends PublicPreKey {
  signature: Uint8Array;
}

/** What a server hands out of a device to those who want to write to it. Without a Kyber key: X3DH. */
export interface Bundle {
  registrationId: number;
  identityKey: Uint8Array;
  signedPreKey: SignedPublicPreKey;
  preKey?: PublicPreKey;
  kyberPreKey?: SignedPublicPreKey;
}

export interface BundleOptions {
  /** Whether the bundle has a one-time prekey; unless given, it has. */
  oneTime?: boolean;
  /** Which Kyber prekey it has: one of its own, the one that serves many, or none. Unless given, one of its own. */
  kyber?: "one-time" | "last-resort" | "none";
}

/** A message as a server carries it: its type (see {@link types}) and its bytes. */
export interface Envelope {
  type: number;
  body: Uint8Array;
}

/** Types of envelopes. */
export const types = { whisper: 2, preKey: 3, senderKey: 7, plaintext: 8 } as const;

/** One device, whoever implements it. The driver of traffic and most tests need no more. */
export interface Party {
  readonly address: Address;
  /** A bundle with keys that were in no other, but for a last-resort key. */
  bundle(options?: BundleOptions): Promise<Bundle>;
  /** Starts a session with the device at to. */
  processBundle(to: Address, bundle: Bundle): Promise<void>;
  encrypt(to: Address, plaintext: Uint8Array): Promise<Envelope>;
  decrypt(from: Address, type: number, body: Uint8Array): Promise<Uint8Array>;
  /** Whether error says that this party has opened the message before. */
  isDuplicate(error: unknown): boolean;
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
