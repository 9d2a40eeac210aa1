// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { EventName } from "./api.ts";
import { type CallsWithStreams, withStreams } from "./attachments.ts";
import { Channel } from "./channel.ts";
import { makeCalls } from "./client.ts";
import { KmsError } from "./errors.ts";
import { type Listener, Listeners } from "./events.ts";
import { createFrame, parseEnclaveURL } from "./frame.ts";
import { greet } from "./handshake.ts";
import { Overlay } from "./overlay.ts";
import type { CallOptions } from "./waiting.ts";

/** The part of `release.ts`, as `//enclave:manifest` writes it, that a connection is checked against. */
export interface ReleasePin {
  /** SHA-256 of the release's release.json, 64 lowercase hex digits. */
  readonly digest: string;
}

/** What connect needs to know. `signal` and `timeout` limit the connecting, not the later calls. */
export interface ConnectOptions extends CallOptions {
  /** Where the release is served: absolute, https, another origin than the page's. */
  url: string | URL;
  /** The one release this app was built for: its digest, or the typed pin that holds it. */
  release: string | ReleasePin;
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
  /** Digest of the release that answered; always the pinned one. */
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
 * `release_mismatch` for another release than the pinned; or the enclave's own refusal, such as
 * `origin_not_allowed`.
 */
export async function connect(options: ConnectOptions): Promise<Kms> {
  const enclave = parseEnclaveURL(options.url);
  const release = parsePin(options.release);
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

function parsePin(pin: string | ReleasePin): string {
  const digest = typeof pin === "string" ? pin : pin.digest;
  if (!/^[0-9a-f]{64}$/.test(digest)) {
    throw new KmsError("invalid_params", "release must be 64 lowercase hex digits, the SHA-256 of release.json");
  }
  return digest;
}
