// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2etest takes a release through all of its public life with real
// parts: a Sigstore on loopback (tools/sigstack), the programs kmssign and
// kmsverify as people run them, a host and a log monitor.
//
// Environment: KMS_SIGSTACK, KMS_SIGN and KMS_VERIFY name the programs, KMS_RELEASE
// the release. KMS_REBUILDS names a folder with what "kmsverify rebuild" wrote for
// north, south and east; tools/trusttest makes it by three clean builds. Without it
// the statements are written here, from the release itself.
package e2etest
