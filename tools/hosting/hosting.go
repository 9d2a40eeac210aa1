// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package hosting writes the header rules of a release as configuration for common hosts.
//
// The operator's embedders are not part of a release. Where a host's language has variables the
// configuration names one; in a _headers file the placeholder stays, which a browser reads as an invalid
// source and so as frame-ancestors 'none' until the operator fills it in.
package hosting

import (
	"strings"

	"ats.run/kms-enclave/kmslib/release"
)

// Files returns the configuration files by path: _headers, nginx.conf and Caddyfile. Entry is the document
// that is served at "/".
func Files(rules []release.HeaderRule, entry string) map[string][]byte {
	return map[string][]byte{
		"_headers":   []byte(headersFile(rules, entry)),
		"nginx.conf": []byte(nginx(rules, entry)),
		"Caddyfile":  []byte(caddy(rules, entry)),
	}
}

// urlPaths are the paths of a rule as a request has them.
func urlPaths(rule release.HeaderRule, entry string) []string {
	var paths []string
	for _, p := range rule.Paths {
		if p == entry {
			paths = append(paths, "/")
		}
		paths = append(paths, "/"+p)
	}
	return paths
}

// headersFile is the format of Netlify and Cloudflare Pages: a path, then indented headers.
func headersFile(rules []release.HeaderRule, entry string) string {
	var b strings.Builder
	b.WriteString("# Put the origins that may embed the enclave, separated by spaces, in place of " +
		release.EmbeddersPlaceholder + ";\n# the same ones as in deployment.json.\n")
	for _, rule := range rules {
		for _, path := range urlPaths(rule, entry) {
			b.WriteString("\n" + path + "\n")
			for _, h := range rule.Headers {
				b.WriteString("  " + h.Name + ": " + h.Value + "\n")
			}
		}
	}
	return b.String()
}

// nginx is a server's content: one exact location a path, everything else 404.
func nginx(rules []release.HeaderRule, entry string) string {
	var b strings.Builder
	b.WriteString("# Include this in the server block of the enclave's own host, after\n" +
		"#   root /path/of/the/release;\n" +
		"#   set $kms_embedders \"https://app.example\";   # the origins in deployment.json, separated by spaces\n" +
		"# Compression may be on (gzip_static, brotli_static); the browser checks the decoded bytes.\n" +
		"types { }\nlocation / {\n    default_type text/plain;\n    return 404 \"not found\\n\";\n}\n")
	for _, rule := range rules {
		for _, path := range urlPaths(rule, entry) {
			b.WriteString("\nlocation = " + path + " {\n")
			if path == "/" {
				b.WriteString("    try_files /" + entry + " =404;\n")
			}
			for _, h := range rule.Headers {
				value := strings.ReplaceAll(h.Value, release.EmbeddersPlaceholder, "$kms_embedders")
				if h.Name == "content-type" {
					b.WriteString("    default_type \"" + value + "\";\n")
					continue
				}
				b.WriteString("    add_header " + h.Name + " \"" + strings.ReplaceAll(value, "\"", "\\\"") + "\" always;\n")
			}
			b.WriteString("}\n")
		}
	}
	return b.String()
}

// caddy is a site block's content.
func caddy(rules []release.HeaderRule, entry string) string {
	var b strings.Builder
	b.WriteString("# Import this in the site block of the enclave's own host, after\n" +
		"#   root * /path/of/the/release\n" +
		"# with the environment variable KMS_EMBEDDERS set to the origins in deployment.json, separated by spaces.\n")
	for _, rule := range rules {
		b.WriteString("\n@kms_" + name(rule) + " path " + strings.Join(urlPaths(rule, entry), " ") + "\n")
		b.WriteString("header @kms_" + name(rule) + " {\n")
		for _, h := range rule.Headers {
			value := strings.ReplaceAll(h.Value, release.EmbeddersPlaceholder, "{$KMS_EMBEDDERS}")
			b.WriteString("    " + h.Name + " `" + value + "`\n")
		}
		b.WriteString("}\n")
	}
	b.WriteString("\n@kms_served path")
	for _, rule := range rules {
		b.WriteString(" " + strings.Join(urlPaths(rule, entry), " "))
	}
	b.WriteString("\nhandle @kms_served {\n    file_server\n}\nhandle {\n    respond 404\n}\n")
	return b.String()
}

// name is a rule's first path as a matcher name.
func name(rule release.HeaderRule) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, rule.Paths[0])
}
