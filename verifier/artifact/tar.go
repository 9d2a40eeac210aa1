// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// archiveName stands for the tar itself in a Problem.
const archiveName = "(tar)"

// faultError is a structural fault, after which nothing more can be read.
type faultError struct{ expected, found string }

func (e *faultError) Error() string { return "tar: expected " + e.expected + ", found " + e.found }

// ReadTar reads a tar as the package comment specifies it. The error is one of
// r; faults of the tar are in Problems.
func ReadTar(r io.Reader) (*Set, error) {
	t := &tarReader{in: r, set: newSet()}
	err := t.entries()
	var fault *faultError
	if errors.As(err, &fault) {
		t.set.refuse(archiveName, fault.expected, fault.found)
		return t.set, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the tar: %w", err)
	}
	return t.set, nil
}

type tarReader struct {
	in    io.Reader
	set   *Set
	count int
	block [blockSize]byte
}

func (t *tarReader) entries() error {
	for {
		if err := t.readBlock(); err != nil {
			return err
		}
		if isZero(t.block[:]) {
			return t.end()
		}
		if t.count++; t.count > MaxFiles {
			return &faultError{fmt.Sprintf("at most %d entries", MaxFiles), "more"}
		}
		h, err := parseHeader(&t.block)
		if err != nil {
			return err
		}
		if err := t.content(h); err != nil {
			return err
		}
	}
}

// content reads or skips the content of an entry, and its padding.
func (t *tarReader) content(h header) error {
	padding := (blockSize - h.size%blockSize) % blockSize
	if h.kind != typeRegular {
		t.set.refuse(h.name, "a plain file", h.kindName())
		return t.skip(h.size + padding)
	}
	if !t.set.admit(h.name, h.size) {
		return t.skip(h.size + padding)
	}
	// Grows with what is really there, whatever size the header claims.
	var content bytes.Buffer
	if _, err := io.CopyN(&content, t.in, h.size); err != nil {
		return truncated(err)
	}
	if _, err := io.ReadFull(t.in, t.block[:padding]); err != nil {
		return truncated(err)
	}
	if !isZero(t.block[:padding]) {
		return &faultError{"zeros after the content of an entry", "other bytes"}
	}
	t.set.add(h.name, content.Bytes())
	return nil
}

// skip reads past n bytes of a refused entry; more than MaxTotal is a fault,
// so that a false size cannot keep the reader busy.
func (t *tarReader) skip(n int64) error {
	if n > MaxTotal {
		return &faultError{fmt.Sprintf("at most %d bytes in all files", MaxTotal), "an entry with more"}
	}
	if _, err := io.CopyN(io.Discard, t.in, n); err != nil {
		return truncated(err)
	}
	return nil
}

// end reads the second block of zeros and the padding.
func (t *tarReader) end() error {
	if err := t.readBlock(); err != nil {
		return err
	}
	if !isZero(t.block[:]) {
		return &faultError{"two blocks of zeros at the end", "one"}
	}
	rest, err := io.ReadAll(io.LimitReader(t.in, MaxPadding+1))
	switch {
	case err != nil:
		return err
	case !isZero(rest):
		return &faultError{"nothing but zeros after the end", "other bytes"}
	case len(rest) > MaxPadding:
		return &faultError{fmt.Sprintf("at most %d zeros after the end", MaxPadding), "more"}
	}
	return nil
}

func (t *tarReader) readBlock() error {
	if _, err := io.ReadFull(t.in, t.block[:]); err != nil {
		return truncated(err)
	}
	return nil
}

// truncated turns an end of input into a fault.
func truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return &faultError{"two blocks of zeros at the end of a tar", "its end before that"}
	}
	return err
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
