// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package updateproof is the proof beside a release by which an app that pins
// an older one lets the pin follow: that an update key signed the release, that
// the signature is in a public log, and since when witnesses have seen it there.
//
// # The file
//
// .well-known/kms-enclave/release.tlog-proof is a C2SP tlog-proof@v1:
//
//	c2sp.org/tlog-proof@v1
//	extra <the signature, in base64>
//	index <the place of the entry in the log>
//	<hashes of the inclusion proof, one a line, the leaf's sibling first>
//
//	<checkpoint of the log, with its signature and those of witnesses>
//
// The signature is ECDSA over P-256 with SHA-256, in DER, over the bytes of
// release.json. Base64 is the standard one, padded. Numbers have no leading
// zeros. The file is at most 128 KiB of UTF-8 with at most 53 hashes; the
// checkpoint has no extension lines and at most 64 signatures, no two of them
// of one name and key id. So every proof has one encoding, and Marshal returns
// the bytes that Parse read.
//
// # The entry
//
// The log is a Rekor v2 (C2SP tlog-tiles). Its entry is not in the file but made
// from what is to be proved, in canonical JSON (package wire), without a newline:
//
//	{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{
//	 "data":{"algorithm":"SHA2_256","digest":D},
//	 "signature":{"content":S,"verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256",
//	 "publicKey":{"rawBytes":K}}}}}}
//
// (line breaks for reading only). D is the SHA-256 of release.json, S the
// signature and K the SubjectPublicKeyInfo of the update key, each in base64.
// The leaf is the RFC 6962 leaf hash of that.
//
// # What is checked
//
// A Rule says whom to believe: update keys, one log, witnesses and how many of
// them. Check looks, in this order, and ends with the first fault:
//
//	rule         the rule itself can be met
//	signature    one of the update keys made the signature over release.json
//	log          the checkpoint's origin is the log's name, and the log's key signed it
//	inclusion    the proof leads from the entry to the checkpoint's root
//	cosignature  every signature in the name of a known witness verifies
//	quorum       at least Threshold witnesses cosigned
//
// and format before all, in Parse. The words are the closed list of codes that
// an *Error can have.
//
// The log's key is Ed25519 (C2SP signed-note, type 1): the only sort that
// witnesses take, and that of the public logs. Witnesses' keys are Ed25519 with
// timestamps (C2SP tlog-cosignature, type 4), where time is from 1 to 2^53−1.
// A cosignature does not name its witness, so no two keys of a rule may be
// equal. Signatures by others are ignored, as signed-note demands.
//
// The time of a proof is the Threshold-th of the known witnesses' times, the
// earliest first: by then so many had seen it. Fewer liars than Threshold cannot
// make it earlier than an honest witness's time.
//
// # What it does not say
//
// That the release is good, or new; that others looked into the log meanwhile;
// and that a host serves what it says. Whoever uses it demands that enough time
// has passed, so that those who watch the log can have noticed, and that
// versions only rise.
//
// # Example
//
// The vector "two witnesses" of kmslib/testdata/vectors/update/proofs.txt holds
// the file
//
//	c2sp.org/tlog-proof@v1
//	extra MEQCIBQ0++bwctxgpsxoURa24IS3wlargGXFXl7JQZROBbQNAiAmJnFDzCYZSs7d+vELhrKGUduz+2BuJtr/9YRsI+CuvA==
//	index 5
//	SFM123z+yWXxX/dF/GJcQdXqJkaTaTAWWCj3PdS2iFQ=
//	vhV4G2KKKEFMHIoRuG24Qi+hBBIV/g18RJbSPNoeQUI=
//	l5nzB1F+9RfCIF35tndivzR1ayAJn7ffzOdrzr0nOy4=
//
//	log.example/2026
//	7
//	Btoh5QIFnobcf8f2A1z+zqv0/M+XQZ65I1xZh++rPPA=
//
//	— log.example/2026 Nzpo2nAyflLM3UEdI1k/AiiFEnR3NlzRwBH2GTvQgUVMWqGeWTCOy5DUB6wwxWNOQoHc7yVWJcvyblnZV/tY3z9RpwA=
//	— witness.example/1 kxR8ugAAAABqsTuAmmnLt+QeiZEX+26ymVTiqdX8gM1+uEPyPNBEI2yKtoarcCbXMrOzXkDr+UuiSZXVoBcxOHMnI4gFPP/LbMUWDw==
//	— witness.example/2 IqP1TwAAAABqso0AJGgUXiUx2i8UR+d444Eisrw7Zjv2d7zZjyMnbJz0MLtrYcjBpvEn8LvqM0wmuBSj8zP2G2bawnpDSdbhYAXaAA==
package updateproof
