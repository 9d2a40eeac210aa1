// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package merkle is the Merkle tree of RFC 6962, section 2.1: an append-only
// list of leaves of which one hash, the root, stands for all.
//
// # Hashes
//
// All hashes are SHA-256, 32 bytes:
//
//	leaf  = SHA-256(00 ‖ data)
//	node  = SHA-256(01 ‖ left ‖ right)
//	root of no leaves = SHA-256("")
//	root of n leaves  = node(root of the first k, root of the rest), where k is
//	                    the largest power of two below n
//
// A subtree is complete if it has 1<<level leaves and begins at a multiple of
// that. It is named by its level and its index in that level, so (0, i) is leaf
// i and (level, i) has the children (level-1, 2i) and (level-1, 2i+1). Its hash
// never changes once its last leaf is there.
//
// # Frontier
//
// A tree of n leaves splits into complete subtrees, one for each bit that is set
// in n, the largest at the left. Their roots are the frontier: with it leaves can
// be appended and the root be computed, so nothing else need be read. Its
// encoding is those hashes joined, the largest subtree first: 32 bytes for each
// set bit; n lies beside it.
//
// Appending leaf n completes the subtrees (0, n), (1, n>>1) and so on, as many
// as n+1 has trailing zero bits, and one more. Who keeps these "completed"
// hashes with leaf n finds the hash of (level, i) with leaf ((i+1)<<level)-1, as
// number level. All proofs can be made from that.
//
// # Example
//
// The frontier of the three leaves "a", "b" and "c" (one byte each) is two
// hashes, of (1, 0) and (0, 2):
//
//	b137985ff484fb600db93107c77b0365c80d78f5b429ded0fd97361d077999eb
//	597fcb31282d34654c200d3418fca5705c648ebf326ec73d8ddef11841f876d8
//
// and its root is
//
//	36642e73c2540ab121e3a6bf9545b0a24982cd830eb13d3cd19de3ce6c021ec1
package merkle
