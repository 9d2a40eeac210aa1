// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package sign signs releases and what is said about them, at a Sigstore
// instance: Fulcio for certificates, Rekor v2 as the log, RFC 3161 timestamps.
//
// # What is signed
//
//	file                                   what it is
//	release.json.sigstore.json             a message signature over the bytes of release.json
//	provenance.intoto.json.sigstore.json   a DSSE envelope; the payload is the release's
//	                                       provenance, completed (package attest) with builder,
//	                                       run, times and ref, which only signing knows
//	rebuild-NAME.sigstore.json             a DSSE envelope; the payload is the statement of a
//	                                       rebuilder (package vsa), as it is. NAME is 1 to 40
//	                                       of a-z 0-9 -
//	.well-known/kms-enclave/release.tlog-proof
//	                                       a signature of the update key over the bytes of
//	                                       release.json, in the log (package updateproof)
//	.well-known/kms-enclave/attestations.jsonl
//	                                       the bundles above, one a line, sorted by file name
//	.well-known/webcat/{enrollment,bundle}.json
//	                                       a message signature over WEBCAT's manifest for one
//	                                       deployment (package webcat)
//
// Bundles are Sigstore bundles v0.3 on one line, with exactly one signature: ECDSA
// over P-256 with SHA-256. The payload type of envelopes is
// application/vnd.in-toto+json. Each has an entry (hashedrekord 0.0.2) with a proof
// of inclusion for each log, and a timestamp over the signature for each authority,
// of the signing config. Keyless, all bundles of one run have one certificate,
// whose key is never stored. With a key they have the hint that sigstore-go gives:
// base64 of the SHA-256 of its SubjectPublicKeyInfo.
//
// # In which order
//
//  1. The release is checked as kmsverify does; what is refuted, or was built from
//     no known commit, is not signed.
//  2. The place to write is looked at; nothing is replaced unless told to.
//  3. The signature is made and verified with its own key, before anybody sees it.
//  4. Timestamp, then log. A busy or silent service is asked three times. If the
//     log has the very entry already (409), or its checkpoint lacks the witnesses
//     that the policy demands, all of it is signed again, three times at most:
//     Rekor gives checkpoints without cosignatures while its witnesses are down.
//  5. The bundle is verified against the trust root and the policy, by package
//     sigbundle, as everybody else will.
//  6. Only when all bundles are there are they written, all or none.
//  7. What is published is judged by the policy, if one is given, as those will
//     who verify it (JudgePublished), before anything is written.
//
// A Fault says what failed. Its text never holds a token, a key, or what a server
// said beyond its status. Tokens go to https addresses alone, or to loopback, and
// no redirect is followed.
//
// # Keys in other programs
//
// A key in a token (PKCS#11), a KMS or an HSM is used through a signer program,
// started once for each request, without a shell: the command line is split at
// spaces. It gets one line of JSON on its standard input and answers with one
// JSON object of at most 16 KiB on its standard output, within two minutes (there
// may be somebody who has to touch something). What it writes to standard error
// the person sees. Exit code 0 means that it answered. It does not inherit
// identity tokens from the environment.
//
//	{"format":"kms-enclave-signer/1","request":"public-key"}
//	{"format":"kms-enclave-signer/1","publicKey":K}
//
//	{"digest":D,"format":"kms-enclave-signer/1","hash":"sha256","publicKey":K,"request":"sign"}
//	{"format":"kms-enclave-signer/1","signature":S}
//
// K is the DER of the SubjectPublicKeyInfo of a P-256 key, D the 32 bytes to sign
// (not to be hashed again), S the DER of the ECDSA signature; each in padded
// base64. An answer has these two members and no other. A program must answer
// "public-key" without asking anybody, and refuses "sign" for another K.
package sign
