// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package explain says in plain words where two versions of a file first
// differ, and what is known to cause such a difference.
//
// It is for a person who rebuilt a release and got other bytes. What is shown
// depends on the kind of file, which its name tells:
//
//	.wasm           the section; in the code section the function, by index and
//	                name, and the offset in it; in the data section the segment
//	                and the address; custom sections by name
//	.json, .jsonl   the JSON pointer (RFC 6901) and both values
//	.js .html .css and other text
//	                the line, and a unified diff around it; of long lines only
//	                what is around the first difference
//	anything else   the offset, and both sides in hexadecimal digits
//
// A file that is not what its name says is compared as the next kind in that
// list that it fits. The names of functions come from the name section, from
// the exports, or from the table of functions (pclntab) that Go's linker puts
// into the data of every program, also of a stripped one.
//
// Everything that a Difference shows has passed verdict.Plain, line by line.
// Nothing in a file can make this package panic, wait or use memory out of
// proportion to the file.
package explain
