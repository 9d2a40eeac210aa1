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
//	waict, webcat   what browsers and extensions read of a release
//	updateproof     the proof by which an app's pin follows to a release
//	wire            the canonical JSON that every format is written in
//	origin          the one parser of web origins
//	secret          key bytes that cannot be printed, compared or forgotten
//	keys            what a platform does with keys: the WebCrypto that the rest
//	                stands on; keys/keystest does the same in software, and holds
//	                the conformance test
//	vapid           RFC 8292 tokens and keys
//	unlock          the ways to open a vault: passphrase, passkey, recovery key
//	webauthn        passkeys: what create and get must have returned
//	auditlog        the log: entries, signed heads, delegated keys, bundles;
//	                auditlog/merkle is its RFC 6962 tree
//	signal          Signal's protocol; a map of its own packages, of which
//	                signal/session is what the vault uses
//	vault           the key holder: users, sessions, which origin may use which
//	                key; declares the interfaces by which storage, time and
//	                randomness come in
//	vault/vaulttest the conformance test of those, and the simplest of each
//	ceremony        the conversations with the person, screen by screen
//	internal/label  the table of names that keep formats apart
//	testdata        vectors for every implementation in any language, which
//	                internal/vectors reads for the tests
//
// Imports run one way: ceremony → vault → vapid, unlock, auditlog, signal and the
// others → keys, wire, origin, secret, label. The last five import nothing of ours.
// Features do not import each other, but for waict and webcat, which list a release's
// files, and updateproof, which reads checkpoints with auditlog.
// No package here logs, reads a clock or imports os, net, fmt or syscall/js; what
// is printed or decoded by reflection adds much to what a browser downloads.
// (circl's X25519 links some of fmt nevertheless.)
package kmslib
