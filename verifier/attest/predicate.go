// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"errors"
	"fmt"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
)

// Dependency is something that the build used, with its digests by algorithm.
type Dependency struct {
	Name, URI string // at least one is not empty
	Digest    map[string]string
}

var (
	predicateShape  = shape{"predicate", []string{"buildDefinition", "runDetails"}, nil}
	definitionShape = shape{
		"predicate.buildDefinition",
		[]string{"buildType", "externalParameters", "resolvedDependencies"},
		[]string{"internalParameters"},
	}
	builderShape    = shape{"builder", []string{"id"}, []string{"version", "builderDependencies"}}
	dependencyShape = shape{
		"resolvedDependencies",
		[]string{"digest"},
		[]string{"name", "uri", "downloadLocation", "mediaType", "annotations"},
	}
)

// form is what the template and the signed copy differ in.
type form struct{ parameters, run shape }

var (
	unsigned = form{
		shape{"externalParameters", []string{"target", "repository", "commit"}, []string{"config"}},
		shape{"predicate.runDetails", []string{"builder"}, []string{"byproducts"}},
	}
	completed = form{
		shape{"externalParameters", []string{"target", "repository", "commit"}, []string{"config", "ref"}},
		shape{"predicate.runDetails", []string{"builder", "metadata"}, []string{"byproducts"}},
	}
)

func (s *Statement) parsePredicate(v wire.Value, f form) error {
	if err := predicateShape.check(v); err != nil {
		return err
	}
	definition, _ := v.Get("buildDefinition")
	if err := s.parseDefinition(definition, f.parameters); err != nil {
		return err
	}
	run, _ := v.Get("runDetails")
	return s.parseRun(run, f.run)
}

func (s *Statement) parseDefinition(v wire.Value, parameters shape) error {
	err := definitionShape.check(v)
	if err != nil {
		return err
	}
	if s.BuildType, err = definitionShape.text(v, "buildType"); err != nil {
		return err
	}
	if !isURI(s.BuildType) || !strings.HasPrefix(s.BuildType, "https://") {
		return errors.New("buildType: expected an https URI")
	}
	if err := definitionShape.optionalKind(v, "internalParameters", wire.KindObject); err != nil {
		return err
	}
	external, _ := v.Get("externalParameters")
	if err := s.parseParameters(external, parameters); err != nil {
		return err
	}
	dependencies, _ := v.Get("resolvedDependencies")
	return s.parseDependencies(dependencies)
}

func (s *Statement) parseParameters(v wire.Value, parameters shape) error {
	if err := parameters.check(v); err != nil {
		return err
	}
	for _, parameter := range []struct {
		name string
		to   *string
	}{{"target", &s.Target}, {"repository", &s.Repository}, {"commit", &s.Commit}, {"config", &s.Config}} {
		if _, ok := v.Get(parameter.name); !ok {
			continue // check has required those that must be there
		}
		text, err := parameters.text(v, parameter.name)
		if err != nil {
			return err
		}
		*parameter.to = text
	}
	if !strings.HasPrefix(s.Target, "//") && !strings.HasPrefix(s.Target, "@") {
		return errors.New("externalParameters.target: expected a Bazel label")
	}
	return nil
}

func (s *Statement) parseDependencies(v wire.Value) error {
	elements, ok := v.Elements()
	if !ok || len(elements) == 0 {
		return errors.New("resolvedDependencies: expected an array that is not empty")
	}
	seen := make(map[string]bool, len(elements))
	for i, element := range elements {
		canonical := string(element.Append(nil))
		if seen[canonical] {
			return fmt.Errorf("resolvedDependencies: number %d is there twice", i+1)
		}
		seen[canonical] = true
		dependency, err := parseDependency(element)
		if err != nil {
			return err
		}
		s.Dependencies = append(s.Dependencies, dependency)
	}
	return nil
}

func parseDependency(v wire.Value) (Dependency, error) {
	if err := dependencyShape.check(v); err != nil {
		return Dependency{}, err
	}
	d := Dependency{Digest: make(map[string]string)}
	name, _ := v.Get("name")
	uri, _ := v.Get("uri")
	d.Name, _ = name.AsString()
	d.URI, _ = uri.AsString()
	if d.Name == "" && d.URI == "" {
		return Dependency{}, errors.New("resolvedDependencies: one has neither name nor uri")
	}
	digest, _ := v.Get("digest")
	members, _ := digest.Members()
	if len(members) == 0 {
		return Dependency{}, errors.New("resolvedDependencies.digest: expected an object that is not empty")
	}
	for _, m := range members {
		text, ok := m.Value.AsString()
		if !ok || text == "" || !fitsAlgorithm(m.Name, text) {
			return Dependency{}, errors.New("resolvedDependencies.digest: one is not a digest in lower-case hexadecimal digits")
		}
		d.Digest[m.Name] = text
	}
	return d, nil
}

// fitsAlgorithm checks the length of digests whose algorithm has one (in-toto
// DigestSet); others only have to be there.
func fitsAlgorithm(algorithm, digest string) bool {
	switch algorithm {
	case "sha256":
		return isHex(digest, 32)
	case "sha384":
		return isHex(digest, 48)
	case "sha512":
		return isHex(digest, 64)
	case "sha1":
		return isHex(digest, 20)
	case "gitCommit":
		return isHex(digest, 20) || isHex(digest, 32)
	default:
		return true
	}
}

func (s *Statement) parseRun(v wire.Value, run shape) error {
	if err := run.check(v); err != nil {
		return err
	}
	if err := run.optionalKind(v, "byproducts", wire.KindArray); err != nil {
		return err
	}
	builder, _ := v.Get("builder")
	if err := builderShape.check(builder); err != nil {
		return err
	}
	id, err := builderShape.text(builder, "id")
	if err != nil || !isURI(id) {
		return errors.New("builder.id: expected a URI")
	}
	s.BuilderID = id
	if err := builderShape.optionalKind(builder, "version", wire.KindObject); err != nil {
		return err
	}
	return builderShape.optionalKind(builder, "builderDependencies", wire.KindArray)
}
