// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { Channel } from "./channel.ts";
import { type Calls, makeCalls } from "./client.ts";
import { KmsError } from "./errors.ts";
import { createFrame, parseEnclaveURL } from "./frame.ts";
import { greet } from "./handshake.ts";
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
  /** Where the hidden frame goes; `document.body` unless given. */
  container?: Element | undefined;
}

/** A connection to one enclave. */
export interface Kms extends Calls {
  /** Digest of the release that answered; always the pinned one. */
  readonly release: string;
  /** Origin the enclave runs on. */
  readonly origin: string;
  /** Resolves with the reason when the connection is over, by {@link Kms.close} or by the enclave. */
  readonly closed: Promise<KmsError>;
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
  const port = await greet(frame, enclave, release, options.container ?? document.body, options);

  const channel = new Channel(port, () => frame.remove());
  const close = () => channel.close(new KmsError("closed", "the app closed the connection"));
  // A second load means that the frame's document, and with it the worker we spoke to, is gone.
  frame.addEventListener("load", () => channel.close(new KmsError("closed", "the enclave's frame was reloaded")));
  return Object.freeze({
    ...makeCalls(channel),
    release,
    origin: enclave.origin,
    closed: channel.closed,
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
