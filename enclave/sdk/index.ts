// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The client of the key enclave: embeds it in a page and calls it.
 *
 * ```ts
 * import { connect, KmsError } from "@kms-enclave/sdk";
 * import { release } from "./release.ts"; // from //enclave:manifest
 *
 * const kms = await connect({ url: "https://kms.example/", release });
 * const { kid, publicKey } = await kms.vapid.generate();
 * const aud = "https://push.example", sub = "mailto:ops@app.example";
 * const { token, authorization } = await kms.vapid.sign({ kid, aud, sub });
 * kms.close();
 * ```
 *
 * `kms.status()`, `kms.vapid.generate()`, `.publicKey({kid})`, `.sign({kid, aud, sub, exp?})` and
 * `.delete({kid})` take `(params, {signal?, timeout?}?)` and return promises; what fails rejects with
 * a {@link KmsError}. Private keys never reach the page. To understand the rest, read these files in
 * this order: connect.ts, frame.ts, handshake.ts, channel.ts, waiting.ts, client.ts, errors.ts, and
 * api.ts, which is generated from the enclave's method table.
 */
export { connect, type ConnectOptions, type Kms, type ReleasePin } from "./connect.ts";
export { KmsError, type KmsErrorCode } from "./errors.ts";
export type { CallOptions } from "./waiting.ts";
export type * from "./api.ts";
