// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package audit checks an exported audit log, a bundle, offline: that nothing in it
// was changed, taken out or put between, that each entry was signed by the key it
// names and that this key was allowed to, and, given an earlier checkpoint that was
// kept elsewhere, that the log goes on from there.
//
// What is verified, and what a bundle is, the comment of package
// kmslib/auditlog specifies. This package brings the signature check and tells the
// findings as steps of a report, each with what to do about it.
//
// A bundle is made by whoever exports it. Taken alone it shows that it is one log in
// itself; every report says that it does not show whose, unless the log key is given,
// nor that it is the newest and only version, unless a checkpoint is.
package audit
