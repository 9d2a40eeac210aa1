// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
)

// Standard is how the purl of Go's standard library begins. Every release
// holds a part of it: the WASM is Go.
const Standard = "pkg:golang/std@"

// Bill is a bill of materials that was read.
type Bill struct {
	Name       string // of metadata.component
	Components []Component
}

// Component is something that is in the release.
type Component struct {
	Type, Name, Version string
	PURL                string // or ""
	Reference           string // the bom-ref, or ""
	SHA256              string // from hashes, or ""
}

// Parse reads a bill of materials. The error says in fixed words what was
// refused.
func Parse(data []byte) (*Bill, error) {
	v, err := wire.Parse(data)
	if err != nil {
		return nil, err
	}
	if err := checkHead(v); err != nil {
		return nil, err
	}
	metadata, _ := v.Get("metadata")
	if _, ok := metadata.Get("timestamp"); ok {
		return nil, errors.New("metadata.timestamp: expected none, since it differs by build")
	}
	main, ok := metadata.Get("component")
	if !ok {
		return nil, errors.New("metadata.component is missing")
	}
	self, err := parseComponent(main)
	if err != nil {
		return nil, fmt.Errorf("metadata.component: %w", err)
	}
	if self.Type != "application" {
		return nil, errors.New("metadata.component.type: expected application")
	}
	b := &Bill{Name: self.Name}
	if err := b.parseComponents(v); err != nil {
		return nil, err
	}
	return b, b.checkReferences(v, self.Reference)
}

func checkHead(v wire.Value) error {
	switch {
	case text(v, "bomFormat") != "CycloneDX":
		return errors.New("bomFormat: expected CycloneDX")
	case !slices.Contains([]string{"1.5", "1.6", "1.7"}, text(v, "specVersion")):
		return errors.New("specVersion: expected 1.5, 1.6 or 1.7")
	}
	version, _ := v.Get("version")
	if n, _ := version.AsInt(); n != 1 {
		return errors.New("version: expected 1")
	}
	return nil
}

func (b *Bill) parseComponents(v wire.Value) error {
	list, _ := v.Get("components")
	elements, ok := list.Elements()
	if !ok || len(elements) == 0 {
		return errors.New("components: expected an array that is not empty")
	}
	seen := make(map[string]bool)
	for i, element := range elements {
		c, err := parseComponent(element)
		if err != nil {
			return fmt.Errorf("components: number %d: %w", i+1, err)
		}
		if c.Type != "file" && c.Version == "" {
			return fmt.Errorf("components: number %d: version is missing", i+1)
		}
		for _, key := range []string{"ref " + c.Reference, "purl " + c.PURL} {
			if seen[key] && !strings.HasSuffix(key, " ") {
				return fmt.Errorf("components: number %d: another has its bom-ref or purl", i+1)
			}
			seen[key] = true
		}
		b.Components = append(b.Components, c)
	}
	return nil
}

func parseComponent(v wire.Value) (Component, error) {
	c := Component{
		Type: text(v, "type"), Name: text(v, "name"), Version: text(v, "version"),
		PURL: text(v, "purl"), Reference: text(v, "bom-ref"),
	}
	switch {
	case c.Type == "":
		return Component{}, errors.New("type is missing")
	case c.Name == "":
		return Component{}, errors.New("name is missing")
	case c.PURL != "" && !strings.HasPrefix(c.PURL, "pkg:"):
		return Component{}, errors.New("purl: expected pkg: at its beginning")
	}
	hashes, _ := v.Get("hashes")
	elements, _ := hashes.Elements()
	for _, hash := range elements {
		if text(hash, "alg") == "SHA-256" {
			c.SHA256 = text(hash, "content")
		}
	}
	return c, nil
}

// checkReferences checks that dependencies name only what the bill lists.
func (b *Bill) checkReferences(v wire.Value, self string) error {
	known := map[string]bool{self: self != ""}
	for _, c := range b.Components {
		known[c.Reference] = c.Reference != ""
	}
	list, _ := v.Get("dependencies")
	elements, _ := list.Elements()
	for i, element := range elements {
		references := []string{text(element, "ref")}
		dependsOn, _ := element.Get("dependsOn")
		names, _ := dependsOn.Elements()
		for _, name := range names {
			reference, _ := name.AsString()
			references = append(references, reference)
		}
		for _, reference := range references {
			if !known[reference] {
				return fmt.Errorf("dependencies: number %d names a component that is not listed", i+1)
			}
		}
	}
	return nil
}

// text returns a string member, or "" if there is none.
func text(v wire.Value, name string) string {
	member, _ := v.Get(name)
	s, _ := member.AsString()
	return s
}
