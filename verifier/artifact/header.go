// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"strconv"
)

const blockSize = 512

// The type flags that are told apart (POSIX.1-2008, ustar; g and x are pax,
// L, K and S are GNU).
const typeRegular = '0'

// header is what a ustar header block says.
type header struct {
	name string
	size int64
	kind byte
}

// field is the position of a header field in its block.
type field struct{ from, to int }

var (
	nameField     = field{0, 100}
	modeField     = field{100, 108}
	uidField      = field{108, 116}
	gidField      = field{116, 124}
	sizeField     = field{124, 136}
	mtimeField    = field{136, 148}
	checksumField = field{148, 156}
	linkField     = field{157, 257}
	magicField    = field{257, 265}
	prefixField   = field{345, 500}
	tailField     = field{500, 512}
)

const kindOffset = 156

// parseHeader reads a header block. The error is a *faultError.
func parseHeader(block *[blockSize]byte) (header, error) {
	get := func(f field) []byte { return block[f.from:f.to] }
	if string(get(magicField)) != "ustar\x0000" {
		return header{}, &faultError{"ustar entries only, without GNU extensions", "another magic number"}
	}
	sum, ok := parseOctal(get(checksumField))
	if !ok || sum != checksum(block) {
		return header{}, &faultError{"the checksum of each header to be right", "a wrong one"}
	}
	for _, f := range []field{uidField, gidField, mtimeField} {
		if _, ok := parseOctal(get(f)); !ok {
			return header{}, &faultError{"octal numbers in a header", "something else"}
		}
	}
	mode, ok := parseOctal(get(modeField))
	if !ok || mode > 0o777 {
		return header{}, &faultError{"a mode of permission bits only", "another mode"}
	}
	size, ok := parseOctal(get(sizeField))
	if !ok {
		return header{}, &faultError{"an octal size in a header", "something else"}
	}
	name, padded := parseText(get(nameField))
	if !padded || !isZero(get(prefixField)) || !isZero(get(tailField)) {
		return header{}, &faultError{"a name padded with NUL, and no prefix", "other bytes in a header"}
	}
	if block[kindOffset] == typeRegular && !isZero(get(linkField)) {
		return header{}, &faultError{"no link name on a plain file", "one"}
	}
	return header{name, size, block[kindOffset]}, nil
}

// kindName names the kind of an entry that is not a plain file.
func (h header) kindName() string {
	switch h.kind {
	case '1':
		return "a hard link"
	case '2':
		return "a symbolic link"
	case '3', '4':
		return "a device"
	case '5':
		return "a folder"
	case '6':
		return "a pipe"
	case 'x', 'g':
		return "a pax extension"
	case 'L', 'K', 'S':
		return "a GNU extension"
	case 0:
		return "the old type NUL"
	default:
		return "an unknown type of entry"
	}
}

// checksum is the sum of the bytes of a header, its own field as spaces.
func checksum(block *[blockSize]byte) int64 {
	var sum int64
	for i, c := range block {
		if i >= checksumField.from && i < checksumField.to {
			c = ' '
		}
		sum += int64(c)
	}
	return sum
}

// parseOctal reads octal digits, ended by NULs and spaces.
func parseOctal(b []byte) (int64, bool) {
	digits := bytes.TrimRight(b, "\x00 ")
	n, err := strconv.ParseUint(string(digits), 8, 62)
	return int64(n), err == nil
}

// parseText reads text up to a NUL, or of the full length, and says whether
// only NULs follow.
func parseText(b []byte) (text string, padded bool) {
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return string(b), true
	}
	return string(b[:end]), isZero(b[end:])
}
