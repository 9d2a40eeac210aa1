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
	f := &folderReader{root: root, set: newSet()}
	if err := f.readFolder("."); err != nil {
		return nil, err
	}
	if f.more {
		f.set.refuse(path, fmt.Sprintf("at most %d entries", MaxFiles), "more")
	}
	return f.set, nil
}

type folderReader struct {
	root    *os.Root
	set     *Set
	entries int  // of any kind, read so far
	more    bool // there are more than MaxFiles
}

// readFolder reads the folder at path below the root, and those in it.
func (f *folderReader) readFolder(path string) error {
	names, err := f.readNames(path)
	if err != nil {
		return err
	}
	if len(names) == 0 && path != "." && !f.more {
		f.set.refuse(path, "files in every folder", "an empty folder")
	}
	for _, name := range names {
		if path != "." {
			name = path + "/" + name
		}
		if err := f.read(name); err != nil {
			return err
		}
	}
	return nil
}

// read reads one entry, a file or a folder.
func (f *folderReader) read(name string) error {
	info, err := f.root.Lstat(name)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return f.set.readFrom(f.root, name)
	case !IsPlainName(name) || !IsPlainName(name+"/x"): // nothing below it could have a plain name
		f.set.refuse(name, expectedName, "a folder of another name, or too deep")
		return nil
	}
	return f.readFolder(name)
}

// readNames returns the names in a folder, sorted, up to MaxFiles together with
// those that were read before.
func (f *folderReader) readNames(path string) ([]string, error) {
	dir, err := f.root.Open(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	left := MaxFiles - f.entries
	names, err := dir.Readdirnames(left + 1)
	if err != nil && err != io.EOF {
		return nil, err
	}
	slices.Sort(names)
	if len(names) > left {
		f.more = true
		names = names[:left]
	}
	f.entries += len(names)
	return names, nil
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
