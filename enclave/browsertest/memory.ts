// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Page, Protocol } from "puppeteer-core";

import { runningWorkers } from "./clock.ts";

/** Where a marker was found in a worker's memory; each is the name of the marker. */
export interface Found {
  /** In the memory of the WebAssembly program. */
  wasm: string[];
  /** In any ArrayBuffer. */
  buffers: string[];
  /** Among the strings of JavaScript's heap. */
  strings: string[];
}

/**
 * Searches the whole memory of the page's workers, as far as the browser lets a debugger see it, for marker
 * texts in UTF-8 and as strings. Chromium only. A search leaves the markers in the worker that it searched.
 */
export async function searchWorkers(page: Page, markers: Readonly<Record<string, string>>): Promise<Found> {
  const found: Found = { wasm: [], buffers: [], strings: [] };
  for (const { client: cdp } of await runningWorkers(page)) {
    const chunks: string[] = [];
    const collect = ({ chunk }: Protocol.HeapProfiler.AddHeapSnapshotChunkEvent) => chunks.push(chunk);
    cdp.on("HeapProfiler.addHeapSnapshotChunk", collect);
    await cdp.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
    cdp.off("HeapProfiler.addHeapSnapshotChunk", collect);
    const snapshot = chunks.join("");
    found.strings.push(...namesOf(markers, (marker) => snapshot.includes(JSON.stringify(marker).slice(1, -1))));

    const search = async (prototype: string): Promise<string[]> => {
      const { result } = await cdp.send("Runtime.evaluate", { expression: prototype });
      const { objects } = await cdp.send("Runtime.queryObjects", { prototypeObjectId: result.objectId ?? "" });
      const answer = await cdp.send("Runtime.callFunctionOn", {
        objectId: objects.objectId ?? "",
        functionDeclaration: searchBuffers.toString(),
        arguments: [{ value: markers }],
        returnByValue: true,
      });
      if (answer.exceptionDetails) throw new Error(`search: ${JSON.stringify(answer.exceptionDetails)}`);
      return answer.result.value as string[];
    };
    found.wasm.push(...(await search("WebAssembly.Memory.prototype")));
    found.buffers.push(...(await search("ArrayBuffer.prototype")));
  }
  return found;
}

function namesOf(markers: Readonly<Record<string, string>>, isThere: (marker: string) => boolean): string[] {
  return Object.keys(markers).filter((name) => isThere(markers[name] as string));
}

/** Runs in the worker, on a list of memories or buffers. */
function searchBuffers(this: (WebAssembly.Memory | ArrayBuffer)[], markers: Record<string, string>): string[] {
  const found = new Set<string>();
  for (const holder of this) {
    const buffer = holder instanceof ArrayBuffer ? holder : holder.buffer;
    if (buffer.byteLength === 0) continue;
    const text = new TextDecoder("latin1").decode(buffer); // one character for each byte
    for (const [name, marker] of Object.entries(markers)) if (text.includes(marker)) found.add(name);
  }
  return [...found];
}
