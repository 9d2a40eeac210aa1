// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package headers

import (
	"errors"
	"slices"
	"strings"
)

// Policy is a Content-Security-Policy: values by directive.
type Policy map[string][]string

// fetchDirectives take sources (CSP 3, section 6.1).
var fetchDirectives = []string{
	"child-src", "connect-src", "default-src", "font-src", "frame-src", "img-src", "manifest-src",
	"media-src", "object-src", "script-src", "script-src-attr", "script-src-elem", "style-src",
	"style-src-attr", "style-src-elem", "worker-src",
}

// otherDirectives are the ones beside them that a release may use. Those that
// report to elsewhere or change other requests are not among them.
var otherDirectives = []string{
	"base-uri", "form-action", "frame-ancestors", "require-trusted-types-for", "sandbox",
	"trusted-types", "webrtc",
}

// ParsePolicy reads one policy. The error says in fixed words what was
// refused.
func ParsePolicy(value string) (Policy, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' || r == ',' }) {
		return nil, errors.New("a comma or a character that is not printable ASCII")
	}
	p := make(Policy)
	for directive := range strings.SplitSeq(value, ";") {
		words := strings.Fields(directive)
		if len(words) == 0 {
			continue
		}
		name := words[0]
		if !slices.Contains(fetchDirectives, name) && !slices.Contains(otherDirectives, name) {
			return nil, errors.New("a directive that a release may not use, or not in lower case")
		}
		if _, twice := p[name]; twice {
			return nil, errors.New("the directive " + name + " twice")
		}
		p[name] = words[1:]
	}
	return p, nil
}

// checkSources returns an error if a fetch directive has a source that a path
// of that kind may not use.
func (p Policy) checkSources(k kind) error {
	for _, directive := range fetchDirectives {
		sources := p[directive]
		if len(sources) > 1 && slices.Contains(sources, "'none'") {
			return errors.New(directive + " with 'none' beside another source")
		}
		for _, source := range sources {
			if !isSource(source) && !(k == workerKind && directive == "script-src" && source == "'wasm-unsafe-eval'") {
				return errors.New(directive + " with a source other than 'self', 'none' or a hash")
			}
		}
	}
	return nil
}

func isSource(source string) bool {
	if source == "'self'" || source == "'none'" {
		return true
	}
	for _, algorithm := range []string{"'sha256-", "'sha384-", "'sha512-"} {
		if hash, ok := strings.CutPrefix(source, algorithm); ok {
			hash, ok = strings.CutSuffix(hash, "'")
			const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
			return ok && hash != "" && strings.Trim(hash, base64) == ""
		}
	}
	return false
}

// IsInert says whether no script can run in a document with this policy. A
// policy that does not parse, or names any source, is taken for one where
// scripts can.
func IsInert(value string) bool {
	p, err := ParsePolicy(value)
	if err != nil || !slices.Equal(p["default-src"], []string{"'none'"}) {
		return false
	}
	for _, directive := range []string{"script-src", "script-src-elem", "script-src-attr", "worker-src"} {
		if sources, ok := p[directive]; ok && !slices.Equal(sources, []string{"'none'"}) {
			return false
		}
	}
	return true
}
