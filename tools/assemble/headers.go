// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"sort"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/waict"
)

// The policies of DESIGN: nothing but the release's own files, no inline code, no blob:, Trusted Types.
const (
	documentCSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; " +
		"base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types kms-enclave; frame-ancestors "
	entryCSP  = documentCSP + release.EmbeddersPlaceholder
	windowCSP = documentCSP + "'none'"
	workerCSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; " +
		"require-trusted-types-for 'script'; trusted-types 'none'"
	dataCSP = "default-src 'none'; frame-ancestors 'none'; sandbox"

	// Keys may be asked of the person here and nowhere else; every other feature is off.
	permissions = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), encrypted-media=(), " +
		"fullscreen=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), " +
		"picture-in-picture=(), publickey-credentials-create=(self), publickey-credentials-get=(self), " +
		"screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"

	immutable = "public, max-age=31536000, immutable"
	fresh     = "no-cache"
)

// headerRules returns one rule for each path that is or may be served: the media types and caching of files
// differ, and a rule that names its paths one by one leaves nothing to a host's pattern language. Documents
// name the WAICT manifest.
func headerRules(files []release.File, manifest string) []release.HeaderRule {
	var rules []release.HeaderRule
	for _, f := range files {
		if f.Role == release.RoleHosting {
			continue
		}
		rules = append(rules, rule(f.Path, headersOf(f, manifest)))
	}
	for _, path := range append(release.CompanionPaths(),
		release.ManifestPath, release.ProvenancePath, release.DeploymentPath, release.ChecksumsPath) {
		rules = append(rules, rule(path, unlistedHeaders(path)))
	}
	sort.Slice(rules, func(i, j int) bool { return rules[i].Paths[0] < rules[j].Paths[0] })
	return rules
}

func rule(path string, headers map[string]string) release.HeaderRule {
	r := release.HeaderRule{Paths: []string{path}}
	for name, value := range headers {
		r.Headers = append(r.Headers, release.Header{Name: name, Value: value})
	}
	sort.Slice(r.Headers, func(i, j int) bool { return r.Headers[i].Name < r.Headers[j].Name })
	return r
}

func headersOf(f release.File, manifest string) map[string]string {
	switch f.Role {
	case release.RoleDocument:
		h := common(f.MediaType, fresh, entryCSP)
		if f.Path == window {
			// It speaks with the frame that opened it, which a page of another origin embeds.
			h = common(f.MediaType, fresh, windowCSP)
			h["cross-origin-opener-policy"] = "unsafe-none"
		}
		h["cross-origin-resource-policy"] = "cross-origin" // for embedders that isolate themselves (COEP)
		h["permissions-policy"] = permissions
		h["integrity-policy"] = "blocked-destinations=(script)"
		h[waict.HeaderName] = waict.PolicyOf(manifest).String() // docs/browsers.md says why in this form
		return h
	case release.RoleWorker:
		return common(f.MediaType, immutable, workerCSP)
	case release.RoleScript, release.RoleWasm, release.RoleStyle:
		return common(f.MediaType, immutable, dataCSP)
	case release.RoleWAICT:
		return common(f.MediaType, immutable, dataCSP) // its address has its hash
	default:
		return dataHeaders(f.MediaType)
	}
}

// unlistedHeaders are the headers of what no manifest lists. Apps of any origin may read what says which
// release this is and who vouches for it.
func unlistedHeaders(path string) map[string]string {
	h := dataHeaders(release.UnlistedMediaType(path))
	if path == release.ManifestPath || strings.HasPrefix(path, release.EvidenceFolder) {
		h["access-control-allow-origin"] = "*"
		h["cross-origin-resource-policy"] = "cross-origin"
	}
	return h
}

func dataHeaders(mediaType string) map[string]string {
	return common(mediaType, fresh, dataCSP)
}

// common are the headers of every response.
func common(mediaType, cache, csp string) map[string]string {
	return map[string]string{
		"cache-control":                cache,
		"content-security-policy":      csp,
		"content-type":                 mediaType,
		"cross-origin-embedder-policy": "require-corp",
		"cross-origin-opener-policy":   "same-origin",
		"cross-origin-resource-policy": "same-origin",
		"origin-agent-cluster":         "?1",
		"referrer-policy":              "no-referrer",
		"strict-transport-security":    "max-age=63072000; includeSubDomains",
		"x-content-type-options":       "nosniff",
	}
}
