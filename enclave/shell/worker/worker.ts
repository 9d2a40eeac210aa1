// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The worker: loads the Go program with its integrity hash, starts it, and hands it the ports that the
 * frame sends. Until the program is ready, ports wait here; if it cannot start, they are told why.
 */
import "wasm_exec";

import type { ErrorCode } from "../../sdk/api.ts";
import type { ConnectMessage, FrameMessage, Seat, WorkerMessage } from "../messages.ts";
import { Ceremonies, listenToPerson } from "./ceremonies.ts";
import { type Flat, flatten } from "./flatten.ts";

declare const self: DedicatedWorkerGlobalScope;

/** What wasm_exec.js defines, as far as it is used here. */
declare const Go: new () => {
  readonly importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
};

/** A connection for the program to serve. */
type Offer = ConnectMessage & { port: MessagePort };

/** Offers that wait for the program, until it takes them itself. */
const waiting: Offer[] = [];
let serve = (offer: Offer): void => void waiting.push(offer);

/** Ports that were given back. */
let given: readonly MessagePort[] = [];

let persisted = (_granted: boolean): void => {};

const ceremonies = new Ceremonies(post);

/** What the program in cmd/enclave finds as globalThis.kmsWorker. */
const kmsWorker = {
  /** Takes the handler of every connection, those that wait included. */
  serve(handler: (offer: Offer) => void): void {
    serve = handler;
    for (const offer of waiting.splice(0)) handler(offer);
  },
  /** Passes on every message of a port, flattened. */
  listen(port: MessagePort, receive: (...message: Flat) => void): void {
    const pass = (message: Flat) => {
      const seat = given.indexOf(port);
      if (seat < 0) receive(...message);
      else post({ kms: "late", seat, message });
    };
    port.onmessage = ({ data }) => pass(flatten(data));
    port.onmessageerror = () => pass(flatten(undefined));
  },
  /** Asks the browser, by the frame, not to evict what is stored; whether it promises that. */
  persist(): Promise<boolean> {
    post({ kms: "persist" });
    return new Promise((resolve) => (persisted = resolve));
  },
  /** Asks for a place for a ceremony, and gives it back; see Ceremonies. */
  stage: ceremonies.stage.bind(ceremonies),
  unstage: ceremonies.unstage.bind(ceremonies),
  /** Passes on every message of a ceremony's port, flattened. */
  listenToPerson,
  /** Gives every port back, for the worker that comes after this one. Nothing is said on them any more. */
  locked(seats: Seat[], ports: MessagePort[]): void {
    self.postMessage({ kms: "locked", seats } satisfies WorkerMessage, ports);
    given = ports;
    // The frame ends this worker soon. If it does not, nothing is lost by waiting a little.
    setTimeout(() => self.close(), 2000);
  },
};
Object.defineProperty(globalThis, "kmsWorker", { value: Object.freeze(kmsWorker) });

self.onmessage = ({ data, ports: [port] }: MessageEvent<FrameMessage>) => {
  if (data.kms === "persisted") persisted(data.granted);
  else if (data.kms !== "connect") ceremonies.hear(data, port);
  else if (port) serve({ ...data, port });
};
post({ kms: "up" });
void run();

async function run(): Promise<void> {
  const go = new Go();
  const instance = await load(go.importObject);
  if (!instance) return;
  await go.run(instance).catch(() => undefined);
  fail("internal", "the enclave's program ended; reload the page");
  self.close();
}

async function load(imports: WebAssembly.Imports): Promise<WebAssembly.Instance | undefined> {
  if (typeof WebAssembly === "undefined") {
    fail("not_supported", "this browser has WebAssembly turned off, as some do in their strictest mode");
    return undefined;
  }
  const url = new URL(WASM_URL, self.location.href);
  // The frame reads the program at the same time (prefetchProgram), and when Chromium's cache cannot hold it, as
  // that of a private window, all readers but one fail. So a failure counts only past the cache.
  for (const cache of ["default", "no-store"] as const) {
    try {
      // fetch fails on a mismatch, before one byte of the body can be read.
      const response = fetch(url, { integrity: WASM_INTEGRITY, cache });
      return (await WebAssembly.instantiateStreaming(response, imports)).instance;
    } catch {
      // Once more, or it is told below.
    }
  }
  fail("integrity_failed", `${url.pathname.split("/").pop()} did not load or does not match its integrity hash`);
  return undefined;
}

/** Tells the frame and every app that waits, now and later. */
function fail(code: ErrorCode, message: string): void {
  post({ kms: "failed", code, message });
  kmsWorker.serve(({ port }) => port.postMessage({ id: 0, error: { code, message } }));
}

function post(message: WorkerMessage): void {
  self.postMessage(message);
}
