// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package artifact reads a release, a folder or a tar, into memory: once, and
// nothing but plain files with plain names.
//
// A plain name is 1 to 5 segments joined by "/", in at most 100 bytes; a segment
// is of A-Z a-z 0-9 . _ - and neither "." nor "..". So a release may have
// folders, such as .well-known, that hold plain files. Everything else is
// refused as a Problem and reading goes on where it can, so that a report tells
// all that is wrong: empty folders, symbolic and hard links, devices, pipes,
// sockets, other names, names that are there twice, that differ only in case or
// are a file and a folder, files beyond MaxFile, sets beyond MaxTotal or
// MaxFiles.
//
// # The tar
//
// A sequence of ustar entries (POSIX.1-1988), plain files alone: folders have no
// entries of their own. Then
// two blocks of zeros, then at most MaxPadding bytes of zeros:
//
//	name      100 bytes: a plain name, padded with NUL; the prefix is empty
//	mode      octal, permission bits only
//	uid gid   octal
//	size      octal
//	mtime     octal
//	checksum  of the header, as POSIX says
//	type      "0", a regular file
//	linkname  empty
//	magic     "ustar", NUL, "00"
//	uname gname dev…  text and octal, not looked at further
//
// and, after the content, zeros up to a multiple of 512 bytes. What other
// readers may understand differently is refused: pax and GNU extensions,
// numbers in base 256, the old type NUL, bytes after the NUL of a name, data
// in the padding. A tar with a structural fault is not read further.
package artifact
