// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package gomodules tells which Go modules a program was linked from.
//
// It reads the module data that the linker puts into every program, WebAssembly included, for which
// debug/buildinfo has no reader; and the hashes that go.sum pins for those modules.
package gomodules

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"sort"
	"strings"
)

// Module is one module of a program.
type Module struct {
	Path    string // such as golang.org/x/crypto
	Version string // such as v0.58.0; "" for the modules of this repository
	H1      []byte // its go.sum hash, 32 bytes; nil for the modules of this repository
}

// PURL returns the module's package URL.
func (m Module) PURL() string { return "pkg:golang/" + m.Path + "@" + m.Version }

// The linker frames module data by two markers of 16 bytes (cmd/go/internal/modload, ModInfoData).
var (
	startMarker = []byte("0w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6")
	endMarker   = []byte("\xf92C1\x86\x18 r\x00\x82B\x10A\x16\xd8\xf2")
)

// Of returns the modules outside this repository that a program was linked from, sorted by path. Sums are
// the contents of the go.sum files that pin them; a module they do not have is an error.
func Of(program []byte, own string, sums ...[]byte) ([]Module, error) {
	start := bytes.Index(program, startMarker)
	if start < 0 {
		return nil, errors.New("the program has no module data: it was not linked with rules_go's build info")
	}
	text := program[start+len(startMarker):]
	end := bytes.Index(text, endMarker)
	if end < 0 {
		return nil, errors.New("the program's module data has no end")
	}
	info, err := debug.ParseBuildInfo(string(text[:end]))
	if err != nil {
		return nil, fmt.Errorf("reading the program's module data: %w", err)
	}
	hashes, err := parseSums(sums)
	if err != nil {
		return nil, err
	}
	var modules []Module
	for _, dep := range info.Deps {
		if dep.Path == own || strings.HasPrefix(dep.Path, own+"/") {
			continue
		}
		h1, ok := hashes[dep.Path+" "+dep.Version]
		if !ok {
			return nil, fmt.Errorf("module %s %s is linked in, but no go.sum pins it", dep.Path, dep.Version)
		}
		modules = append(modules, Module{Path: dep.Path, Version: dep.Version, H1: h1})
	}
	sort.Slice(modules, func(i, j int) bool { return modules[i].Path < modules[j].Path })
	return modules, nil
}

// parseSums reads lines "path version h1:base64"; those for a go.mod file alone are passed over.
func parseSums(sums [][]byte) (map[string][]byte, error) {
	hashes := map[string][]byte{}
	for _, sum := range sums {
		for line := range strings.Lines(string(sum)) {
			fields := strings.Fields(line)
			if len(fields) != 3 || strings.HasSuffix(fields[1], "/go.mod") {
				continue
			}
			encoded, ok := strings.CutPrefix(fields[2], "h1:")
			if !ok {
				continue
			}
			h1, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				return nil, fmt.Errorf("go.sum has a malformed hash for %s %s", fields[0], fields[1])
			}
			hashes[fields[0]+" "+fields[1]] = h1
		}
	}
	return hashes, nil
}
