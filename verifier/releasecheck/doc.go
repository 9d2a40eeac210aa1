// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package releasecheck holds one release against everything that it says about
// itself: every file accounted for, every digest right, every statement about
// the same files. It reads no disk and no network, and looks at each byte once.
//
// What it proves is that the files are the release whose digest it reports.
// Who made that release is not its concern: callers pin the digest, and
// signatures are for package attest.
//
// All checks run, whatever failed before, as far as they make sense: without a
// readable manifest SHA256SUMS and the provenance are still held against the
// files that are there.
package releasecheck
