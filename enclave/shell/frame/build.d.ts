// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** Where the worker's script is, relative to the frame's. The bundler puts these four in. */
declare const WORKER_URL: string;
/** Integrity of the worker's script, as in W3C SRI. */
declare const WORKER_INTEGRITY: string;
/** Where the program is, relative to the frame's script. */
declare const WASM_URL: string;
/** Integrity of the program. */
declare const WASM_INTEGRITY: string;
