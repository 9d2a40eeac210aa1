// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package trust reads trust roots: Sigstore's trusted_root.json, which lists the
// certificate authorities, timestamp authorities and logs whose signatures
// count, and when each did.
//
// No root is trusted by default. A policy names one by the SHA-256 of its bytes,
// or by the name of one that is embedded here. Embedded roots change only with
// this program; roots/ORIGIN.md says where each is from.
package trust
