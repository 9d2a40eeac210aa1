// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** What "/sdk.js" is to the type checker; the host serves the bundled SDK under that name. */
export * from "../../sdk/index.ts";
