// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package channel carries requests, answers and events between MessagePorts and
// package rpc, which specifies and judges them.
package channel
