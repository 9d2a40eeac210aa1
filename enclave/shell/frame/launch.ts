// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { WorkerMessage } from "../messages.ts";
import { altered } from "./failure.ts";
import { fileName } from "./files.ts";
import { trustedURL } from "./trust.ts";

/** Takes what a worker says, with the ports it gives back. */
export type Hear = (message: WorkerMessage, ports: readonly MessagePort[]) => void;

/**
 * Starts a worker, and resolves once its script runs. No browser checks the integrity of a worker's
 * script, so it is fetched with integrity first, into the HTTP cache from which the worker then comes.
 * A host that answers two requests for an immutable file differently is not found here.
 */
export async function launch(hear: Hear): Promise<Worker> {
  const url = trustedURL(WORKER_URL);
  const failed = altered(fileName(url));
  const response = await fetch(url, { integrity: WORKER_INTEGRITY }).catch(() => undefined);
  if (!response?.ok) throw failed;
  const worker = new Worker(url);
  return new Promise((resolve, reject) => {
    worker.onerror = () => reject(failed);
    worker.onmessage = ({ data, ports }: MessageEvent<WorkerMessage>) => {
      if (data.kms === "up") resolve(worker);
      else hear(data, ports);
    };
  });
}

/**
 * Begins to load the program into the HTTP cache, where the worker will find it: one round trip less
 * before the first use. A browser that had this script in its cache has the program there too, and
 * reading it twice would only cost time.
 */
export async function prefetchProgram(): Promise<void> {
  const [script] = performance.getEntriesByName(import.meta.url) as PerformanceResourceTiming[];
  if (script?.transferSize === 0) return;
  // Integrity is the worker's business; what comes here is thrown away.
  const response = await fetch(new URL(WASM_URL, import.meta.url)).catch(() => undefined);
  await response?.body?.pipeTo(new WritableStream()).catch(() => undefined);
}
