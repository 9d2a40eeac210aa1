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
 * if ((await kms.status()).state === "empty") await kms.vault.setup(); // at a click
 * else await kms.vault.unlock();
 * const { kid, publicKey } = await kms.vapid.generate();
 * const aud = "https://push.example", sub = "mailto:ops@app.example";
 * const { token, authorization } = await kms.vapid.sign({ kid, aud, sub });
 *
 * await kms.signal.session.start({ name: "bob", device: 1, bundle }); // what Bob's enclave published
 * const { type, body } = await kms.signal.encrypt({ name: "bob", device: 1, body: plaintext });
 * const { stream, key } = kms.signal.attachment.encryptStream(); // for pipeThrough
 * kms.close();
 * ```
 *
 * Every method of api.ts is a call `(params, {signal?, timeout?}?)` that returns a promise; what fails
 * rejects with a {@link KmsError}. Bytes are the members `body` and `bodies`; they are copied.
 * `kms.on("state", …)` tells when the vault is opened or locked. What the person types to open it, and private
 * keys, never reach the page. To understand the rest, read these files in this order: connect.ts, frame.ts,
 * overlay.ts, handshake.ts, channel.ts, bodies.ts, waiting.ts, client.ts, attachments.ts, events.ts, errors.ts,
 * and api.ts, which is generated from the enclave's method table. The rule for updates, which no other file needs,
 * is in update.ts, fetching.ts, version.ts, tlogproof.ts and note.ts.
 */
export type { AttachmentStreams, ByteStream, Decryption, Encryption } from "./attachments.ts";
export { connect, type ConnectOptions, type Kms, type ReleasePin, type ReleaseUpdate } from "./connect.ts";
export { KmsError, type KmsErrorCode } from "./errors.ts";
export type { Listener } from "./events.ts";
export { logProvedUpdate, type PinStore, type UpdateOptions } from "./update.ts";
export type { CallOptions } from "./waiting.ts";
export type * from "./api.ts";
