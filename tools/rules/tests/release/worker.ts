// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import "wasm_exec";

declare const WASM_URL: string;
declare const WASM_INTEGRITY: string;
void fetch(WASM_URL, { integrity: WASM_INTEGRITY });
