// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package releasediff compares two builds of one release file by file, and looks for traces of the machine
// that built one.
package releasediff

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// File is one path of the two folders.
type File struct {
	Path string
	// Digests in lower-case hexadecimal; "" where the folder has no such file.
	A, B string
	// Range of bytes that differ, first inclusive and last exclusive; both 0 if the files are equal.
	First, Last int
}

// Equal says whether both folders have the same bytes at the path.
func (f File) Equal() bool { return f.A == f.B }

// Compare returns every path of the folders a and b, sorted. Two folders without a file are an error: a
// comparison of nothing says nothing.
func Compare(a, b string) ([]File, error) {
	contentsA, err := read(a)
	if err != nil {
		return nil, err
	}
	contentsB, err := read(b)
	if err != nil {
		return nil, err
	}
	paths := map[string]bool{}
	for path := range contentsA {
		paths[path] = true
	}
	for path := range contentsB {
		paths[path] = true
	}
	if len(paths) == 0 {
		return nil, errors.New("neither folder has a file: there is nothing to compare")
	}
	var files []File
	for path := range paths {
		f := File{Path: path, A: digest(contentsA, path), B: digest(contentsB, path)}
		if !f.Equal() {
			f.First, f.Last = difference(contentsA[path], contentsB[path])
		}
		files = append(files, f)
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
	return files, nil
}

// Leak is a forbidden text in a file.
type Leak struct {
	Path   string
	Text   string
	Offset int // of its first occurrence, in bytes
}

// Leaks returns where the files below folder have one of the texts.
func Leaks(folder string, texts []string) ([]Leak, error) {
	contents, err := read(folder)
	if err != nil {
		return nil, err
	}
	var leaks []Leak
	for path, content := range contents {
		for _, text := range texts {
			if at := bytes.Index(content, []byte(text)); at >= 0 {
				leaks = append(leaks, Leak{Path: path, Text: text, Offset: at})
			}
		}
	}
	sort.Slice(leaks, func(i, j int) bool {
		return leaks[i].Path < leaks[j].Path || leaks[i].Path == leaks[j].Path && leaks[i].Text < leaks[j].Text
	})
	return leaks, nil
}

func read(folder string) (map[string][]byte, error) {
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, err
	}
	contents := map[string][]byte{}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		contents[rel], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", folder, err)
	}
	if len(contents) == 0 {
		return nil, fmt.Errorf("reading %s: it has no files", folder)
	}
	return contents, nil
}

func digest(contents map[string][]byte, path string) string {
	content, ok := contents[path]
	if !ok {
		return ""
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// difference returns the range outside of which a and b are equal, counted from their starts.
func difference(a, b []byte) (first, last int) {
	shorter := min(len(a), len(b))
	for first < shorter && a[first] == b[first] {
		first++
	}
	if len(a) != len(b) {
		return first, max(len(a), len(b))
	}
	last = len(a)
	for last > first && a[last-1] == b[last-1] {
		last--
	}
	return first, last
}
