// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package sigbundle verifies one Sigstore bundle: who signed what, when, and
// that the world could see it. It works offline: the bundle, a trust root and
// the demands are all that it reads.
//
// The cryptography is sigstore-go's. What sigstore-go 1.3 leaves open is
// checked here, before or after it:
//
//   - the log's key was valid when the timestamp authorities saw the signature
//     and when the witnesses saw the log (sigstore-go issue 496);
//   - canonicalizedBody is the one entry that this signature, digest and key
//     make, so that an entry shown beside the log cannot say something else;
//   - index, tree size and root hash beside the checkpoint are the same as in it;
//   - enough witnesses of the policy, each counted once, have cosigned the very
//     checkpoint that the inclusion proof leads to, at a time that fits;
//   - the log is one of the origins that the policy names, and the threshold
//     counts origins;
//   - at least one timestamp authority, also for keys;
//   - payloads are of type application/vnd.in-toto+json;
//   - a certificate has one subject, its issuer is compared exactly, and
//     patterns of subjects match as a whole.
//
// Accepted are bundles of version 0.3 with entries of Rekor v2 (hashedrekord
// 0.0.2), signed with ECDSA on P-256, and statements also on P-384. Older
// bundles and entries of Rekor v1, which no witness sees, are for Conformance
// only.
//
// Each check that fails is a *Fault with the step of the verdict it belongs to.
// The steps are decided here, never by reading a library's messages. The
// order: form of the bundle, timestamps, certificate, SCT, signature, identity,
// log, witnesses. So a fault of the identity names a signer who is proven.
package sigbundle
