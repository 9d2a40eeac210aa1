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
// "source" is left out together with "release"; "expected", "found" and
// "advice" where they are empty. Members may be added to version 1; a reader
// ignores those it does not know.
package verdict
