// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package versions holds the test that the build links the module versions that Go itself selects.
package versions
