// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package evidence judges a release by a policy: which signatures and
// statements about it hold, whether all that the policy asks for are among
// them, and whether the policy allows this release at all. It reads no disk and
// no network; callers give the time.
//
// # What counts
//
// Bundles are found as *.sigstore.json beside the release and as lines of
// attestations.jsonl. Their names count for nothing: what a bundle is follows
// from what it proves (package sigbundle) and from who proved it.
//
//	a publisher's signature over release.json
//	a publisher's provenance (package attest)
//	a publisher's statement of another type that the policy requires: of it, only
//	the subjects are held against the release
//	a rebuilder's summary (package vsa)
//
// A statement counts if its subjects are exactly the files of the release, by
// name and digest, and all else that it says is as the policy and release.json
// say.
//
// # What does no harm
//
// Anybody can lay bundles beside a release. One that does not hold, or is not
// asked for, is noted and left alone as long as others fulfil the policy: junk
// cannot make a good release bad. If something is missing, what is wrong with
// the bundles that could have been it is told as refuted, with the step at
// which each failed. No bundle that does not hold can add anything.
//
// # Update proofs
//
// If the policy has an update rule, release.tlog-proof is judged as the apps of
// that policy will (package updateproof): signed by one of its update keys over
// this release.json, in one of its logs by a key of the trust root that counted
// when the witnesses saw it, and cosigned by as many of its witnesses as it
// asks for. A proof that is there must hold: there is one place for it, and no
// other proof can make up for it. Where none is, what is published lacks
// something, and a release by itself does not.
//
// # What refutes though it holds
//
// One thing that holds refutes: a rebuilder of the policy whose latest statement
// about this very release is FAILED. An honest rebuilder found a difference,
// and how many others found none does not answer that. A rebuilder who was
// wrong signs again: the latest timestamp counts, FAILED if two are equal.
package evidence
