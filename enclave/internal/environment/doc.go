// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package environment finds out what the browser at hand does for the enclave.
// It believes what it tried, not what a browser says of itself.
package environment
