// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vsa

import (
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"time"

	"ats.run/kms-enclave/verifier/attest"
)

// PredicateType is the type of the statement.
const PredicateType = "https://slsa.dev/verification_summary/v1"

// Level is the one level that a rebuilder verifies.
const Level = "KMS_ENCLAVE_REPRODUCED"

// SLSAVersion is the version of SLSA whose vocabulary the statement uses.
const SLSAVersion = "1.1"

// Summary is a rebuilder's statement.
type Summary struct {
	Verifier     string            // verifier.id, a URI
	Versions     map[string]string // what built and compared: version by name of the program
	Time         time.Time         // UTC, whole seconds
	Resource     string            // see Resource
	PolicyURI    string            // see PolicyURI
	PolicySHA256 string            // of the provenance template, in hexadecimal
	Passed       bool
	Levels       []string // Level alone if passed, else none
	Subjects     []attest.Subject
}

// Resource returns the resourceUri of a source.
func Resource(repository, commit string) string { return "git+" + repository + "@" + commit }

// PolicyURI returns the policy.uri of a release target in a repository.
func PolicyURI(repository, target string) string { return repository + "#" + target }

// check refuses what is not as the package comment says.
func (s *Summary) check() error {
	switch {
	case !isURI(s.Verifier):
		return errors.New("verifier.id: expected a URI")
	case len(s.Versions) == 0 || len(s.Versions) > 16:
		return errors.New("verifier.version: expected 1 to 16 programs")
	case !isResource(s.Resource):
		return errors.New("resourceUri: expected git+https://…@, and a commit of 40 or 64 lower-case hexadecimal digits")
	case !strings.HasPrefix(s.PolicyURI, "https://") || !strings.Contains(s.PolicyURI, "#//") || !isURI(s.PolicyURI):
		return errors.New("policy.uri: expected the https URL of a repository, #, and a Bazel label")
	case !isHex(s.PolicySHA256, 32):
		return errors.New("policy.digest.sha256: expected 64 lower-case hexadecimal digits")
	case s.Passed && (len(s.Levels) != 1 || s.Levels[0] != Level):
		return errors.New("verifiedLevels: expected " + Level + " alone with PASSED")
	case !s.Passed && len(s.Levels) != 0:
		return errors.New("verifiedLevels: expected none with FAILED")
	case s.Time.UTC().Year() < 1970 || s.Time.UTC().Year() > 9999:
		return errors.New("timeVerified: expected a year from 1970 to 9999")
	}
	for name, version := range s.Versions {
		if !isProgram(name) || !isVisible(version) {
			return errors.New("verifier.version: expected names of a-z 0-9 - and versions of visible ASCII")
		}
	}
	return nil
}

func isResource(s string) bool {
	rest, ok := strings.CutPrefix(s, "git+https://")
	at := strings.LastIndexByte(rest, '@')
	if !ok || at < 1 || !isVisible(s) {
		return false
	}
	return isHex(rest[at+1:], 20) || isHex(rest[at+1:], 32)
}

func isProgram(s string) bool {
	return s != "" && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func isVisible(s string) bool {
	return s != "" && len(s) <= 1000 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func isURI(s string) bool {
	u, err := url.Parse(s)
	return isVisible(s) && err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "")
}

func isHex(s string, n int) bool {
	decoded, err := hex.DecodeString(s)
	return err == nil && len(decoded) == n && s == strings.ToLower(s)
}
