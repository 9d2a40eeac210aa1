// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

export const pin = "release" as const;
