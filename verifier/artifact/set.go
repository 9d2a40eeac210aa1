// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"fmt"
	"iter"
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
	MaxDepth   = 5         // segments of a name
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
		s.refuse(name, expectedName, "another name")
	case s.files[name] != nil:
		s.refuse(name, "each name once", "the name a second time")
	case s.otherCase(name) != "":
		s.refuse(name, "names that differ in more than case", "also "+s.otherCase(name))
	case s.isFolder(name):
		s.refuse(name, "each name for a file or for a folder", "a name for both")
	case size > MaxFile:
		s.refuse(name, fmt.Sprintf("at most %d bytes", MaxFile), fmt.Sprintf("%d bytes", size))
	case s.total+size > MaxTotal:
		s.refuse(name, fmt.Sprintf("at most %d bytes in all files", MaxTotal), "more")
	default:
		return true
	}
	return false
}

// otherCase returns a name, or the folder of one, that differs from name or a
// folder of it in case alone; "" if there is none.
func (s *Set) otherCase(name string) string {
	for other := range s.files {
		for a := range prefixes(name) {
			for b := range prefixes(other) {
				if a != b && strings.EqualFold(a, b) {
					return b
				}
			}
		}
	}
	return ""
}

// isFolder says whether a name is a folder of one that is there, or the other
// way round.
func (s *Set) isFolder(name string) bool {
	for other := range s.files {
		if strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/") {
			return true
		}
	}
	return false
}

// prefixes yields the folders of a name, then the name.
func prefixes(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range len(name) {
			if name[i] == '/' && !yield(name[:i]) {
				return
			}
		}
		yield(name)
	}
}

func (s *Set) add(name string, content []byte) {
	if content == nil {
		content = []byte{}
	}
	s.files[name] = content
	s.total += int64(len(content))
}

const expectedName = "a name of A-Z a-z 0-9 . _ - in at most 100 bytes, in at most 4 folders of such names"

// IsPlainName says whether name is a plain name, as the package comment
// defines it.
func IsPlainName(name string) bool {
	if len(name) > MaxName || strings.Count(name, "/") >= MaxDepth {
		return false
	}
	for segment := range strings.SplitSeq(name, "/") {
		const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
		if segment == "" || segment == "." || segment == ".." || strings.Trim(segment, plain) != "" {
			return false
		}
	}
	return true
}
