// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Surface } from "./surface.ts";

/** Name of the enclave's database (enclave/internal/idbstore). */
const database = "kms-enclave";

/** One record as it is stored: what JSON cannot say is described. */
export interface Stored {
  collection: string;
  key: string;
  version: number;
  /** The value's bytes, one character each. */
  value: string;
  /** Every CryptoKey in the record. */
  keys: { type: string; extractable: boolean; algorithm: string; usages: string[] }[];
}

/** Everything that the enclave's origin keeps in a browser. */
export interface Kept {
  records: Stored[];
  /** Other stores of the database, with how many records they have. */
  stores: Record<string, number>;
  databases: string[];
  /** What is in localStorage, sessionStorage, cookies and caches, by name. */
  elsewhere: string[];
}

/** Reads all that the enclave's origin keeps; at must be a document of that origin. */
export function readAll(at: Surface): Promise<Kept> {
  return at.run(async (name) => {
    const wait = <T>(request: IDBRequest<T>) =>
      new Promise<T>((done, fail) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => fail(request.error ?? new Error("no reason given"));
      });
    const db = await wait(indexedDB.open(name));
    const stores: Record<string, number> = {};
    const records: Stored[] = [];
    for (const storeName of db.objectStoreNames) {
      const store = db.transaction(storeName).objectStore(storeName);
      const [keys, values] = await Promise.all([wait(store.getAllKeys()), wait(store.getAll())]);
      stores[storeName] = keys.length;
      for (const [index, value] of (values as Record<string, unknown>[]).entries()) {
        const [collection = "", key = ""] = keys[index] as string[];
        const bytes = value.value as Uint8Array;
        const found = Object.values(value).filter((member) => member instanceof CryptoKey);
        records.push({
          collection,
          key,
          version: value.version as number,
          value: [...bytes].map((byte) => String.fromCharCode(byte)).join(""),
          keys: found.map(({ type, extractable, algorithm, usages }) => ({
            type,
            extractable,
            algorithm: algorithm.name,
            usages: [...usages],
          })),
        });
      }
    }
    db.close();
    const databases = (await indexedDB.databases()).map((found) => found.name ?? "");
    const elsewhere = [
      ...Object.keys(localStorage),
      ...Object.keys(sessionStorage),
      ...document.cookie.split(";").filter(Boolean),
      ...(await caches.keys()),
    ];
    return { records, stores, databases, elsewhere };
  }, database);
}

/** A key of the previous release. */
export interface FormerKey {
  kid: string;
  publicKey: string;
}

/**
 * Writes the database as the previous release did, version 1 with keys that the browser alone protects, and
 * returns them. At must be a document of the enclave's origin in which no enclave runs.
 */
export function writeFormer(at: Surface, appOrigin: string, count: number): Promise<FormerKey[]> {
  return at.run(
    async (name, origin, count) => {
      const base64url = (bytes: ArrayBuffer) =>
        btoa(String.fromCharCode(...new Uint8Array(bytes)))
          .replaceAll("+", "-")
          .replaceAll("/", "_")
          .replaceAll("=", "");
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("records");
        request.result.createObjectStore("probe", { autoIncrement: true });
      };
      const db = await new Promise<IDBDatabase>((done, fail) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => fail(request.error ?? new Error("no reason given"));
      });
      const made: FormerKey[] = [];
      for (let n = 0; n < count; n++) {
        const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
        const { x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
        const thumbprint = new TextEncoder().encode(JSON.stringify({ crv: "P-256", kty: "EC", x, y }));
        const kid = base64url(await crypto.subtle.digest("SHA-256", thumbprint));
        const publicKey = base64url(await crypto.subtle.exportKey("raw", pair.publicKey));
        // Canonical JSON: members sorted by name, no white space.
        const record = { created: 1_790_000_000, format: "kms-enclave-vapid-key/1", kid, origin, publicKey };
        const value = new TextEncoder().encode(JSON.stringify(record));
        const transaction = db.transaction("records", "readwrite", { durability: "strict" });
        transaction.objectStore("records").put({ version: 1, value, handle: pair.privateKey }, ["vapid", `${origin} ${kid}`]);
        await new Promise((done) => (transaction.oncomplete = done));
        made.push({ kid, publicKey });
      }
      db.close();
      return made;
    },
    database,
    appOrigin,
    count,
  );
}
