// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { KmsError } from "./errors.ts";

/**
 * Signed notes as C2SP signed-note, tlog-checkpoint and tlog-cosignature specify them, as strictly as
 * kmslib/auditlog and kmslib/updateproof read them: a text has one reading, and that has one text.
 */

/** Bytes that WebCrypto takes. */
export type Octets = Uint8Array<ArrayBuffer>;

/** The two sorts of keys that are read here, by their type byte. */
export const ed25519Type = 1;
export const cosignatureType = 4;

const maxNote = 64 * 1024;
const maxSignatures = 64;

/** A key by which a note may be signed. */
export interface NoteKey {
  readonly name: string;
  /** First four bytes of the hash of name and key, in hexadecimal digits. */
  readonly id: string;
  readonly key: Octets;
}

/** A checkpoint that was read, and is not yet believed. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Octets;
  /** What the signatures are over. */
  readonly body: string;
  readonly signatures: readonly { readonly name: string; readonly id: string; readonly signature: Octets }[];
}

/** The text in UTF-8. */
export const utf8 = (text: string): Octets => new TextEncoder().encode(text);

/** Decodes standard base64 with padding, in its one encoding. */
export function parseBase64(text: string): Octets | undefined {
  try {
    const binary = atob(text); // which is lenient: hence the comparison
    return btoa(binary) === text ? Uint8Array.from(binary, (c) => c.charCodeAt(0)) : undefined;
  } catch {
    return undefined;
  }
}

/** A number from 0 to limit in decimal digits without a leading zero. */
export function parseNumber(text: string, limit = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : NaN;
  return value <= limit ? value : undefined;
}

/** Lower-case hexadecimal digits. */
export function hex(bytes: Octets): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256 of the parts, one after the other. */
export async function sha256(...parts: Octets[]): Promise<Octets> {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await subtle().digest("SHA-256", joined));
}

/** The browser's cryptography, which pages have in secure contexts alone. */
export function subtle(): SubtleCrypto {
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (!subtle) throw new KmsError("not_supported", "an update needs WebCrypto, which browsers give to https pages only");
  return subtle;
}

/** Reads a verifier key (name+id+key) of one type, whose id is that of its name and key. */
export async function parseNoteKey(vkey: string, type: number): Promise<NoteKey | undefined> {
  const [, name = "", id = "", text = ""] = /^([!-*,-~]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? [];
  const key = parseBase64(text);
  if (!name || key?.length !== 33 || key[0] !== type) return undefined;
  const hash = await sha256(utf8(`${name}\n`), key);
  return hex(hash.slice(0, 4)) === id ? { name, id, key: key.slice(1) } : undefined;
}

/**
 * Reads a checkpoint: origin, size and root, an empty line, and signature lines.
 *
 * @throws SyntaxError that says what is wrong with it
 */
export function parseCheckpoint(text: string): Checkpoint {
  if (utf8(text).length > maxNote) throw new SyntaxError("longer than 65536 bytes");
  if (/[\0-\x09\x0b-\x1f]/.test(text)) throw new SyntaxError("expected UTF-8 without control characters");
  const lines = text.split("\n");
  if (lines.length < 6 || lines[3] !== "" || lines.pop() !== "") {
    throw new SyntaxError("expected origin, size, root, an empty line, and signatures, each line ended");
  }
  const [origin = "", second = "", third = "", , ...rest] = lines;
  const size = parseNumber(second);
  const root = parseBase64(third);
  if (origin === "") throw new SyntaxError("the first line, the origin of the log, is empty");
  if (size === undefined) throw new SyntaxError("the second line is not a tree size");
  if (root?.length !== 32) throw new SyntaxError("the third line is not a root hash in base64");
  if (rest.length > maxSignatures) throw new SyntaxError("more than 64 signatures");
  const signatures = rest.map((line) => {
    const signature = parseSignature(line);
    if (!signature) throw new SyntaxError("expected signature lines of a dash, a name and base64");
    return signature;
  });
  const signers = new Set(signatures.map(({ name, id }) => `${id} ${name}`));
  if (signers.size < signatures.length) throw new SyntaxError("a second signature of one name and key id");
  return { origin, size, root, body: `${origin}\n${second}\n${third}\n`, signatures };
}

function parseSignature(line: string): Checkpoint["signatures"][number] | undefined {
  const [, name = "", text = ""] = /^— ([^ +\u00a0\u3000]+) (.+)$/u.exec(line) ?? [];
  const data = parseBase64(text);
  if (!name || !data || data.length < 5) return undefined;
  return { name, id: hex(data.slice(0, 4)), signature: data.slice(4) };
}

/** The one signature in the name of a key. */
export function signatureBy(checkpoint: Checkpoint, { name, id }: NoteKey): Octets | undefined {
  return checkpoint.signatures.find((line) => line.name === name && line.id === id)?.signature;
}

/** Whether signature is by the log's key over the checkpoint. */
export function isSigned(checkpoint: Checkpoint, { key }: NoteKey, signature: Octets): Promise<boolean> {
  return verifyEd25519(key, signature, utf8(checkpoint.body));
}

/** The time, in Unix seconds, at which a witness cosigned the checkpoint; undefined if it did not. */
export async function cosignedAt(
  checkpoint: Checkpoint,
  { key }: NoteKey,
  signature: Octets,
): Promise<number | undefined> {
  if (signature.length !== 72) return undefined;
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  if (time === 0n || time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const message = utf8(`cosignature/v1\ntime ${time}\n${checkpoint.body}`);
  return (await verifyEd25519(key, signature.slice(8), message)) ? Number(time) : undefined;
}

async function verifyEd25519(key: Octets, signature: Octets, message: Octets): Promise<boolean> {
  let imported: CryptoKey;
  try {
    imported = await subtle().importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch (cause) {
    if ((cause as { name?: string }).name === "DataError") return false; // no point of the curve
    throw new KmsError("not_supported", "this browser cannot verify Ed25519, which proofs of updates are signed with", {
      cause,
    });
  }
  return subtle().verify({ name: "Ed25519" }, imported, signature, message);
}
