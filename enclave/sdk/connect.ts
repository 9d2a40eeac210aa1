// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { EventName } from "./api.ts";
import { type CallsWithStreams, withStreams } from "./attachments.ts";
import { Channel } from "./channel.ts";
import { makeCalls } from "./client.ts";
import { KmsError } from "./errors.ts";
import { type Listener, Listeners } from "./events.ts";
import { createFrame, parseEnclaveURL } from "./frame.ts";
import { greet, ReleaseMismatch } from "./handshake.ts";
import { Overlay } from "./overlay.ts";
import { type CallOptions, waitFor } from "./waiting.ts";

/** The part of `release.ts`, as `//enclave:manifest` writes it, that a connection is checked against. */
export interface ReleasePin {
  /** SHA-256 of the release's release.json, 64 lowercase hex digits. */
  readonly digest: string;
  /** Version of the release; needed for updates. */
  readonly version?: string | undefined;
}

/** Says which releases may take the pinned one's place; see {@link logProvedUpdate}. */
export interface ReleaseUpdate {
  /** The pin that counts: the app's own, or one that has taken its place. */
  start(pin: ReleasePin): Promise<PinInForce>;
}

/** The pin that counts while one connection is made. */
export interface PinInForce {
  readonly digest: string;
  /** Resolves once the release that the enclave announced has taken the pin's place; else rejects with a KmsError. */
  follow(announced: string, enclave: URL, signal: AbortSignal): Promise<void>;
}

/**
 * What connect needs to know. `signal` and `timeout` limit the connecting, not the later calls; the time counts
 * anew for the proof of another release, and for connecting to that.
 */
export interface ConnectOptions extends CallOptions {
  /** Where the release is served: absolute, https, another origin than the page's. */
  url: string | URL;
  /** The one release this app was built for: its digest, or the typed pin that holds it. */
  release: string | ReleasePin;
  /** Which later releases are accepted, too; none unless given. */
  update?: ReleaseUpdate | undefined;
  /** Where the dialogue with the frame goes, which must be displayed; `document.body` unless given. */
  container?: Element | undefined;
  /**
   * Gets every new checkpoint of the audit log. Send them to a server: whoever holds one can tell later
   * whether the log was shortened or rewritten.
   */
  onCheckpoint?: Listener<"checkpoint"> | undefined;
}

/** A connection to one enclave. */
export interface Kms extends CallsWithStreams {
  /** Digest of the release that answered: the pinned one, or the one that has taken its place. */
  readonly release: string;
  /** Origin the enclave runs on. */
  readonly origin: string;
  /** Resolves with the reason when the connection is over, by {@link Kms.close} or by the enclave. */
  readonly closed: Promise<KmsError>;
  /** Calls listener whenever the enclave tells of event; returns what ends that. */
  on<E extends EventName>(event: E, listener: Listener<E>): () => void;
  /** Removes the frame; every pending and later call is rejected with `closed`. */
  close(): void;
}

/**
 * Embeds the enclave and waits until it is usable.
 *
 * @throws {@link KmsError} `invalid_params` for a URL or pin that cannot be right; `not_supported`
 * where there is no page with an origin; `unreachable` when nothing answers in time; `aborted`;
 * `release_mismatch` for another release than the pinned, or with `update` one of its codes; or the enclave's
 * own refusal, such as `origin_not_allowed`.
 */
export async function connect(options: ConnectOptions): Promise<Kms> {
  const enclave = parseEnclaveURL(options.url);
  const pin = parsePin(options.release);
  const { update } = options;
  if (!update) return embed(enclave, pin.digest, options);

  const inForce = await update.start(pin);
  try {
    return await embed(enclave, inForce.digest, options);
  } catch (error) {
    if (!(error instanceof ReleaseMismatch)) throw error;
    await follow(inForce, error.announced, enclave, options);
    return embed(enclave, error.announced, options);
  }
}

/** Waits until the announced release has taken the pin's place, which needs what the caller's limits allow. */
function follow(pin: PinInForce, announced: string, enclave: URL, options: CallOptions): Promise<void> {
  const controller = new AbortController();
  return waitFor<void>(
    options,
    ({ resolve, reject }) => void pin.follow(announced, enclave, controller.signal).then(resolve, reject),
    () => controller.abort(),
    (ms) => new KmsError("update_unproved", `the proof of release ${announced} did not come in ${ms} ms`),
  );
}

/** Embeds the enclave, which has to run one release. */
async function embed(enclave: URL, release: string, options: ConnectOptions): Promise<Kms> {
  const frame = createFrame(enclave);
  const overlay = new Overlay(frame, enclave);
  const port = await greet(frame, overlay, enclave, release, options.container ?? document.body, options);

  const listeners = new Listeners();
  if (options.onCheckpoint) listeners.on("checkpoint", options.onCheckpoint);
  const channel = new Channel(port, {
    asks: () => overlay.shown,
    hidden: () => overlay.hidden(),
    giveUp: () => overlay.cancel(),
    hear: (event, data) => listeners.tell(event, data),
    discard: () => overlay.remove(),
  });
  const close = () => channel.close(new KmsError("closed", "the app closed the connection"));
  // A second load means that the frame's document, and with it the worker we spoke to, is gone.
  frame.addEventListener("load", () => channel.close(new KmsError("closed", "the enclave's frame was reloaded")));
  return Object.freeze({
    ...withStreams(makeCalls(channel)),
    release,
    origin: enclave.origin,
    closed: channel.closed,
    on: <E extends EventName>(event: E, listener: Listener<E>) => listeners.on(event, listener),
    close,
  });
}

function parsePin(pin: string | ReleasePin): ReleasePin {
  const parsed = typeof pin === "string" ? { digest: pin } : pin;
  if (!/^[0-9a-f]{64}$/.test(parsed.digest)) {
    throw new KmsError("invalid_params", "release must be 64 lowercase hex digits, the SHA-256 of release.json");
  }
  return parsed;
}
