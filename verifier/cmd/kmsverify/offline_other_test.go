// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux || !(amd64 || arm64)

package main

// runOffline is for Linux: elsewhere nothing as sure says which system calls a
// process makes.
func runOffline() {}
