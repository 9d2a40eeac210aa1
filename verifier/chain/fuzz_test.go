// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// FuzzParseDocument checks that in an accepted document every script is a
// reference with src, and that no element which loads or holds code elsewhere
// was overlooked.
func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(`<!doctype html><script type="module" src="a.js" integrity="sha384-x"></script>`))
	f.Add([]byte(`<link rel=icon href='icon.svg'><!-- c --><a href="https://x">y</a>`))
	f.Add([]byte(`<title><!--</title><script src=x></script>-->`))
	f.Add([]byte(`<body onload=x>`))
	f.Add([]byte(`<svg/onload=x>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		references, err := parseDocument(document)
		if err != nil {
			return
		}
		for _, r := range references {
			if r.path == "" || strings.ContainsAny(r.path, ":/\\?#&% ") {
				t.Fatalf("accepted the address %q", r.path)
			}
		}
		if strings.ContainsAny(string(document), `"'`) {
			return // markup may be inside a value
		}
		scripts := scriptPattern.FindAll(document, -1)
		if len(scripts) > len(references) || framePattern.Match(document) {
			t.Fatalf("accepted %q with %+v", document, references)
		}
	})
}

var (
	scriptPattern    = regexp.MustCompile(`(?i)<script[\s/>]`)
	framePattern     = regexp.MustCompile(`(?i)<(iframe|base|object|embed|style)[\s/>]`)
	namePattern      = regexp.MustCompile(`[A-Za-z0-9_-]+\.[0-9a-f]{32}\.[A-Za-z0-9_-]+`)
	integrityPattern = regexp.MustCompile(`sha384-[A-Za-z0-9+/]+`)
)

// FuzzFind holds the two extractions against regular expressions: what these
// find, without overlaps, must be found.
func FuzzFind(f *testing.F) {
	hash := strings.Repeat("0a", 16)
	f.Add([]byte(`x("worker.` + hash + `.js","sha384-` + strings.Repeat("A", 64) + `")`))
	f.Add([]byte("a." + hash + "." + hash + ".js"))
	f.Add([]byte("sha384-sha384-" + strings.Repeat("+", 64)))
	f.Add([]byte("a." + hash + "."))
	f.Fuzz(func(t *testing.T, script []byte) {
		names := findNames(script)
		for _, name := range namePattern.FindAllString(string(script), -1) {
			if !slices.Contains(names, name) {
				t.Fatalf("%q is not among %q", name, names)
			}
		}
		values := findIntegrities(script)
		for _, value := range integrityPattern.FindAllString(string(script), -1) {
			if len(value) == len(integrityStart)+integrityChars && !slices.Contains(values, value) {
				t.Fatalf("%q is not among %q", value, values)
			}
		}
	})
}
