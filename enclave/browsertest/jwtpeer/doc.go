// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package jwtpeer holds the vault's tokens against a JWT library that others
// wrote, golang-jwt, which knows nothing of this repository. It has tests only.
//
// One test signs through the whole vault with Go's own P-256; the other reads
// testdata/browser.json, a token that WebCrypto signed inside the enclave in a
// real browser. The tests of the folder above hand tokens of each run to a second such
// library, npm's jose.
package jwtpeer
