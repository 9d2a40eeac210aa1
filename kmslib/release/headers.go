// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"slices"
	"strconv"
	"strings"
)

// validateHeaders checks the rules, and that each served path is in one.
func (m *Manifest) validateHeaders() error {
	if len(m.Headers) > maxRules {
		return &FormatError{Reason: "headers: more than " + strconv.Itoa(maxRules) + " rules"}
	}
	var covered []string
	for i, rule := range m.Headers {
		if err := rule.validate(); err != nil {
			return err
		}
		if i > 0 && m.Headers[i-1].Paths[0] >= rule.Paths[0] {
			return &FormatError{Reason: "headers: rules are not in the order of their first paths"}
		}
		covered = append(covered, rule.Paths...)
	}
	return m.checkCoverage(covered)
}

// checkCoverage checks that covered is the served paths, each once, with or
// without deployment.json and, since format 2, what is added after the build.
func (m *Manifest) checkCoverage(covered []string) error {
	covered = sortedStrings(covered)
	for i, path := range covered {
		if i > 0 && covered[i-1] == path {
			return &FormatError{path, "in two header rules; expected one"}
		}
	}
	served := m.ServedPaths()
	for _, path := range served {
		if !slices.Contains(covered, path) {
			return &FormatError{path, "served, but in no header rule"}
		}
	}
	for _, path := range covered {
		optional := path == DeploymentPath || m.Version != "" && slices.Contains(CompanionPaths(), path)
		if !optional && !slices.Contains(served, path) {
			return &FormatError{path, "in a header rule, but not served"}
		}
	}
	return nil
}

func (rule HeaderRule) validate() error {
	if len(rule.Paths) == 0 {
		return &FormatError{Reason: "headers: a rule has no path"}
	}
	for i, path := range rule.Paths {
		if err := checkPath(path); err != nil {
			return err
		}
		if i > 0 && rule.Paths[i-1] >= path {
			return &FormatError{path, "in a header rule twice or not in order"}
		}
	}
	for i, h := range rule.Headers {
		if err := h.validate(); err != nil {
			return &inField{"headers of " + rule.Paths[0], err}
		}
		if i > 0 && rule.Headers[i-1].Name >= h.Name {
			return &FormatError{rule.Paths[0], "a header is named twice or not in order"}
		}
	}
	return nil
}

func (h Header) validate() error {
	if h.Name == "" || len(h.Name) > 64 || !containsOnly(h.Name, nameCharacters) {
		return &FormatError{Reason: "expected a header name of a-z 0-9 - in at most 64 bytes"}
	}
	spaceless := strings.ReplaceAll(h.Value, " ", "")
	switch {
	case h.Value == "" || len(h.Value) > maxHeaderValue:
		return &FormatError{Reason: h.Name + ": expected a value of 1 to 4096 bytes"}
	case !isVisible(spaceless) || strings.TrimSpace(h.Value) != h.Value:
		return &FormatError{Reason: h.Name + ": expected visible ASCII and inner spaces"}
	case strings.ContainsAny(strings.ReplaceAll(h.Value, EmbeddersPlaceholder, ""), "{}"):
		return &FormatError{Reason: h.Name + ": expected no braces but " + EmbeddersPlaceholder}
	}
	return nil
}
