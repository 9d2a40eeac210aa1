// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { toBase64url } from "../ceremony/bytes.ts";
import { button, el, p } from "../ceremony/dom.ts";
import { callErrors, places as words } from "../ceremony/strings.ts";
import { type AnswerMessage, type Method, protocol, type StatusResponse } from "../../sdk/api.ts";
import type { Enclave } from "./enclave.ts";

/**
 * What a person finds who visits the enclave's address: the vaults that were set up there. The page is an
 * app of its own enclave, with its own origin, and has no other way in than any app.
 */
export function showHome(enclave: Enclave): void {
  const news = p("", { role: "status" });
  const open = button(words.manage, () => void run(), { class: "primary" });
  const section = el("section", {}, el("h2", {}, words.homeTitle), p(words.homeText), open, news);
  document.querySelector("main")?.append(section);
  let line: Promise<Line> | undefined;

  async function run(): Promise<void> {
    news.textContent = "";
    open.disabled = true;
    try {
      line ??= greet(enclave);
      await manage(await line);
    } catch (thrown) {
      news.textContent = (thrown instanceof Refusal ? callErrors[thrown.message] : undefined) ?? callErrors.internal;
    } finally {
      open.disabled = false;
      open.focus();
    }
  }
}

async function manage(line: Line): Promise<void> {
  const { state } = (await line.call("status")) as StatusResponse;
  await line.call(state === "empty" ? "vault.setup" : "vault.manage");
}

async function greet(enclave: Enclave): Promise<Line> {
  const { port1, port2 } = new MessageChannel();
  const line = new Line(port1);
  const nonce = toBase64url(crypto.getRandomValues(new Uint8Array(24)));
  const hello = line.next();
  await enclave.connect({ kms: "connect", origin: location.origin, protocol, nonce, partition: "first-party" }, port2);
  await hello;
  return line;
}

/** A refusal by the enclave; the message is its code. */
class Refusal extends Error {}

/** A port to the worker, for one call at a time. */
class Line {
  readonly #port: MessagePort;
  #lastId = -1;
  #settle: (answer: AnswerMessage) => void = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<AnswerMessage>) => {
      if (data.id === this.#lastId || data.id === 0) this.#settle(data);
    };
  }

  call(method: Method): Promise<unknown> {
    const answer = this.next();
    this.#port.postMessage({ id: this.#lastId, method, params: "{}" });
    return answer;
  }

  /** The answer to the next id; the one to hello has the first. */
  next(): Promise<unknown> {
    this.#lastId += 1;
    return new Promise((resolve, reject) => {
      this.#settle = (answer) => {
        if ("error" in answer) reject(new Refusal(answer.error.code));
        else resolve(JSON.parse(answer.result));
      };
    });
  }
}
