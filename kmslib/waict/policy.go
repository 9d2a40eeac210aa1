// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package waict

import (
	"slices"
	"strconv"
	"strings"
)

// HeaderName is the name of the header, in lower case.
const HeaderName = "integrity-policy-waict-v1"

// Mode says what a browser does with a file that the manifest does not allow.
type Mode string

// The modes.
const (
	Enforce Mode = "enforce" // does not load it
	Report  Mode = "report"  // loads it and reports
)

const (
	maxPolicy = 4096                // bytes of a header value
	maxMaxAge = 999_999_999         // seconds: 31 years
	maxNumber = 999_999_999_999_999 // RFC 9651, section 3.3.1
)

// Policy is the value of the header.
type Policy struct {
	MaxAge       int64    // seconds
	Mode         Mode     //
	Manifest     string   // address
	Destinations []string // Firefox's blocked-destinations; nil in the draft's form
}

// PolicyOf returns the policy that the documents of a release promise: the
// draft's, for the manifest at path. It enforces, since a browser that has the
// draft ignores SRI and Integrity-Policy on whatever WAICT covers, so that
// mode=report would turn checks that block today into reports. It is not
// remembered (max-age=0), so that no transparency proof is asked for and a
// release without the header is not locked out.
func PolicyOf(path string) Policy {
	return Policy{Mode: Enforce, Manifest: "/" + path}
}

// FirefoxPolicyOf returns the policy by which a Firefox that has WAICT switched
// on takes the manifest at path, which must be in its form.
func FirefoxPolicyOf(path string) Policy {
	return Policy{Mode: Enforce, Manifest: "/" + path, Destinations: []string{"script", "style"}}
}

// String returns the value of the header.
func (p Policy) String() string {
	value := "max-age=" + strconv.FormatInt(p.MaxAge, 10) + ", mode=" + string(p.Mode)
	if p.Destinations != nil {
		value += ", blocked-destinations=(" + strings.Join(p.Destinations, " ") + ")"
	}
	return value + ", manifest=\"" + p.Manifest + "\""
}

// ParsePolicy reads the value of the header as a browser does: other members
// are ignored, of two with one name the last counts. Parameters are refused.
// The error is a *FormatError.
func ParsePolicy(value string) (Policy, error) {
	if len(value) > maxPolicy {
		return Policy{}, &FormatError{"header: longer than 4096 bytes"}
	}
	members, err := parseDictionary(value)
	if err != nil {
		return Policy{}, err
	}
	var p Policy
	var ok bool
	if p.MaxAge, ok = members["max-age"].(int64); !ok || p.MaxAge < 0 || p.MaxAge > maxMaxAge {
		return Policy{}, &FormatError{"header: max-age: expected a number of seconds"}
	}
	mode, _ := members["mode"].(token)
	if p.Mode = Mode(mode); p.Mode != Enforce && p.Mode != Report {
		return Policy{}, &FormatError{"header: mode: expected enforce or report"}
	}
	if p.Manifest, ok = members["manifest"].(string); !ok || p.Manifest == "" || strings.ContainsAny(p.Manifest, " \"\\") {
		return Policy{}, &FormatError{"header: manifest: expected an address in quotes"}
	}
	destinations, hasDestinations := members["blocked-destinations"]
	if !hasDestinations {
		return p, nil
	}
	list, ok := destinations.([]any)
	if !ok {
		return Policy{}, &FormatError{"header: blocked-destinations: expected a list of tokens"}
	}
	p.Destinations = []string{}
	for _, item := range list {
		word, ok := item.(token)
		if !ok || slices.Contains(p.Destinations, string(word)) {
			return Policy{}, &FormatError{"header: blocked-destinations: expected a list of different tokens"}
		}
		p.Destinations = append(p.Destinations, string(word))
	}
	return p, nil
}
