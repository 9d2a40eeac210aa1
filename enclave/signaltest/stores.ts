// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Client, ClientAddress, ClientPrivateKey, ClientPublicKey, ClientSession, Parser, Stored } from "./client.ts";

/** Everything a device of the official client remembers, in the form of bytes, as an app would keep it. */
export class Memory {
  readonly sessions = new Map<string, Uint8Array>();
  readonly identities = new Map<string, Uint8Array>();
  readonly preKeys = new Map<number, Uint8Array>();
  readonly signedPreKeys = new Map<number, Uint8Array>();
  readonly kyberPreKeys = new Map<number, Uint8Array>();
  readonly senderKeys = new Map<string, Uint8Array>();
  /** Ids of the Kyber prekeys to keep after use, and the uses that were seen of them. */
  readonly lastResort = new Set<number>();
  readonly kyberUses = new Set<string>();
}

export interface Stores {
  sessions: object;
  identities: object;
  preKeys: object;
  signedPreKeys: object;
  kyberPreKeys: object;
  senderKeys: object;
}

/**
 * The client's stores over memory. A one-time Kyber key is gone once used; of a last-resort key each use is
 * remembered and may not come again. Every identity is trusted at first sight, and a changed one is too:
 * what our side does with changes is its own matter.
 */
export function storesOver(client: Client, memory: Memory, identity: ClientPrivateKey, registrationId: number): Stores {
  const at = (address: ClientAddress) => `${address.name()}.${address.deviceId()}`;
  const read = <K, T>(from: Map<K, Uint8Array>, key: K, parser: Parser<T>): T | null => {
    const kept = from.get(key);
    return kept === undefined ? null : parser.deserialize(kept);
  };
  const need = <T>(from: Map<number, Uint8Array>, id: number, parser: Parser<T>): T => {
    const found = read(from, id, parser);
    if (found === null) throw new Error(`no prekey ${id}`);
    return found;
  };

  class Sessions extends client.SessionStore {
    async saveSession(address: ClientAddress, record: ClientSession): Promise<void> {
      memory.sessions.set(at(address), record.serialize());
    }
    async getSession(address: ClientAddress): Promise<ClientSession | null> {
      return read(memory.sessions, at(address), client.SessionRecord);
    }
    async getExistingSessions(addresses: ClientAddress[]): Promise<ClientSession[]> {
      return addresses.flatMap((address) => read(memory.sessions, at(address), client.SessionRecord) ?? []);
    }
  }

  class Identities extends client.IdentityKeyStore {
    async getIdentityKey(): Promise<ClientPrivateKey> {
      return identity;
    }
    async getLocalRegistrationId(): Promise<number> {
      return registrationId;
    }
    async saveIdentity(address: ClientAddress, key: ClientPublicKey): Promise<number> {
      const now = key.serialize();
      const before = memory.identities.get(at(address));
      memory.identities.set(at(address), now);
      return before !== undefined && Buffer.compare(before, now) !== 0 ? 1 : 0;
    }
    async isTrustedIdentity(): Promise<boolean> {
      return true;
    }
    async getIdentity(address: ClientAddress): Promise<ClientPublicKey | null> {
      return read(memory.identities, at(address), client.PublicKey);
    }
  }

  class PreKeys extends client.PreKeyStore {
    async savePreKey(id: number, record: Stored): Promise<void> {
      memory.preKeys.set(id, record.serialize());
    }
    async getPreKey(id: number): Promise<Stored> {
      return need(memory.preKeys, id, client.PreKeyRecord);
    }
    async removePreKey(id: number): Promise<void> {
      memory.preKeys.delete(id);
    }
  }

  class SignedPreKeys extends client.SignedPreKeyStore {
    async saveSignedPreKey(id: number, record: Stored): Promise<void> {
      memory.signedPreKeys.set(id, record.serialize());
    }
    async getSignedPreKey(id: number): Promise<Stored> {
      return need(memory.signedPreKeys, id, client.SignedPreKeyRecord);
    }
  }

  class KyberPreKeys extends client.KyberPreKeyStore {
    async saveKyberPreKey(id: number, record: Stored): Promise<void> {
      memory.kyberPreKeys.set(id, record.serialize());
    }
    async getKyberPreKey(id: number): Promise<Stored> {
      return need(memory.kyberPreKeys, id, client.KyberPreKeyRecord);
    }
    async markKyberPreKeyUsed(id: number, signedId?: number, baseKey?: ClientPublicKey): Promise<void> {
      if (!memory.lastResort.has(id)) {
        memory.kyberPreKeys.delete(id);
        return;
      }
      if (!baseKey) return; // an old release does not tell
      const use = `${id}/${signedId}/${Buffer.from(baseKey.serialize()).toString("hex")}`;
      if (memory.kyberUses.has(use)) throw new Error("this use of the last-resort key was seen before");
      memory.kyberUses.add(use);
    }
  }

  class SenderKeys extends client.SenderKeyStore {
    async saveSenderKey(sender: ClientAddress, group: string, record: Stored): Promise<void> {
      memory.senderKeys.set(`${at(sender)}/${group}`, record.serialize());
    }
    async getSenderKey(sender: ClientAddress, group: string): Promise<Stored | null> {
      return read(memory.senderKeys, `${at(sender)}/${group}`, client.SenderKeyRecord);
    }
  }

  return {
    sessions: new Sessions(),
    identities: new Identities(),
    preKeys: new PreKeys(),
    signedPreKeys: new SignedPreKeys(),
    kyberPreKeys: new KyberPreKeys(),
    senderKeys: new SenderKeys(),
  };
}
