// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package waict is the integrity manifests by which browsers may check a
// release by themselves: Web Application Integrity, Consistency and
// Transparency, in the form of draft-waict-integrity-v2 (2026-04-15) and in
// the one that Firefox Nightly has behind the preference security.waict.enabled.
//
// # The manifest of the draft
//
// Served as application/waict-integrity-manifest, at an address that has its
// hash (release.WAICTName). The bytes are canonical JSON (package wire), a
// newline, a transparency proof, a newline:
//
//	hashes       {URL: H} for each active file of the release: documents,
//	             scripts, workers, styles. A URL is the path from "/" on. The
//	             entry is there twice, since hosts serve it as "/" too.
//	wasm_hashes  [H, …] of each WASM module, sorted, no two equal
//
// H is a SHA-256 in base64url without padding, 43 digits. The proof is empty:
// the draft allows that while the header says max-age=0, which asks for
// integrity alone. Every member is required here and no other is allowed; that
// is stricter than the draft, which ignores what it does not know.
//
//	{"hashes":{"/":"r4j9y…","/index.html":"r4j9y…"},"wasm_hashes":["Aq3rP…"]}⏎⏎
//
// # The manifest of Firefox
//
// Served as application/json. Canonical JSON and nothing after it, with one
// member: hashes, as above but for H in standard base64 with padding, 44
// digits, since Firefox compares the text with its own spelling.
//
//	{"hashes":{"/":"r4j9y…=","/index.html":"r4j9y…="}}
//
// # The header
//
// Integrity-Policy-WAICT-v1 is a dictionary (RFC 9651, section 3.2):
//
//	max-age               seconds for which the browser remembers the policy
//	mode                  enforce or report, a token
//	manifest              address of the manifest, a string
//	blocked-destinations  Firefox alone: (script style), tokens; it ignores a
//	                      header without it, the draft ignores the member
//
// Other members, and all parameters, are read over. See docs/browsers.md for
// which of these a release promises and why.
//
// # Pinning the enclave from an app
//
// A page that has a manifest of its own can add the enclave's document to it,
// by absolute URL, so that the browser checks what it loads into the iframe:
// Pin does that with what embed.json says.
package waict
