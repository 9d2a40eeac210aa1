// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import {
  type Checkpoint,
  cosignatureType,
  cosignedAt,
  ed25519Type,
  isSigned,
  type NoteKey,
  type Octets,
  parseBase64,
  parseCheckpoint,
  parseNoteKey,
  parseNumber,
  sha256,
  signatureBy,
  subtle,
  utf8,
} from "./note.ts";

/**
 * The proof beside a release that its update key signed it, that a public log has the signature, and since when
 * witnesses have seen it there. Specified by the package comment of kmslib/updateproof, whose vectors both read.
 */

/** The file, below the place where the release is served. */
export const proofPath = ".well-known/kms-enclave/release.tlog-proof";
/** Longest file that is read. */
export const maxProof = 128 * 1024;

const header = "c2sp.org/tlog-proof@v1";
const maxHashes = 53;

/** Whom a proof must come from. */
export interface ProofRule {
  /** Update keys: P-256, each as base64 of its SubjectPublicKeyInfo. */
  readonly keys: readonly string[];
  /** Verifier key of the log: name+id+base64, of type 1 (Ed25519). */
  readonly log: string;
  /** Verifier keys of witnesses, of type 4 (Ed25519 cosignatures). */
  readonly witnesses: readonly string[];
  /** How many of them must have cosigned. */
  readonly threshold: number;
}

/** Which check failed; the order is that of the checks. */
export type ProofCode = "format" | "rule" | "signature" | "log" | "inclusion" | "cosignature" | "quorum";

/** Why a proof, or a rule, was refused. */
export class ProofError extends Error {
  override readonly name = "ProofError";
  readonly code: ProofCode;

  constructor(code: ProofCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A proof that was read, and is not yet believed. */
export interface Proof {
  /** ECDSA signature in DER. */
  readonly signature: Octets;
  readonly index: number;
  readonly hashes: readonly Octets[];
  readonly checkpoint: Checkpoint;
}

/** What a proof has shown. */
export interface Evidence {
  /** Unix seconds at which threshold witnesses had cosigned. */
  readonly time: number;
  /** Place of the entry in the log. */
  readonly index: number;
}

/** A rule that was read. */
export interface Authorities {
  readonly updates: readonly { readonly spki: Octets; readonly key: CryptoKey }[];
  readonly log: NoteKey;
  readonly witnesses: readonly NoteKey[];
  readonly threshold: number;
}

/** Reads the file. @throws {@link ProofError} `format` */
export function parseProof(bytes: Octets): Proof {
  if (bytes.length > maxProof) throw malformed("longer than 131072 bytes");
  const text = decode(bytes);
  const end = text.indexOf("\n\n");
  if (end < 0) throw malformed("expected an empty line between the inclusion proof and the checkpoint");
  const [first, extra = "", place = "", ...rest] = text.slice(0, end).split("\n");
  if (first !== header) throw malformed(`expected ${header} in line 1`);
  const signature = parseBase64(extra.replace(/^extra /, ""));
  if (!extra.startsWith("extra ") || !signature || !toRaw(signature)) {
    throw malformed("expected extra and a P-256 ECDSA signature, DER in padded base64, in line 2");
  }
  const index = parseNumber(place.replace(/^index /, ""), Number.MAX_SAFE_INTEGER - 1);
  if (!place.startsWith("index ") || index === undefined) {
    throw malformed("expected index and a number from 0 to 2^53-2 in line 3");
  }
  if (rest.length > maxHashes) throw malformed("expected at most 53 hashes");
  const hashes = rest.map((line, i) => {
    const hash = parseBase64(line);
    if (hash?.length !== 32) throw malformed(`expected a SHA-256 hash in padded base64 in line ${i + 4}`);
    return hash;
  });
  try {
    return { signature, index, hashes, checkpoint: parseCheckpoint(text.slice(end + 2)) };
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(`in the checkpoint: ${error.message}`);
    throw error;
  }
}

function decode(bytes: Octets): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("expected UTF-8");
  }
}

/** Reads a rule. @throws {@link ProofError} `rule` */
export async function readRule(rule: ProofRule): Promise<Authorities> {
  const { keys, witnesses, threshold } = rule;
  if (keys.length < 1 || keys.length > 16) throw wrong(`expected 1 to 16 update keys, found ${keys.length}`);
  if (new Set(keys).size < keys.length) throw wrong("an update key is there twice");
  const updates = await Promise.all(keys.map(parseUpdateKey));
  const log = await parseNoteKey(rule.log, ed25519Type);
  if (!log) throw wrong("expected the log's verifier key as name+id+key of an Ed25519 key, type 1");
  if (witnesses.length < 1 || witnesses.length > 64) throw wrong(`expected 1 to 64 witnesses, found ${witnesses.length}`);
  const known: NoteKey[] = [];
  for (const [i, vkey] of witnesses.entries()) {
    const witness = await parseNoteKey(vkey, cosignatureType);
    if (!witness) throw wrong(`expected the verifier key of witness ${i + 1} as name+id+key of an Ed25519 key, type 4`);
    // A cosignature does not name its witness: one key under two names would count twice.
    if ([log, ...known].some(({ key }) => equal(key, witness.key))) {
      throw wrong(`witness ${witness.name} has the key of another witness, or of the log`);
    }
    known.push(witness);
  }
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > witnesses.length) {
    throw wrong(`expected a threshold from 1 to the number of witnesses, found ${threshold}`);
  }
  return { updates, log, witnesses: known, threshold };
}

/** What the SubjectPublicKeyInfo of a P-256 key begins with, up to its point. */
const spkiPrefix = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

async function parseUpdateKey(text: string, i: number): Promise<Authorities["updates"][number]> {
  const spki = parseBase64(text);
  const fault = () => wrong(`update key ${i + 1} is not the SubjectPublicKeyInfo of a P-256 key, in base64`);
  if (!spki || spki.length !== 91 || !text.startsWith(spkiPrefix)) throw fault();
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const key = await subtle().importKey("spki", spki, algorithm, false, ["verify"]).catch(() => undefined);
  if (!key) throw fault();
  return { spki, key };
}

/**
 * Looks whether the proof shows, to whoever trusts the rule's keys, that manifest, the bytes of a release.json, is
 * in the log.
 *
 * @throws {@link ProofError} with the first check that failed; KmsError `not_supported` where the browser lacks
 * Ed25519.
 */
export async function checkProof(proof: Proof, rule: Authorities, manifest: Octets): Promise<Evidence> {
  const spki = await findSigner(proof, rule, manifest);
  if (!spki) throw new ProofError("signature", "none of the update keys made the signature over this release.json");
  await checkLog(proof.checkpoint, rule.log);
  const leaf = await sha256(Uint8Array.of(0), entryBody(await sha256(manifest), proof.signature, spki));
  if (!(await isIncluded(proof, leaf))) {
    throw new ProofError(
      "inclusion",
      "the inclusion proof does not lead from the entry of this release.json to the checkpoint's root",
    );
  }
  return { time: await checkWitnesses(proof.checkpoint, rule), index: proof.index };
}

async function findSigner({ signature }: Proof, { updates }: Authorities, manifest: Octets): Promise<Octets | undefined> {
  const raw = toRaw(signature);
  if (!raw) return undefined;
  for (const { spki, key } of updates) {
    if (await subtle().verify({ name: "ECDSA", hash: "SHA-256" }, key, raw, manifest)) return spki;
  }
  return undefined;
}

async function checkLog(checkpoint: Checkpoint, log: NoteKey): Promise<void> {
  if (checkpoint.origin !== log.name) throw new ProofError("log", `the checkpoint is of another log than ${log.name}`);
  const signature = signatureBy(checkpoint, log);
  if (!signature) throw new ProofError("log", `the checkpoint has no signature by the key of the log ${log.name}`);
  if (!(await isSigned(checkpoint, log, signature))) {
    throw new ProofError("log", `the signature of the log ${log.name} does not verify`);
  }
}

/** The time by which threshold witnesses had cosigned. */
async function checkWitnesses(checkpoint: Checkpoint, { witnesses, threshold }: Authorities): Promise<number> {
  const times: number[] = [];
  for (const witness of witnesses) {
    const signature = signatureBy(checkpoint, witness);
    if (!signature) continue;
    const time = await cosignedAt(checkpoint, witness, signature);
    if (time === undefined) {
      throw new ProofError("cosignature", `the cosignature of the witness ${witness.name} does not verify`);
    }
    times.push(time);
  }
  const time = times.sort((a, b) => a - b)[threshold - 1];
  if (time === undefined) {
    throw new ProofError("quorum", `expected cosignatures of ${threshold} known witnesses, found ${times.length}`);
  }
  return time;
}

/** The body of the entry that a Rekor v2 makes of a signature, in canonical JSON. */
export function entryBody(digest: Octets, signature: Octets, spki: Octets): Octets {
  const entry = {
    apiVersion: "0.0.2",
    kind: "hashedrekord",
    spec: {
      hashedRekordV002: {
        data: { algorithm: "SHA2_256", digest: base64(digest) },
        signature: {
          content: base64(signature),
          verifier: { keyDetails: "PKIX_ECDSA_P256_SHA_256", publicKey: { rawBytes: base64(spki) } },
        },
      },
    },
  };
  return utf8(JSON.stringify(entry)); // canonical: members are in order, and nothing needs an escape
}

function base64(bytes: Octets): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Whether the hashes lead from the leaf to the root of the checkpoint (RFC 6962, section 2.1.1). */
async function isIncluded({ index, hashes, checkpoint }: Proof, leaf: Octets): Promise<boolean> {
  if (index >= checkpoint.size) return false;
  let hash = leaf;
  let at = index;
  let last = checkpoint.size - 1;
  const rise = () => {
    at = Math.floor(at / 2); // shifts would cut numbers to 32 bits
    last = Math.floor(last / 2);
  };
  for (const sibling of hashes) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = await sha256(Uint8Array.of(1), sibling, hash);
      while (at % 2 === 0 && at !== 0) rise(); // no right sibling at these levels
    } else {
      hash = await sha256(Uint8Array.of(1), hash, sibling);
    }
    rise();
  }
  return last === 0 && equal(hash, checkpoint.root);
}

/** The signature as WebCrypto has it, r and s of 32 bytes each; undefined unless der is the one DER of such. */
function toRaw(der: Octets): Octets | undefined {
  if (der.length < 2 || der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const raw = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const size = der[at + 1] ?? 0;
    const number = der.slice(at + 2, at + 2 + size);
    const [first = 0, second = 0] = number;
    if (der[at] !== 0x02 || size < 1 || size > 33 || number.length < size) return undefined;
    if (first >= 0x80 || (size === 33 && first !== 0) || (first === 0 && second < 0x80)) return undefined;
    raw.set(number.slice(first === 0 ? 1 : 0), end - size + (first === 0 ? 1 : 0));
    at += 2 + size;
  }
  return at === der.length ? raw : undefined;
}

function equal(a: Octets, b: Octets): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function malformed(reason: string): ProofError {
  return new ProofError("format", `the file is no update proof: ${reason}`);
}

function wrong(reason: string): ProofError {
  return new ProofError("rule", reason);
}
