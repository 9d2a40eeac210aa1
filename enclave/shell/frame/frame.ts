// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The frame: the enclave's own document. It checks what it was served, starts the worker, and decides
 * who may connect; then the app's port goes to the worker, and nothing of the traffic comes by here.
 *
 * To understand it, read hello.ts, release.ts, launch.ts, and ../worker/worker.ts.
 */
import type { ConnectMessage, FrameMessage, WorkerMessage } from "../messages.ts";
import { readEmbedders } from "./deployment.ts";
import { asFailure, Failure } from "./failure.ts";
import { admit } from "./hello.ts";
import { launch, prefetchProgram } from "./launch.ts";
import { removeNotice, showFailure, showRelease } from "./page.ts";
import { findPartition } from "./partition.ts";
import { checkRelease } from "./release.ts";

removeNotice();
// All at once: each of these waits for the network.
const release = checkRelease();
const embedders = readEmbedders();
const worker = launch(hear);
const partition = findPartition();
void prefetchProgram();
let connected = false;
let ended: Failure | undefined;

window.addEventListener("message", (event: MessageEvent<unknown>) => {
  const port = event.ports[0];
  if (port) void connect(event, port);
});
release.then(showRelease, (thrown: unknown) => {
  show(thrown);
  worker.then((running) => running.terminate(), ignore);
});
worker.catch(show);
embedders.catch(window.parent === window ? ignore : show);

/** Answers a hello: the port goes to the worker, or back with the reason why not. */
async function connect(event: MessageEvent<unknown>, port: MessagePort): Promise<void> {
  try {
    const hello = admit(event, await embedders);
    if (connected) throw new Failure("already_connected", "this frame has its one connection already");
    if (ended) throw ended;
    connected = true;
    const [digest, started, kind] = await Promise.all([release, worker, partition]);
    const message: ConnectMessage = {
      kms: "connect",
      origin: event.origin,
      ...hello,
      release: digest,
      partition: kind,
    };
    started.postMessage(message, [port]);
  } catch (thrown) {
    const { code, message } = asFailure(thrown);
    port.postMessage({ id: 0, error: { code, message } });
  }
}

function hear(message: WorkerMessage): void {
  if (message.kms === "failed") {
    ended = new Failure(message.code, message.message);
    show(ended);
  }
  if (message.kms === "persist") void persist();
}

/** Only a window may ask this. Some browsers put the question to the person. */
async function persist(): Promise<void> {
  const granted = await navigator.storage.persist().catch(() => false);
  const message: FrameMessage = { kms: "persisted", granted };
  (await worker).postMessage(message);
}

function show(thrown: unknown): void {
  showFailure(asFailure(thrown).message);
}

/** For failures that are shown elsewhere, or concern nobody. */
function ignore(): void {}
