// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package label is the one table of the strings that keep our formats apart,
// so that bytes made for one purpose are never taken for another.
//
// A label names a format and its version, "kms-enclave-<noun>/<version>". It is
// the member "format" of canonical JSON that we store or publish. Labels are
// never reused: a format that changes meaning gets the next version. No label
// is the beginning of another, so none is ambiguous even where it is joined
// with other bytes.
package label

// The labels. All lists each of them.
const (
	Release    = "kms-enclave-release/1"    // release.json, package release
	Deployment = "kms-enclave-deployment/1" // deployment.json, package release
	VAPIDKey   = "kms-enclave-vapid-key/1"  // stored key record, package vault
)

// All returns every label of the table.
func All() []string {
	return []string{Release, Deployment, VAPIDKey}
}
