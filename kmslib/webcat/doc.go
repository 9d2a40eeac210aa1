// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package webcat is the files by which the WEBCAT extension (Freedom of the
// Press Foundation; alpha, for Firefox) checks a site before it runs: manifest,
// enrollment and bundle, in the Sigstore flavour, as the extension reads them.
// Where its specification says otherwise the extension counts.
//
// All three are canonical JSON in the sense of OLPC, which the extension hashes
// and which differs from ours (package wire) only in the spelling of control
// characters; they are refused, so the bytes are the same.
//
// # manifest.json
//
// A file of the release. Every member is required here and no other allowed:
//
//	name              "kms-enclave"
//	version           of the release, Semantic Versioning
//	default_csp       Content-Security-Policy of "/" and of what is not named
//	                  below: the extension looks "/" up as "index.html", without
//	                  a slash, which no other entry can be for
//	extra_csp         {"/path": policy} for each file that has another one; by
//	                  whole paths, none the beginning of another's
//	default_index     name of the entry, "index.html": "/" is files["/index.html"]
//	default_fallback  "/LICENSE.txt": the file that an unknown path must equal.
//	                  It has a slash where default_index has none. The format
//	                  demands one; a text cannot run
//	files             {"/path": H} for every served file that the manifest does
//	                  not precede: not itself, release.json, the provenance and
//	                  SHA256SUMS. The page fetches release.json, which the
//	                  extension lets through, since no code comes that way
//	wasm              [H, …] of the WASM modules, sorted
//
// H is a SHA-256 in base64url without padding. The extension compares policies
// as text. The entry's names the embedders, whom only the operator knows, so
// the release's manifest has release.EmbeddersPlaceholder and is a template:
// Expand makes the manifest of one deployment, and that is what is signed.
//
// # Rules for policies
//
// CheckPolicy holds those of the extension: no comma; default-src 'none', or
// 'self' if object-src, worker-src, script-src, style-src and frame-src or
// child-src are there; object-src 'none'; script-src of 'none', 'self',
// 'wasm-unsafe-eval' and hashes; style-src of those without WASM and with
// 'unsafe-inline' and 'unsafe-hashes'; worker-src 'none' or 'self'; frame-src
// and child-src of 'none', 'self', blob: and data:. The extension also takes
// hosts that are enrolled themselves; that cannot be known here.
//
// # enrollment.json
//
//	type          "sigstore"
//	trusted_root  trusted_root.json of the Sigstore instance, as an object
//	claims        {OID: value} of the signing certificate: equal, or beginning
//	              with what follows "^". The subject (2.5.29.17) and the issuer
//	              (1.3.6.1.4.1.57264.1.8) are required here
//	max_age       seconds after which a signature counts no more, 1 to 31536000
//
// Its SHA-256 is what a domain is enrolled with, so any change is a new
// enrollment.
//
// # bundle.json
//
//	enrollment  as above, the same bytes
//	manifest    as above, expanded
//	signatures  1 to 16 Sigstore bundles (v0.3, message signatures) over the
//	            bytes of the manifest
//
// It is all that the extension fetches.
package webcat
