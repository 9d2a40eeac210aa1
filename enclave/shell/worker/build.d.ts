// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** Where the program is, relative to this script. The bundler puts it in. */
declare const WASM_URL: string;
/** Integrity of the program, as in W3C SRI. The bundler puts it in. */
declare const WASM_INTEGRITY: string;

/** wasm_exec.js of the Go release that built the program; the bundler puts it in. It sets globalThis.Go. */
declare module "wasm_exec";
