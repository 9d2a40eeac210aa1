// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** Where the worker's script is, relative to the frame's. The bundler puts all of these in. */
declare const WORKER_URL: string;
/** Integrity of the worker's script, as in W3C SRI. */
declare const WORKER_INTEGRITY: string;
/** Where the program is, relative to the frame's script. */
declare const WASM_URL: string;
/** Integrity of the program. */
declare const WASM_INTEGRITY: string;
/** Where the estimate of a passphrase's strength is (third_party/zxcvbn); without it none is shown. */
declare const STRENGTH_URL: string | undefined;
/** Integrity of that script. */
declare const STRENGTH_INTEGRITY: string;
