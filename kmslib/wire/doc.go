// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire is the canonical encoding of every message, record and
// manifest of this project: JSON (RFC 8259) restricted until each value has
// exactly one spelling (RFC 8785, the JSON Canonicalization Scheme).
//
// # Values
//
// null, true, false, integers, strings, arrays and objects. Refused, with a
// *SyntaxError that gives the byte offset:
//
//   - numbers with a fraction or an exponent, "-0", leading zeros, and
//     integers beyond ±(2^53−1), which JavaScript cannot hold
//   - strings that are not valid UTF-8, and escapes of a lone surrogate
//   - an object that has the same member name twice, escapes resolved
//   - anything before or after the value except whitespace; a byte order mark
//   - more than MaxBytes bytes, MaxValues values (member names not counted)
//     or MaxDepth arrays and objects inside each other
//
// Parse accepts members in any order, JSON whitespace and needless escapes:
// that is for messages and for files that people write. ParseCanonical accepts
// only the canonical bytes: that is for whatever is stored, hashed or signed.
//
// # Canonical bytes
//
// No whitespace. Members sorted by name, compared as sequences of UTF-16 code
// units (RFC 8785, section 3.2.3), so U+1F600 comes before U+FB33. Integers in
// decimal without a plus sign. In strings only these are escaped: \" \\ \b \t
// \n \f \r, and the other characters below U+0020 as \u00xx with lower-case
// hexadecimal digits; everything else is itself, in UTF-8.
//
// # Example
//
// The value {"b": [1, true, null], "a": "é\u000a"} is these 30 bytes:
//
//	7b 22 61 22 3a 22 c3 a9 5c 6e 22 2c   {"a":"é\n",
//	22 62 22 3a 5b 31 2c 74 72 75 65 2c   "b":[1,true,
//	6e 75 6c 6c 5d 7d                     null]}
//
// The package uses no reflection: packages encoding/json and fmt would add a
// third to what a browser downloads. Vectors for other implementations are in
// kmslib/testdata/vectors/wire.
package wire
