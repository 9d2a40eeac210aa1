// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package mutationtest alters everything that the verifier reads, one thing at
// a time, and demands that each alteration is refused, for a reason of the right
// class: bundles, trust root, statements, manifest, policy, site and log. It has
// no code but tests.
//
// What can be altered is found by walking documents, not listed, so that no new
// field is forgotten: each member, element and value of JSON, and inside of
// strings whatever they encode: JSON, DER, signed notes. What may come of it is
// a table, see rule: a field without a row fails the test. Alterations without
// any effect are rows too, each with its reason, and must leave the verdict and
// all that is shown exactly as they were.
//
// The counts are printed by
//
//	go test -v ./mutationtest
package mutationtest
