// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Bytes } from "./api.ts";
import type { Calls } from "./client.ts";
import type { CallOptions } from "./waiting.ts";

type Attachment = Calls["signal"]["attachment"];

/** What goes in at `writable` comes out at `readable`, encrypted or decrypted: what `pipeThrough` takes. */
export type ByteStream = ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array>;

/** An encryption: the stream, and the key of the file, 32 bytes, for its recipients. */
export interface Encryption {
  readonly stream: ByteStream;
  readonly key: Promise<Uint8Array<ArrayBuffer>>;
}

/** A decryption. */
export interface Decryption {
  readonly stream: ByteStream;
}

/** The calls of `signal.attachment` as streams, beside the calls themselves. */
export interface AttachmentStreams {
  /**
   * Encrypts a file of at most 100 MiB under a key of its own.
   *
   *     const { stream, key } = kms.signal.attachment.encryptStream();
   *     await fetch(url, { method: "PUT", body: file.stream().pipeThrough(stream), duplex: "half" });
   *     await send(await key); // inside a message
   */
  encryptStream(options?: CallOptions): Encryption;
  /**
   * Decrypts a file. What comes out is authentic but may be the beginning of a longer file, until the stream
   * has ended well.
   */
  decryptStream(key: Bytes, options?: CallOptions): Decryption;
}

/** Calls whose `signal.attachment` has the streams, too. */
export type CallsWithStreams = Omit<Calls, "signal"> & {
  readonly signal: Omit<Calls["signal"], "attachment"> & { readonly attachment: Attachment & AttachmentStreams };
};

/** Adds the streams to the calls. */
export function withStreams(calls: Calls): CallsWithStreams {
  const { attachment } = calls.signal;
  const streams: AttachmentStreams = {
    encryptStream(options = {}) {
      const begun = attachment.begin({ mode: "encrypt" }, options);
      const key = begun.then(({ body }) => body as Uint8Array<ArrayBuffer>);
      key.catch(() => {}); // whoever wants the key is told; the stream tells the others
      return { key, stream: new Pump(attachment, begun, options) };
    },
    decryptStream(key, options = {}) {
      return { stream: new Pump(attachment, attachment.begin({ mode: "decrypt", body: key }, options), options) };
    },
  };
  const grown = Object.freeze({ ...attachment, ...streams });
  return Object.freeze({ ...calls, signal: Object.freeze({ ...calls.signal, attachment: grown }) });
}

/** How much goes to the enclave at once, in bytes: a segment. */
const pieceBytes = 1 << 20;

/**
 * A file on its way through the enclave, a piece at a time: the next one goes when the one before is answered
 * and somebody reads. Not a TransformStream, since browsers differ in whether that hears of an abort, and the
 * enclave has few streams at once.
 */
class Pump implements ByteStream {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #attachment: Attachment;
  readonly #begun: Promise<{ readonly stream: string }>;
  readonly #options: CallOptions;
  readonly #waiting = new Uint8Array(pieceBytes);
  #length = 0; // of what waits to be a whole piece
  #out!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #read = () => {};
  #ended = false;

  constructor(attachment: Attachment, begun: Promise<{ readonly stream: string }>, options: CallOptions) {
    this.#attachment = attachment;
    this.#begun = begun;
    this.#options = options;
    let failed = (_reason: unknown) => {};
    this.readable = new ReadableStream({
      start: (controller) => void (this.#out = controller),
      pull: () => this.#read(),
      cancel: (reason) => {
        failed(reason); // so that no more is written
        this.#cancel();
      },
    });
    this.writable = new WritableStream<Uint8Array>({
      start: (controller) => {
        failed = (reason) => controller.error(reason);
        // At once, where abort below waits for a write that waits for whoever reads.
        controller.signal?.addEventListener("abort", () => this.#cancel());
      },
      write: (chunk) => this.#try(() => this.#write(chunk)),
      close: () => this.#try(() => this.#close()),
      abort: (reason) => {
        this.#out.error(reason);
        this.#cancel();
      },
    });
    begun.catch((error: unknown) => {
      this.#ended = true; // there is nothing to cancel
      this.#out.error(error);
      failed(error);
    });
  }

  /** Runs a step; what fails ends both sides and the enclave's stream. */
  async #try(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!this.#ended) this.#out.error(error);
      this.#cancel();
      throw error;
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length && !this.#ended; ) {
      const part = chunk.subarray(at, at + pieceBytes - this.#length);
      this.#waiting.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length < pieceBytes) continue;
      const { stream } = await this.#begun;
      if (this.#ended) return;
      const { body } = await this.#attachment.update({ stream, body: this.#waiting }, this.#options);
      this.#length = 0;
      await this.#give(body);
    }
  }

  async #close(): Promise<void> {
    const { stream } = await this.#begun;
    const rest = this.#waiting.subarray(0, this.#length);
    const { body } = await this.#attachment.finish({ stream, body: rest }, this.#options);
    if (this.#ended) return; // cancelled meanwhile
    this.#ended = true;
    if (body.length > 0) this.#out.enqueue(body);
    this.#out.close();
    this.#waiting.fill(0);
  }

  /** Passes bytes on, and waits until whoever reads wants more. */
  async #give(body: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#ended) return;
    if (body.length > 0) this.#out.enqueue(body);
    if ((this.#out.desiredSize ?? 0) <= 0) await new Promise<void>((resolve) => (this.#read = resolve));
  }

  /** Ends the enclave's stream, if it has not ended. Nobody waits for that. */
  #cancel(): void {
    this.#read();
    this.#waiting.fill(0);
    if (this.#ended) return;
    this.#ended = true;
    this.#begun.then(({ stream }) => this.#attachment.cancel({ stream })).catch(() => {});
  }
}
