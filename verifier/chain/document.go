// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"errors"
	"slices"
	"strings"
)

// refusedElements hold code or styles, load other documents or change what
// addresses mean.
var refusedElements = []string{
	"applet", "base", "embed", "fencedframe", "frame", "frameset", "iframe", "math",
	"noembed", "noframes", "object", "param", "plaintext", "portal", "style", "xmp",
}

// refusedAttributes hold code or load something; those that begin with "on"
// are refused too.
var refusedAttributes = []string{
	"action", "archive", "background", "classid", "code", "codebase", "data", "formaction",
	"imagesrcset", "longdesc", "manifest", "ping", "poster", "shadowrootmode", "srcdoc", "srcset",
	"style", "xlink:href", "xml:base",
}

// linkKinds are the rel values that a link may have.
var linkKinds = []string{"stylesheet", "icon", "modulepreload", "preload", "license"}

// reference is a file that a document or script loads.
type reference struct {
	path      string
	integrity string // or "" if none is given
	hint      bool   // a preload, which fills the cache and runs nothing
}

// parseDocument returns the files that a document loads.
func parseDocument(document []byte) ([]reference, error) {
	tags, err := parseTags(document)
	if err != nil {
		return nil, err
	}
	var references []reference
	for _, t := range tags {
		found, err := t.references()
		if err != nil {
			return nil, err
		}
		references = append(references, found...)
	}
	return references, nil
}

// IsInert says whether a document, which need not be of a release, loads
// nothing and has no code in it, as far as the grammar of the package comment
// goes; one beyond that is not inert.
func IsInert(document []byte) bool {
	references, err := parseDocument(document)
	return err == nil && len(references) == 0
}

// references checks one tag and returns what it loads.
func (t tag) references() ([]reference, error) {
	if slices.Contains(refusedElements, t.name) {
		return nil, errors.New("the element " + t.name)
	}
	for name := range t.attributes {
		if strings.HasPrefix(name, "on") || slices.Contains(refusedAttributes, name) {
			return nil, errors.New("an attribute that holds code or loads something")
		}
	}
	if kind, ok := t.attributes["http-equiv"]; ok && !strings.EqualFold(kind, "content-security-policy") {
		return nil, errors.New("a meta http-equiv other than content-security-policy")
	}
	if err := t.checkKind(); err != nil {
		return nil, err
	}
	if t.name == "a" || t.name == "area" {
		return nil, checkLink(t.attributes["href"])
	}
	var references []reference
	for _, name := range []string{"src", "href"} {
		address, ok := t.attributes[name]
		if !ok || t.name != "link" && strings.HasPrefix(address, "#") {
			continue
		}
		path, err := parseAddress(address)
		if err != nil {
			return nil, err
		}
		hint := t.name == "link" && t.attributes["rel"] == "preload"
		references = append(references, reference{path, t.attributes["integrity"], hint})
	}
	return references, nil
}

// checkKind checks what a script or link is for.
func (t tag) checkKind() error {
	switch t.name {
	case "script":
		if _, ok := t.attributes["src"]; !ok {
			return errors.New("a script without src")
		}
		if kind := t.attributes["type"]; kind != "" && kind != "module" {
			return errors.New("a script of another type than module")
		}
	case "link":
		if !slices.Contains(linkKinds, t.attributes["rel"]) {
			return errors.New("a link with a rel other than " + strings.Join(linkKinds, ", "))
		}
	}
	return nil
}

// checkLink checks where a link for people goes.
func checkLink(address string) error {
	if address == "" || strings.HasPrefix(address, "#") || strings.HasPrefix(address, "https://") {
		return nil
	}
	_, err := parseAddress(address)
	return err
}

// parseAddress returns the path in the release that an address stands for.
func parseAddress(address string) (string, error) {
	path := strings.TrimPrefix(address, "./")
	if path == address {
		path = strings.TrimPrefix(address, "/")
	}
	for i := range len(path) {
		if c := path[i]; !isWord(c) && c != '.' || c == ':' {
			return "", errors.New("an address that is not a path of the release")
		}
	}
	if path == "" {
		return "", errors.New("an empty address")
	}
	return path, nil
}
