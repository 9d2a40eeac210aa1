// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package chain checks that a release holds itself together by hashes: from
// the entry document every script, worker, WASM and style is reached over
// references that carry the integrity value of what they name.
//
//	index.html ── frame.H.js ── worker.H.js ── enclave.H.wasm
//	     └─────── style.H.css
//
// A browser that got the right document therefore runs the right code or none.
//
// # References in a document
//
// Documents are read with a small part of the HTML grammar, so that no browser
// can read them otherwise: text, the doctype, comments without "<" or ">",
// tags whose attributes are there once and have quoted values, values of plain
// characters, or none. A script or a link to a content-addressed file carries
// integrity="…", exactly the one value in the manifest:
//
//	<script type="module" src="frame.0f3c….js" integrity="sha384-…"></script>
//	<link rel="stylesheet" href="style.77ab….css" integrity="sha384-…">
//
// A link rel="preload" may do without: it fills the browser's cache and runs
// nothing, and it does not count as reaching the file. If it has an integrity
// value, that is the one in the manifest.
//
// Addresses are a listed path, optionally after "./" or "/"; links for people
// (a href) may also be https, and fragments are "#…". Refused: code and styles
// inside the document, attributes that hold or load code (on…, style, srcdoc
// and others in refusedAttributes), elements in refusedElements, meta
// http-equiv other than content-security-policy, character references in
// addresses.
//
// # References in scripts and workers
//
// They contain, anywhere in their text, the name and the integrity value of
// each file that they load. Names are recognised by their form stem.H.ext with
// 32 hexadecimal digits H, integrity values by "sha384-" and 64 characters of
// base64. A name without the integrity value of the same file, an integrity
// value without a name, and either of a file that the release does not list are
// refused.
package chain
