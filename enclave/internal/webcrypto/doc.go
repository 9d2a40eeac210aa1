// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package webcrypto is vault.KeyOps by the browser's WebCrypto. Private keys
// are made there, not extractable, and stay there: a vault.Handle is a
// CryptoKey, whose bytes neither Go nor JavaScript can read.
package webcrypto
