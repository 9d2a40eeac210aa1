// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { AnswerMessage, EventMessage } from "../../sdk/index.ts";
import * as sdk from "./sdk.js";

/**
 * The page of an app under test. It offers the SDK, and the channel without the SDK, to what the
 * tests run in it.
 */
declare global {
  var app: App;
  /** The client that a test keeps in the page between its steps. */
  var kms: sdk.Kms;
  /** The same for a channel without the SDK. */
  var line: Line;
}

class App {
  readonly sdk = sdk;

  /** Puts a frame as the SDK makes it into the page and waits until it has loaded. */
  async embed(url: string, attributes: Record<string, string> = {}): Promise<HTMLIFrameElement> {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox");
    for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
    frame.src = url;
    const loaded = new Promise((done) => frame.addEventListener("load", done, { once: true }));
    document.body.append(frame);
    await loaded;
    return frame;
  }

  /** A hello that an enclave accepts. */
  hello(): { kms: string; protocol: number; nonce: string } {
    return { kms: "hello", protocol: 2, nonce: "AAAAAAAAAAAAAAAAAAAAAA" };
  }

  /** Posts a hello, right or wrong, to a window and returns the port that it offered. */
  greet(target: Window, origin: string, hello: unknown): Line {
    const { port1, port2 } = new MessageChannel();
    target.postMessage(hello, origin, [port2]);
    return new Line(port1);
  }

  /** Embeds the enclave and says a right hello. */
  async connect(url: string): Promise<Line> {
    const frame = await this.embed(url);
    const line = this.greet(frame.contentWindow as Window, new URL(url).origin, this.hello());
    const answer = await line.next();
    if (!("result" in answer)) throw new Error(`hello was refused: ${answer.error.code}`);
    return line;
  }
}

/** A port to the enclave on which anything can be said. */
class Line {
  readonly port: MessagePort;
  /** What the enclave told without being asked. */
  readonly events: EventMessage[] = [];
  readonly #answers: AnswerMessage[] = [];
  #wake: () => void = () => {};

  constructor(port: MessagePort) {
    this.port = port;
    port.onmessage = ({ data }: MessageEvent<AnswerMessage | EventMessage>) => {
      if ("event" in data) return void this.events.push(data);
      this.#answers.push(data);
      this.#wake();
    };
  }

  /** The next answer, in the order of arrival; fails when none comes in ten seconds. */
  async next(): Promise<AnswerMessage> {
    const answer = await this.within(10_000);
    if (!answer) throw new Error("no answer in ten seconds");
    return answer;
  }

  /** The next answer, or null when none comes in time. */
  async within(milliseconds: number): Promise<AnswerMessage | null> {
    const end = performance.now() + milliseconds;
    while (this.#answers.length === 0 && performance.now() < end) {
      await new Promise<void>((done) => {
        this.#wake = done;
        setTimeout(done, Math.max(1, end - performance.now()));
      });
    }
    return this.#answers.shift() ?? null;
  }

  /** Sends any message and returns the next answer. */
  ask(message: unknown, transfer: Transferable[] = []): Promise<AnswerMessage> {
    this.port.postMessage(message, transfer);
    return this.next();
  }
}

globalThis.app = new App();
