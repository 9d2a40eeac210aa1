// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// Open reads the release at path: a folder, or else a tar. Symbolic links in
// path itself are followed, those inside a folder are refused. The error is
// about reading (a missing or unreadable file); what can be read but is not
// acceptable is in Problems.
func Open(path string) (*Set, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return ReadFolder(path)
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("neither a folder nor a tar file")}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadTar(file)
}

// ReadFolder reads the files of a folder. The errors are those of Open.
func ReadFolder(path string) (*Set, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names, more, err := readNames(root)
	if err != nil {
		return nil, err
	}
	s := newSet()
	if more {
		s.refuse(path, fmt.Sprintf("at most %d entries", MaxFiles), "more")
	}
	for _, name := range names {
		if err := s.readFrom(root, name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// readNames returns up to MaxFiles names in root, sorted, and whether there
// are more.
func readNames(root *os.Root) (names []string, more bool, err error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, false, err
	}
	defer dir.Close()
	names, err = dir.Readdirnames(MaxFiles + 1)
	if err != nil && err != io.EOF {
		return nil, false, err
	}
	slices.Sort(names)
	if len(names) > MaxFiles {
		return names[:MaxFiles], true, nil
	}
	return names, false, nil
}

// readFrom reads one entry of a folder. It looks at the entry before opening
// it, since opening a pipe would wait, and makes sure that what it opened is
// what it looked at.
func (s *Set) readFrom(root *os.Root, name string) error {
	before, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !before.Mode().IsRegular() {
		s.refuse(name, "a plain file", kindOf(before.Mode()))
		return nil
	}
	if !s.admit(name, before.Size()) {
		return nil
	}
	file, err := root.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	content := make([]byte, before.Size()+1) // one more, to see that there is none
	n, err := io.ReadFull(file, content)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if !os.SameFile(before, opened) || int64(n) != before.Size() {
		return &fs.PathError{Op: "read", Path: name, Err: errors.New("the file changed while it was read")}
	}
	s.add(name, content[:n])
	return nil
}

// kindOf names a kind of directory entry that is not a plain file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	default:
		return "something that is not a file"
	}
}
