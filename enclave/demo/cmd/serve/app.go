// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// mediaTypes is every sort of file that the demo consists of.
var mediaTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".svg":         "image/svg+xml",
	".webmanifest": "application/manifest+json",
	".json":        "application/json",
}

// policy is the app's Content-Security-Policy. The one %s is the enclave's
// origin: the only page that may be framed, and the only thing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; frame-src %s; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types demo-offline"

// loadDemo reads the demo in dir and returns the site that embeds the enclave
// at the origin enclave.
func loadDemo(dir, enclave string) (site, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	served := site{}
	for _, entry := range entries {
		kind, known := mediaTypes[filepath.Ext(entry.Name())]
		if !known {
			return nil, fmt.Errorf("%s: expected only html, js, css, svg, webmanifest and json files", entry.Name())
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		served["/"+entry.Name()] = page{content, demoHeaders(kind, enclave)}
	}
	index, ok := served["/index.html"]
	if !ok {
		return nil, fmt.Errorf("expected an index.html in %s", dir)
	}
	served["/"] = index
	config, err := json.Marshal(map[string]string{"enclave": enclave + "/"})
	if err != nil {
		return nil, err
	}
	served["/config.json"] = page{config, demoHeaders(mediaTypes[".json"], enclave)}
	return served, nil
}

func demoHeaders(mediaType, enclave string) map[string]string {
	delegated := `=("` + enclave + `")`
	features := []string{
		"publickey-credentials-get" + delegated,
		"publickey-credentials-create" + delegated,
		"camera=()", "microphone=()", "geolocation=()", "payment=()",
	}
	return map[string]string{
		"content-type":            mediaType,
		"content-security-policy": fmt.Sprintf(policy, enclave),
		"permissions-policy":      strings.Join(features, ", "),
		// With plain same-origin the enclave could not speak to a window that it opens for a ceremony.
		"cross-origin-opener-policy":   "same-origin-allow-popups",
		"cross-origin-resource-policy": "same-origin",
		"referrer-policy":              "no-referrer",
		"x-content-type-options":       "nosniff",
		"cache-control":                "no-cache",
	}
}
