// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package verdict is what a verification found: a list of checks, the one
// conclusion that follows from them, and how both are told.
//
// A check is a step (what was looked at, one of Steps), a subject (the file it
// was looked at on) and a result. A report concludes:
//
//	refuted    if any check was refuted
//	unchecked  else, if any check was unavailable, or a required step has no
//	           check that passed
//	verified   else
//
// so a step that silently did not run can never add up to "verified".
//
// Everything that a report shows passes through Plain: printable ASCII of
// limited length. What an attacker chose (file names, headers) can neither
// move a cursor nor imitate another line.
//
// # JSON
//
// WriteJSON writes one object with members in this order, indented by two
// spaces, equal bytes for equal reports:
//
//	{
//	  "schema": "kmsverify-verdict/1",
//	  "command": "release",
//	  "target": "dist",
//	  "verdict": "refuted",
//	  "exit": 1,
//	  "release": "5f1c…64 hexadecimal digits, left out if there is no manifest",
//	  "source": {"repository": "https://…", "commit": "…"},
//	  "counts": {"ok": 80, "refuted": 1, "unavailable": 0, "unchecked": 1},
//	  "checks": [
//	    {
//	      "step": "content",
//	      "subject": "index.html",
//	      "result": "refuted",
//	      "expected": "sha256 02fa…",
//	      "found": "sha256 9b31…",
//	      "advice": "Do not use this copy: …"
//	    }
//	  ]
//	}
//
// A report on an audit log has "log" in the place of "release" and "source":
//
//	"log": {
//	  "origin": "kms-enclave/log/…",
//	  "key": "B…, the log key: base64url of its point",
//	  "first": 0,
//	  "size": 25,
//	  "entries": 25,
//	  "pruned": 2,
//	  "delegated": 3,
//	  "root": "…, base64 as in the checkpoint",
//	  "from": "2026-01-01T00:00:00Z",
//	  "to": "2026-01-02T00:00:00Z"
//	}
//
// A report by a policy has, after "source", who signed: one element for each
// signature that holds and is by a party of the policy. Every text in it was
// proven, none is from a part of a bundle that is not signed:
//
//	"policy": {"name": "KMS of Acme", "trustRoot": "6494…, its SHA-256"},
//	"signed": [
//	  {
//	    "what": "release.json, or the predicate type of a statement",
//	    "role": "publisher, or rebuilder",
//	    "party": "its name in the policy",
//	    "identity": "subject and issuer, or key",
//	    "time": "2026-03-02T10:00:01Z, of the timestamp",
//	    "log": "origin of the log",
//	    "index": 42,
//	    "witnesses": ["names of those that cosigned"],
//	    "result": "PASSED or FAILED, of a rebuilder"
//	  }
//	]
//
// "source" is left out together with "release"; "log" if its header cannot be
// read; "root" if the entries and the checkpoint do not agree on it; "from" and "to" if every entry is pruned; "expected", "found" and "advice"
// where they are empty; "policy" and "signed" without a policy, or signatures. Members may be added to version 1; a reader
// ignores those it does not know. verdict.schema.json says the same as a JSON
// Schema (draft 2020-12).
//
// # JSON lines
//
// Several releases are one such object on each line, without indentation, in
// the order in which they were given.
//
// A BundleLine is one bundle, on one line; bundle.schema.json is its schema:
//
//	{"schema":"kmsverify-bundle/1","bundle":"a.tar.sigstore.json","artifact":"a.tar",
//	 "result":"ok","signed":{… as above; "what" is "sha256 …" for a file …}}
//	{"schema":"kmsverify-bundle/1","bundle":"b.sigstore.json","result":"refuted",
//	 "step":"log","expected":"…","found":"…","advice":"…"}
//	{"schema":"kmsverify-bundle/1","bundle":"c.sigstore.json","result":"unavailable",
//	 "step":"input","found":"why","advice":"…"}
//
// If no bundle can be judged, since the policy or its trust root does not do, one
// report of schema kmsverify-verdict/1 comes instead of all lines.
package verdict
