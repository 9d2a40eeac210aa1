// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The enclave's own document. It checks what it was served, starts the worker, and decides who may connect;
 * then the app's port goes to the worker, and nothing of the traffic comes by here. What a person types or
 * approves does: ceremonies are shown in this document and never in the app's.
 *
 * It is loaded in three places: in an app's iframe; as a page of its own (home.ts); and, under the name
 * window.html, in the window that the frame opens for a ceremony (visitor.ts), which has no worker.
 *
 * To understand it, read hello.ts, release.ts, launch.ts, enclave.ts, staging.ts and keywindow.ts here, then
 * ../ceremony/view.ts and ../worker/worker.ts.
 */
import { readEmbedders } from "./deployment.ts";
import { Enclave, refuse } from "./enclave.ts";
import { asFailure, Failure } from "./failure.ts";
import { fileName, isRecord } from "./files.ts";
import { admit } from "./hello.ts";
import { showHome } from "./home.ts";
import { windowDocument } from "./keywindow.ts";
import { prefetchProgram } from "./launch.ts";
import { removeNotice, setMode, showFailure, showRelease, stage } from "./page.ts";
import { findPartition } from "./partition.ts";
import { checkRelease } from "./release.ts";
import { visit } from "./visitor.ts";

removeNotice();
// All at once: each of these waits for the network.
const release = checkRelease();
release.then(showRelease, show);
if (fileName(location.href) === windowDocument) {
  setMode("window");
  visit(stage(), release);
} else if (window.parent === window) {
  setMode("page");
  showHome(new Enclave({ root: stage(), embedded: false, release, show: showStage, fail: show }));
  void prefetchProgram();
} else {
  setMode("frame");
  serve();
  void prefetchProgram();
}

/** Serves the one page around this frame. */
function serve(): void {
  const embedders = readEmbedders();
  const partition = findPartition();
  let app: string | undefined; // the origin that is connected
  const tellApp = (message: { kms: "show" | "hide" }) => app !== undefined && window.parent.postMessage(message, app);
  const enclave = new Enclave({
    root: stage(),
    embedded: true,
    release,
    fail: show,
    show: (shown) => {
      showStage(shown);
      tellApp({ kms: shown ? "show" : "hide" });
    },
  });
  embedders.catch(show);

  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    const port = event.ports[0];
    if (port) void connect(event, port).catch((thrown: unknown) => refuse(port, thrown));
    else if (isCancel(event)) enclave.cancel();
  });

  /** Answers a hello: the port goes to the worker, or back with the reason why not. */
  async function connect(event: MessageEvent<unknown>, port: MessagePort): Promise<void> {
    const hello = admit(event, await embedders);
    if (app !== undefined) throw new Failure("already_connected", "this frame has its one connection already");
    app = event.origin;
    await enclave.connect({ kms: "connect", origin: event.origin, ...hello, partition: await partition }, port);
  }

  /** The connected page gives up the ceremony that it asked for; that is all it may say in one. */
  function isCancel({ source, origin, data }: MessageEvent<unknown>): boolean {
    return source === window.parent && origin === app && isRecord(data) && data.kms === "cancel";
  }
}

function showStage(shown: boolean): void {
  document.documentElement.dataset.stage = shown ? "shown" : "";
}

function show(thrown: unknown): void {
  showFailure(asFailure(thrown).message);
}
