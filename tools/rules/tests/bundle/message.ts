// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** A comment that the bundle drops. */
export const greeting: string = "hello";
