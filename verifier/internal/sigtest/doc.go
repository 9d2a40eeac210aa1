// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package sigtest is a whole Sigstore in the process of a test, without any
// network: a certificate authority in the manner of Fulcio with a certificate
// transparency log, RFC 3161 timestamp authorities, transparency logs in the
// manner of Rekor v2 with a real Merkle tree, and witnesses that cosign their
// checkpoints.
//
//	stack := sigtest.New(t)
//	bundle := stack.SignMessage(sigtest.Signer{Issuer: "https://issuer.test",
//		Subject: "https://forge.test/release"}, artifact)
//	// stack.TrustedRoot() is the trusted_root.json that goes with it.
//
// All keys derive from Options.Seed, so that trust roots and log entries are
// the same in each run. Times are fixed too, see Epoch: nothing here reads the
// clock.
//
// A bundle with one thing wrong comes from Stack.With(Faults{…}), which signs
// into the same log, or from Edit; a trust root with one thing wrong from
// Stack.EditRoot; two histories of one log from Stack.Fork.
package sigtest
