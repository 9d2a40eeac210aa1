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
// "source" is left out together with "release"; "log" if its header cannot be
// read; "root" if the entries and the checkpoint do not agree on it; "from" and "to" if every entry is pruned; "expected", "found" and "advice"
// where they are empty. Members may be added to version 1; a reader
// ignores those it does not know.
package verdict
