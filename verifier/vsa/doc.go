// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package vsa is the statement that a rebuilder signs: "I built this commit
// myself, and got these files", or "and did not". It looks at no signature.
//
// It is SLSA's Verification Summary Attestation, version 1, rather than in-toto's
// Simple Verification Result: a summary can say FAILED, which must be as loud as
// PASSED is, names the versions of what verified, and which resource was.
//
// # Format
//
// JSON as package wire reads it; Marshal writes its canonical bytes. Stricter
// than the two specifications: no other member is allowed.
//
//	_type          "https://in-toto.io/Statement/v1"
//	predicateType  "https://slsa.dev/verification_summary/v1"
//	subject        release.json and every file that it lists, sorted by name, each
//	               with name and digest {"sha256": …}, optionally "sha384": those of
//	               the release that was compared, whatever came of it
//	predicate
//	  verifier
//	    id         URI of the rebuilder; a policy ties it to the signer
//	    version    1 to 16 programs that built and compared, and the version of
//	               each: names of a-z 0-9 -, values of visible ASCII
//	  timeVerified RFC 3339 in UTC, whole seconds
//	  resourceUri  "git+", the https URL of the repository, "@", the commit
//	  policy       what had to hold
//	    uri        repository, "#", Bazel label of the release
//	    digest     {"sha256": of the provenance.intoto.json that was compared}
//	  inputAttestations   optional, and then empty: no attestation was relied on
//	  verificationResult  "PASSED" or "FAILED"
//	  verifiedLevels      ["KMS_ENCLAVE_REPRODUCED"] if PASSED: every file that was
//	                      built is equal, byte by byte; [] if FAILED
//	  slsaVersion         "1.1"
//
// # Example
//
// testdata/passed.json, with line breaks for reading only:
//
//	{"_type":"https://in-toto.io/Statement/v1",
//	 "predicate":{
//	  "policy":{"digest":{"sha256":"e3b0…b855"},
//	   "uri":"https://git.example/kms-enclave#//enclave:release"},
//	  "resourceUri":"git+https://git.example/kms-enclave@0123456789abcdef0123456789abcdef01234567",
//	  "slsaVersion":"1.1","timeVerified":"2026-01-02T03:04:05Z",
//	  "verificationResult":"PASSED","verifiedLevels":["KMS_ENCLAVE_REPRODUCED"],
//	  "verifier":{"id":"https://rebuild.example/bob","version":{"bazel":"8.4.2","go":"1.26.8"}}},
//	 "predicateType":"https://slsa.dev/verification_summary/v1",
//	 "subject":[{"digest":{"sha256":"5f1c…7a90"},"name":"release.json"}]}
package vsa
