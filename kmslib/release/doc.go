// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package release is the format of release.json, the manifest that names every
// file of one release of the enclave, and of the plain-text files beside it.
//
// # The release folder
//
//	release.json            the manifest; its SHA-256 is the release digest
//	provenance.intoto.json  subjects: release.json and every file it lists
//	SHA256SUMS              "<SHA-256 in hexadecimal>  <path>\n" for every file but
//	                        itself and companions, sorted by path
//	companions              added later, by signing; nothing lists them:
//	  *.sigstore.json                              signatures, at the root
//	  .well-known/kms-enclave/attestations.jsonl   the same, a line each; served
//	  .well-known/kms-enclave/release.tlog-proof   proof for updates; served
//	  .well-known/webcat/enrollment.json           package webcat; served
//	  .well-known/webcat/bundle.json               package webcat; served
//	everything else         listed in release.json, and nothing else is there
//
// The operator adds deployment.json, which says who may embed the enclave. It
// is no part of the release.
//
// # release.json
//
// Format "kms-enclave-release/2": canonical JSON (package wire), without a
// newline at its end. Every member is required and no other is allowed.
//
//	format    "kms-enclave-release/2"
//	version   of the release: Semantic Versioning 2.0.0 without build metadata
//	          and without "v", at most 64 bytes, such as "0.5.0"
//	protocol  version of the channel protocol, 1 to 1000000
//	source    {"repository": "https://…", "commit": C}; C is 40 or 64 lower-case
//	          hexadecimal digits, or "unreleased" for a build of no known commit
//	entry     path of the document that an iframe loads; hosts serve it as "/" too
//	files     1 to 256 files, sorted by path:
//	  path       segments of A-Z a-z 0-9 . _ - joined by "/", none "." or "..",
//	             at most 200 bytes; no two differ only in case; none of the
//	             names in the table above nor deployment.json
//	  role       see the table of roles
//	  mediaType  the Content-Type that a host must send: by role and extension
//	  size       length in bytes, 0 to 2^53−1
//	  sha256     SHA-256 as 64 lower-case hexadecimal digits
//	  integrity  "sha384-" and the SHA-384 in padded base64, as in W3C SRI
//	headers   1 to 64 rules, sorted by their first path:
//	  paths      sorted; every served path is in exactly one rule
//	  headers    {"name", "value"} sorted by name: lower-case field names, values
//	             of visible ASCII and inner spaces, at most 4096 bytes; the only
//	             braces are the literal {embedders}, see Deployment.Expand
//
// Paths are compared by bytes. Served paths are the files whose role is not
// hosting, and release.json, provenance.intoto.json and SHA256SUMS; a rule may
// also name deployment.json and the companions that are served. Where one of
// those is absent a host answers 404.
//
//	role      extension           content-addressed  how many
//	document  .html               no                 1 or more
//	script    .js                 yes                1 or more
//	worker    .js                 yes                1 or more
//	wasm      .wasm               yes                1 or more
//	style     .css                yes                any
//	icon      .svg .png .ico      no                 any
//	sbom      .json               no                 1
//	sri       .json               no                 1
//	license   .txt                no                 1 or more
//	hosting   any; not served     no                 any
//	waict     none, or .json      yes, see below     2
//	webcat    .json               no                 1
//	embed     .json               no                 1
//
// A content-addressed file is named stem.H.extension, H being the first 32
// digits of its SHA-256 (128 bits: no second preimage, and the full digest is
// in the manifest). The sri file is canonical JSON that maps the path of each
// content-addressed script, worker, wasm and style to its integrity.
//
// The waict files are .well-known/waict/manifests/stem_H, with .json for the
// form that Firefox reads, H being the first 22 digits of the SHA-256 in
// base64url and stem of a-z 0-9 -: package waict. The webcat file is
// .well-known/webcat/manifest.json: package webcat. The embed file is
// embed.json, below.
//
// # The first format
//
// "kms-enclave-release/1" has no version, none of the last three roles, and no
// rule for a companion. It is still read, and written for a Manifest without a
// Version, so that releases of that time can be verified.
//
// # embed.json
//
// Format "kms-enclave-embed/1": canonical JSON of what a page that embeds the
// enclave must know beside its origin, which it puts in place of {origin}:
//
//	{"format":"kms-enclave-embed/1",
//	 "entry":"index.html",
//	 "iframe":{"sandbox":"…","allow":"…","referrerpolicy":"strict-origin"},
//	 "waict":{"hashes":{"{origin}/":H,"{origin}/index.html":H}}}
//
// iframe has the attributes of the element: sandbox is some of FrameSandbox,
// with allow-scripts and allow-same-origin; allow is some of FrameAllow. H is
// the SHA-256 of the entry in base64url, for the page's own WAICT manifest
// (waict.Pin).
//
// # Example
//
// The smallest releases that are allowed are the golden files
// second.release.json and, in the first format, minimal.release.json, both in
// kmslib/testdata/vectors/release. The first file of the latter, with line
// breaks for reading only, is
//
//	{"integrity":"sha384-83RTekXVEmGXhTAoAlqHZOXh1LxTkJbaQDaJIjB2ro/qCSaW5dFjaWhpyGz59slq",
//	 "mediaType":"text/plain; charset=utf-8","path":"LICENSE.txt","role":"license",
//	 "sha256":"31d33b6815f84ee57fd784c7a88333a776bd3df1532d650bfdad7305d9efbf35","size":11}
//
// # deployment.json
//
// Format "kms-enclave-deployment/1": JSON, canonical or not, of
//
//	{"format":"kms-enclave-deployment/1","embedders":["https://app.example"]}
//
// with 1 to 64 different origins (package origin): https, or http on loopback.
package release
