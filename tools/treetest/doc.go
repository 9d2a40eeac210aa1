// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package treetest holds tests of the source tree as a whole: format, licence headers, package comments,
// and the size of what one person can hold in their head.
package treetest
