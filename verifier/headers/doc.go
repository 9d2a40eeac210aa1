// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package headers holds the response headers that a release promises against
// a built-in minimum, so that a release which promises too little is refused
// even if it is served exactly as promised.
//
// # The minimum
//
// Only the headers in allowedNames may be promised. Every served path needs
//
//	x-content-type-options   nosniff
//	referrer-policy          no-referrer
//	content-security-policy  with default-src 'none', and more as below
//	cache-control            with no-cache or no-store, unless the path is
//	                         content-addressed
//
// Two headers have their place and value: access-control-allow-origin is "*",
// for release.json and .well-known/kms-enclave/ alone, which are public and
// which pages of any origin read; integrity-policy-waict-v1 is for documents,
// in its form (package waict) and enforcing, since browsers that have it leave
// out the SRI checks that it covers.
//
// # Content-Security-Policy
//
// One policy (no comma), each directive once, only the directives in
// fetchDirectives and otherDirectives. A source is 'self', 'none' on its own,
// or a hash ('sha256-…', 'sha384-…', 'sha512-…'); a worker's script-src may
// also have 'wasm-unsafe-eval'. So there is no unsafe-inline, unsafe-eval,
// blob:, data:, host or wildcard. By role of the path:
//
//	document  base-uri 'none'; form-action 'none'; require-trusted-types-for
//	          'script'; trusted-types without "*"; frame-ancestors {embedders}
//	          for the entry, 'none' for any other
//	worker    require-trusted-types-for 'script'
//	any but document: frame-ancestors 'none' or {embedders}, if it is there
//
// The entry also has cross-origin-opener-policy same-origin, so that no page
// keeps a reference to it. Other documents may not: a window that the frame
// opens for the person must be able to speak with the frame, and judges itself
// who opened it.
//
// Example of a document's:
//
//	default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self';
//	connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors
//	{embedders}; require-trusted-types-for 'script'; trusted-types kms-worker
package headers
