// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

declare const WORKER_URL: string;
declare const WORKER_INTEGRITY: string;
void fetch(WORKER_URL, { integrity: WORKER_INTEGRITY });
