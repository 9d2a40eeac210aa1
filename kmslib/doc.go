// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package kmslib is the map of this module, which is everything about the
// enclave that does not touch a browser, a network or a disk. The same code
// runs in the enclave as WebAssembly and natively in tests, tools and verifier.
//
// Read in this order:
//
//	release         the manifest of a release: the smallest whole example of how
//	                formats are specified, read, written and tested here
//	wire            the canonical JSON that every format is written in
//	origin          the one parser of web origins
//	secret          key bytes that cannot be printed, compared or forgotten
//	vapid           RFC 8292 tokens and keys
//	vault           the key holder: which origin may use which key; declares the
//	                interfaces by which storage, time, randomness and key
//	                operations come in
//	vault/vaulttest the conformance test of those, and the simplest of each
//	internal/label  the table of names that keep formats apart
//	testdata        vectors for every implementation in any language, which
//	                internal/vectors reads for the tests
//
// Imports run one way: vault → vapid, release → wire, origin, secret, label.
// The last four import nothing of ours, and vapid and release not each other.
// No package here logs, reads a clock or imports os, net, fmt or syscall/js;
// packages fmt and encoding/json alone would add a third to what a browser
// downloads.
package kmslib
