// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The limits of one release.
const (
	MaxFile    = 64 << 20  // bytes of one file
	MaxTotal   = 256 << 20 // bytes of all files
	MaxFiles   = 512       // entries of any kind
	MaxPadding = 1 << 20   // bytes of zeros after the end of a tar
	MaxName    = 100       // bytes of a name
)

// Problem is something that is refused. Name is as found and not trusted.
type Problem struct {
	Name     string
	Expected string
	Found    string
}

// Set is the files of one release by name. The contents are shared: callers
// must not change them.
type Set struct {
	files    map[string][]byte
	problems []Problem
	total    int64
}

// NewSet returns the set of files, which must have plain names. The contents
// are not copied.
func NewSet(files map[string][]byte) *Set {
	return &Set{files: maps.Clone(files)}
}

// Names returns the names of the files that were read, sorted by bytes.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.files)) }

// Content returns the content of a file, and whether it was read.
func (s *Set) Content(name string) ([]byte, bool) {
	content, ok := s.files[name]
	return content, ok
}

// Problems returns what was refused, in the order of finding it.
func (s *Set) Problems() []Problem { return slices.Clone(s.problems) }

// Refused says whether name was found but not read.
func (s *Set) Refused(name string) bool {
	return slices.ContainsFunc(s.problems, func(p Problem) bool { return p.Name == name })
}

func newSet() *Set { return &Set{files: make(map[string][]byte)} }

func (s *Set) refuse(name, expected, found string) {
	s.problems = append(s.problems, Problem{name, expected, found})
}

// admit says whether a file of that name and size may be read next, and
// records a Problem if not.
func (s *Set) admit(name string, size int64) bool {
	switch {
	case !IsPlainName(name):
		s.refuse(name, "a name of A-Z a-z 0-9 . _ - in at most 100 bytes, in no folder", "another name")
	case s.files[name] != nil:
		s.refuse(name, "each name once", "the name a second time")
	case s.otherCase(name) != "":
		s.refuse(name, "names that differ in more than case", "also "+s.otherCase(name))
	case size > MaxFile:
		s.refuse(name, fmt.Sprintf("at most %d bytes", MaxFile), fmt.Sprintf("%d bytes", size))
	case s.total+size > MaxTotal:
		s.refuse(name, fmt.Sprintf("at most %d bytes in all files", MaxTotal), "more")
	default:
		return true
	}
	return false
}

func (s *Set) otherCase(name string) string {
	for other := range s.files {
		if other != name && strings.EqualFold(other, name) {
			return other
		}
	}
	return ""
}

func (s *Set) add(name string, content []byte) {
	if content == nil {
		content = []byte{}
	}
	s.files[name] = content
	s.total += int64(len(content))
}

// IsPlainName says whether name is a plain name, as the package comment
// defines it.
func IsPlainName(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > MaxName {
		return false
	}
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	return strings.Trim(name, plain) == ""
}
