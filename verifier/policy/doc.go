// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package policy is the format of policy.json: what somebody demands of a
// release of the enclave before using it. Nothing is trusted that a policy does
// not name, and nothing that it asks for may be missing.
//
// # policy.json
//
// Format "kms-enclave-trust-policy/1": JSON as package wire reads it, members in any
// order. Every member is required except "update"; no other is allowed, so that
// a misspelt demand is an error and not a demand less.
//
//	format      "kms-enclave-trust-policy/1"
//	name        for reports: 1 to 80 characters
//	trustRoot   whose keys count: the SHA-256 of a trusted_root.json that is given
//	            beside the policy, as 64 hexadecimal digits; or the name of a root
//	            embedded in the verifier (package trust), such as "public-good"
//	source      from what a release may be built
//	  repository  https URL, exactly as in release.json
//	  refs        1 to 64: full names of tags and branches ("refs/heads/main"), or
//	              folders of them ("refs/tags/*"); not all branches, and no
//	              proposed changes ("refs/pull/…")
//	  target      Bazel label, such as "//enclave:release"
//	  buildType   https URI
//	publishers  1 to 64 who may sign; each has
//	  name        a-z 0-9 -, for reports
//	  identity    see below
//	  builder     the one builder.id for which this signer may speak, a URI
//	require     predicate types of attestations that a publisher must have signed;
//	            "https://slsa.dev/provenance/v1" is always among them. A signature
//	            over release.json itself is required whatever this says
//	log         transparency logs
//	  threshold   in how many of them each signature must be; at least 1
//	  origins     the logs that count, by the origin of their checkpoints: the host
//	              name, without port
//	witnesses   who must have cosigned the checkpoint of the log
//	  threshold   how many; 0 only without keys: then a log can show others
//	              another version of itself, and the report says so
//	  keys        C2SP verifier keys, "name+hash+base64", Ed25519 cosignatures
//	timestamps  how many timestamp authorities must say when; 1 to 8
//	rebuilders  who must have built the same bytes from the source
//	  threshold   how many; 0 only without members
//	  members     each has a name, an identity without pattern, and verifier: the
//	              one verifier.id for which this signer may speak
//	maxAge      duration since the publisher signed release.json
//	protocols   versions of the channel protocol, ascending
//	minimum     the least version of a release, by semver.org; a release that does
//	            not say its version is less than any
//	revoked     up to 1024 of {"digest": release digest, "reason": for people}
//	update      optional, for apps that move their pin: {"keys": 1 to 16 P-256 keys,
//	            base64 of DER SubjectPublicKeyInfo; "delay": duration for which a
//	            release must have been in the log before}. See below
//
// A duration is a whole number and one of d, h, m, s: "90d", at most "3650d". A
// day has 24 hours.
//
// # Updates
//
// With "update" a policy promises to apps that pin one release that they can
// follow to the next: with the update proof of each release, made by one of
// these keys, in a log and by witnesses of the policy. So what is published has
// to have a proof, and "kmsverify site" and "kmssign publish" refute or refuse it
// without one. A release in a folder or tar need not have any, since it may
// not be published yet, and only what is not there is told; but a proof that is
// there must hold, or somebody put a wrong one beside the release. That the
// delay is not over refutes nothing: it is told from when apps follow. Without
// "update" proofs are not looked at.
//
// # Identities
//
// Exactly one of
//
//	{"issuer": I, "subject": S}         a certificate of the trust root for exactly
//	                                    this subject by exactly this issuer
//	{"issuer": I, "subjectPattern": R}  any subject that the RE2 pattern R matches
//	{"key": K}                          a key, base64 of its SubjectPublicKeyInfo:
//	                                    ECDSA on P-256, or P-384 for rebuilders
//
// # What is refused
//
// A policy that allows more than its author means is an error, not a warning:
//
//   - a pattern that is not anchored as a whole ("^a|b$" is not), or does not
//     begin with scheme, host and account literally: with the dots of a host not
//     escaped, or ".*" where the account is, anybody can match
//   - an issuer over http, except on loopback
//   - rebuilders that are one party: the same name, verifier, key, subject
//     (whoever issued it) or account. The account of an http URI is its host and
//     first segment, of another URI its host
//   - a rebuilder who is also a publisher, by the same measure
//   - thresholds of nothing, or of more than are listed
//   - witnesses with the same name or key
//   - an update key that is also a signer's, and updates without witnesses, from
//     whom apps take the time
//   - no provenance, no log, no timestamp, no end of age
//
// # Example
//
//	{
//	  "format": "kms-enclave-trust-policy/1",
//	  "name": "KMS of Acme",
//	  "trustRoot": "public-good",
//	  "source": {
//	    "repository": "https://forge.example/acme/kms-enclave",
//	    "refs": ["refs/tags/*"],
//	    "target": "//enclave:release",
//	    "buildType": "https://forge.example/acme/kms-enclave/build/v1"
//	  },
//	  "publishers": [{
//	    "name": "acme-ci",
//	    "identity": {
//	      "issuer": "https://token.forge.example",
//	      "subjectPattern": "^https://forge\\.example/acme/kms-enclave/release\\.yml@refs/tags/v[0-9.]+$"
//	    },
//	    "builder": "https://forge.example/runners/hosted"
//	  }],
//	  "require": ["https://slsa.dev/provenance/v1"],
//	  "log": {"threshold": 1, "origins": ["log2025-1.rekor.sigstore.dev"]},
//	  "witnesses": {"threshold": 0, "keys": []},
//	  "timestamps": 1,
//	  "rebuilders": {"threshold": 1, "members": [{
//	    "name": "bob",
//	    "identity": {"issuer": "https://accounts.example", "subject": "bob@rebuild.example"},
//	    "verifier": "https://rebuild.example/bob"
//	  }]},
//	  "maxAge": "365d",
//	  "protocols": [1],
//	  "minimum": "0.5.0",
//	  "revoked": [{
//	    "digest": "5f1cdd9d2b3f1f8d8ee3c9a1f8f4cfdcf6aa8b5b1b8f5b0a4e2f0e3f8c1d7a90",
//	    "reason": "WASM built with a compiler that had a known fault"
//	  }]
//	}
package policy
