// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

export function twice(n: number): number {
  return 2 * n;
}
