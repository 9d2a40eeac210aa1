// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * A worker that runs cmd/enclavetest, the enclave's own tests of what only a browser has. The program
 * posts its results itself. This is a classic script, because wasm_exec.js is one.
 */
declare function importScripts(url: string): void;
declare const Go: new () => {
  readonly importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
};

importScripts("/wasm_exec.js");
const go = new Go();
void WebAssembly.instantiateStreaming(fetch("/enclavetest.wasm"), go.importObject).then(({ instance }) =>
  go.run(instance),
);
