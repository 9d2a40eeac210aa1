// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type HelloMessage, type HelloResponse, protocol } from "./api.ts";
import { parseResult } from "./channel.ts";
import { isRecord, KmsError, parseError } from "./errors.ts";
import { type CallOptions, type Settle, waitFor } from "./waiting.ts";

type Checked = Pick<HelloResponse, "nonce" | "protocol" | "release">;

/** The page's side of the frame, as far as a handshake needs it. */
interface Place {
  readonly element: Element;
  remove(): void;
}

/** The enclave runs another release than the pinned one. */
export class ReleaseMismatch extends KmsError {
  /** Digest that the enclave announced. */
  readonly announced: string;

  constructor(announced: string, pinned: string) {
    super(
      "release_mismatch",
      `the enclave runs release ${announced}, this app pins ${pinned}; deploy the two together`,
    );
    this.announced = announced;
  }
}

/**
 * Puts place, which has the frame in it, into container, says hello once it has loaded, and checks the answer. It gives the port
 * to the enclave, now the caller's; when anything fails, the place is taken out again.
 *
 *     page → frame   {kms: "hello", protocol, nonce} + port      to the enclave's exact origin
 *     frame → page   {id: 0, result: {protocol, nonce, release, …}} or {id: 0, error}   on that port
 *
 * The answer comes only when the enclave is usable. The nonce in it shows that it answers this hello;
 * the release must be the pinned one.
 */
export async function greet(
  frame: HTMLIFrameElement,
  place: Place,
  enclave: URL,
  release: string,
  container: Element,
  options: CallOptions,
): Promise<MessagePort> {
  const nonce = randomNonce();
  const { port1, port2 } = new MessageChannel();
  const message: HelloMessage = { kms: "hello", protocol, nonce };
  const sendHello = () => frame.contentWindow?.postMessage(message, enclave.origin, [port2]);
  const begin = (settle: Settle<unknown>) => {
    port1.onmessage = (event) => settle.resolve(event.data);
    frame.addEventListener("load", sendHello, { once: true });
    container.append(place.element);
  };
  const end = () => {
    port1.onmessage = null;
    frame.removeEventListener("load", sendHello);
  };
  try {
    const answer = await waitFor(options, begin, end, (ms) => unreachable(enclave, ms));
    checkHello(answer, nonce, release);
    return port1;
  } catch (error) {
    port1.close();
    place.remove();
    throw error;
  }
}

function checkHello(answer: unknown, nonce: string, release: string): void {
  if (!isRecord(answer) || answer.id !== 0) throw broken("its first message is not the answer to hello");
  if (answer.error !== undefined) throw parseError(answer.error);
  const hello = parseResult(answer.result);
  if (!isHello(hello)) throw broken("its answer to hello lacks members");
  if (hello.nonce !== nonce) throw broken("it answered another hello than ours");
  if (hello.protocol !== protocol) {
    throw new KmsError(
      "unsupported_protocol",
      `this SDK speaks protocol ${protocol}, the enclave speaks ${hello.protocol}`,
    );
  }
  if (hello.release !== release) throw new ReleaseMismatch(hello.release, release);
}

/** Whether value has the members that are checked here, so that an error may repeat them. */
function isHello(value: Record<string, unknown> | undefined): value is Record<string, unknown> & Checked {
  return (
    value !== undefined &&
    typeof value.nonce === "string" &&
    typeof value.protocol === "number" &&
    typeof value.release === "string" &&
    /^[0-9a-f]{64}$/.test(value.release)
  );
}

function broken(what: string): KmsError {
  return new KmsError(
    "invalid_message",
    `the page at the enclave's address does not speak the enclave's protocol: ${what}`,
  );
}

function unreachable(enclave: URL, ms: number): KmsError {
  return new KmsError(
    "unreachable",
    `no enclave answered at ${enclave.origin} in ${ms} ms: is it served, does this page's ` +
      "Content-Security-Policy allow the frame (frame-src), does the deployment list this page's origin " +
      "as an embedder, and are its files unaltered (see the browser's console)?",
  );
}

/** 192 random bits in base64url: no padding, and no two hellos alike. */
function randomNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
