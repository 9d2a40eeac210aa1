// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { PinInForce, ReleasePin, ReleaseUpdate } from "./connect.ts";
import { isRecord, KmsError } from "./errors.ts";
import { fetchPublic } from "./fetching.ts";
import { hex, type Octets, sha256, utf8 } from "./note.ts";
import {
  type Authorities,
  checkProof,
  maxProof,
  parseProof,
  ProofError,
  proofPath,
  type ProofRule,
  readRule,
} from "./tlogproof.ts";
import { compareVersions, isVersion } from "./version.ts";

/** Where an app keeps the pin that has taken the place of its own, such as localStorage. */
export interface PinStore {
  /** What save was given last; undefined or null if nothing. */
  load(): string | null | undefined | Promise<string | null | undefined>;
  /** Keeps a text of some ten kilobytes. It is public, and is checked again whenever it was loaded. */
  save(pin: string): void | Promise<void>;
}

/** Which later releases an app accepts. */
export interface UpdateOptions extends ProofRule {
  /** Seconds for which a release must have been public, by the witnesses' clocks. */
  readonly delay: number;
  readonly store: PinStore;
  /** No release below this version is accepted, whatever the pin. */
  readonly minimumVersion?: string | undefined;
  /** Digests of releases that are never accepted. */
  readonly revoked?: readonly string[] | undefined;
}

/** A release that is proved, and since when in Unix seconds it has been public. */
interface Proved {
  readonly digest: string;
  readonly version: string;
  readonly time: number;
}

type Versioned = Required<Pick<ReleasePin, "digest">> & { readonly version: string };

const manifestPath = "release.json";
const maxManifest = 1024 * 1024;
const pinFormat = "kms-enclave-pin/1";
/** How far a device's clock may be behind those of witnesses, in seconds. */
const tolerance = 300;

/**
 * The rule that a release may take the pinned one's place if it has a higher version, an update key signed it, that
 * is in a public log, enough witnesses have seen it there, and long enough ago that whoever watches the log can have
 * noticed. What was accepted is kept, with its proof, in the app's store, and older releases are then refused.
 *
 * A connection that the rule does not allow ends with `update_unproved`, `update_too_early` or `update_refused`;
 * with `not_supported` where the browser cannot verify Ed25519. A rejection of the store is passed on.
 *
 * @throws {@link KmsError} `invalid_params` for options that cannot be right
 */
export function logProvedUpdate(options: UpdateOptions): ReleaseUpdate {
  checkOptions(options);
  const rule = new UpdateRule(options);
  return { start: (pin) => rule.start(pin) };
}

function checkOptions({ delay, store, minimumVersion, revoked = [] }: UpdateOptions): void {
  if (!Number.isFinite(delay) || delay < 0) throw invalid("delay must be a number of seconds");
  if (typeof store?.load !== "function" || typeof store.save !== "function") throw invalid("store must have load and save");
  if (minimumVersion !== undefined && !isVersion(minimumVersion)) {
    throw invalid("minimumVersion must be a version such as 0.5.0");
  }
  if (!revoked.every((digest) => /^[0-9a-f]{64}$/.test(digest))) {
    throw invalid("revoked must be digests, 64 lowercase hex digits each");
  }
}

class UpdateRule {
  readonly #options: UpdateOptions;
  #authorities: Promise<Authorities> | undefined;

  constructor(options: UpdateOptions) {
    this.#options = options;
  }

  async start(pin: ReleasePin): Promise<PinInForce> {
    const { digest, version } = pin;
    if (!isVersion(version)) {
      throw invalid("with update, release must be the typed pin, or { digest, version }: updates only go to higher versions");
    }
    await this.#rule(); // so that a wrong one is found before it is needed
    const own = { digest, version };
    const inForce = await this.#current(own);
    return {
      digest: inForce.digest,
      follow: (announced, enclave, signal) => this.#follow(own, announced, enclave, signal),
    };
  }

  /** The pin that counts: the stored one if it is still proved and is newer than the app's own. */
  async #current(own: Versioned): Promise<Versioned> {
    const stored = await this.#options.store.load();
    if (typeof stored !== "string") return own;
    const files = parsePin(stored);
    if (!files) return own;
    try {
      const proved = await this.#prove(files.manifest, files.proof);
      this.#demand(proved, own);
      return proved;
    } catch (error) {
      // Damaged, overtaken by the app's own pin, or made under another rule: as if it had never been.
      if (error instanceof ProofError || (error instanceof KmsError && error.code !== "not_supported")) return own;
      throw error;
    }
  }

  async #follow(own: Versioned, announced: string, enclave: URL, signal: AbortSignal): Promise<void> {
    this.#demandNotRevoked(announced);
    if (announced === own.digest) {
      throw refused(`the enclave runs release ${own.version} again, which this app was built for, but a newer one took its place`);
    }
    const [manifest, proof] = await Promise.all([
      fetchPublic(new URL(manifestPath, enclave), maxManifest, signal),
      fetchPublic(new URL(proofPath, enclave), maxProof, signal),
    ]).catch((cause: unknown) => {
      throw unproved(announced, (cause as Error).message, cause);
    });
    if (hex(await sha256(manifest)) !== announced) {
      throw unproved(announced, "the release.json that the host serves is of another release; try again in a moment");
    }
    const proved = await this.#prove(manifest, proof).catch((error: unknown) => {
      throw error instanceof ProofError ? unproved(announced, error.message, error) : error;
    });
    // Read again: another tab may have moved the pin meanwhile. Should it do so between here and save, the lower of
    // two proved versions may be kept, and the next connection finds the higher one once more.
    const pin = await this.#current(own);
    if (pin.digest === proved.digest) return;
    this.#demand(proved, pin);
    await this.#options.store.save(formatPin(manifest, proof));
  }

  /** What the two files prove. @throws ProofError */
  async #prove(manifest: Octets, proof: Octets): Promise<Proved> {
    const { time } = await checkProof(parseProof(proof), await this.#rule(), manifest);
    return { digest: hex(await sha256(manifest)), version: versionOf(manifest), time };
  }

  /** Throws unless a proved release may take the pin's place now. */
  #demand({ digest, version, time }: Proved, pin: Versioned): void {
    const { delay, minimumVersion } = this.#options;
    this.#demandNotRevoked(digest);
    if (compareVersions(version, pin.version) <= 0) {
      throw refused(`release ${version} is proved, but is not newer than the pinned ${pin.version}`);
    }
    if (minimumVersion !== undefined && compareVersions(version, minimumVersion) < 0) {
      throw refused(`release ${version} is proved, but is older than ${minimumVersion}, the least that this app accepts`);
    }
    const now = Date.now() / 1000;
    const from = time + delay;
    // A clock that is a little behind must not hold up a rule without delay.
    if (now >= from || (delay === 0 && now >= from - tolerance)) return;
    const hint = time > now + tolerance ? " This device's clock is behind that of the witnesses." : "";
    throw new KmsError(
      "update_too_early",
      `release ${version} is proved, and was public at ${date(time)}; this app takes it from ${date(from)} on.${hint}`,
      { retryAfter: Math.ceil((from - now) * 1000) },
    );
  }

  #demandNotRevoked(digest: string): void {
    if (this.#options.revoked?.includes(digest)) throw refused(`release ${digest} was revoked by this app`);
  }

  #rule(): Promise<Authorities> {
    this.#authorities ??= readRule(this.#options).catch((error: unknown) => {
      throw error instanceof ProofError ? invalid(`update: ${error.message}`) : error;
    });
    return this.#authorities;
  }
}

/** The version in a release.json, which its signer vouches for. */
function versionOf(manifest: Octets): string {
  const value = parseJSON(new TextDecoder().decode(manifest));
  const format = isRecord(value) ? value.format : undefined;
  // Later formats keep the member.
  if (!isRecord(value) || typeof format !== "string" || !/^kms-enclave-release\/[1-9][0-9]*$/.test(format) || !isVersion(value.version)) {
    throw new ProofError("signature", "what the update key signed is no release.json with a version");
  }
  return value.version;
}

/** The text in which a pin is stored: what it takes to prove it again. */
function formatPin(manifest: Octets, proof: Octets): string {
  const text = (bytes: Octets) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  return JSON.stringify({ format: pinFormat, manifest: text(manifest), proof: text(proof) });
}

function parsePin(text: string): { manifest: Octets; proof: Octets } | undefined {
  const value = parseJSON(text);
  if (!isRecord(value) || value.format !== pinFormat) return undefined;
  const { manifest, proof } = value;
  if (typeof manifest !== "string" || typeof proof !== "string") return undefined;
  return { manifest: utf8(manifest), proof: utf8(proof) };
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function date(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? "a time beyond all calendars" : time.toISOString();
}

function invalid(message: string): KmsError {
  return new KmsError("invalid_params", message);
}

function refused(message: string): KmsError {
  return new KmsError("update_refused", message);
}

function unproved(digest: string, reason: string, cause?: unknown): KmsError {
  return new KmsError("update_unproved", `the enclave runs release ${digest}, which this app does not pin: ${reason}`, { cause });
}
