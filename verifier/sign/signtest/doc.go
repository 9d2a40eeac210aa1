// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package signtest is the services that signing talks to, on loopback: a Rekor v2
// log with a real Merkle tree whose witnesses can be sent home, and a timestamp
// authority that reads the clock. Where package sigtest makes finished bundles
// without any network, this answers the requests of which they are made.
//
// Keyless signing is tested against the real thing, see tools/sigstack: here the
// certificate authority is only an address at which faults can be put.
package signtest
