// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package hosting

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
)

var rules = []release.HeaderRule{
	{Paths: []string{"a.js"}, Headers: []release.Header{{Name: "cache-control", Value: "no-cache"}}},
	{Paths: []string{"index.html"}, Headers: []release.Header{
		{Name: "content-security-policy", Value: "frame-ancestors " + release.EmbeddersPlaceholder},
		{Name: "content-type", Value: "text/html; charset=utf-8"},
		{Name: "x-quoted", Value: "say \"this\""},
	}},
	{Paths: []string{".well-known/waict/manifests/enclave_A-_b"}, Headers: []release.Header{
		{Name: "content-type", Value: "application/waict-integrity-manifest"},
	}},
	{Paths: []string{release.AttestationsPath}, Headers: []release.Header{
		{Name: "access-control-allow-origin", Value: "*"},
		{Name: "content-type", Value: "application/jsonl"},
	}},
}

// The servers themselves judge the syntax in enclave/hostingtest; here it is what each must say.
func TestEveryHostGetsEveryHeaderOfEveryPath(t *testing.T) {
	for file, wants := range map[string][]string{
		"_headers": {
			"\n/\n  content-security-policy: frame-ancestors {embedders}\n",
			"\n/index.html\n  content-security-policy: frame-ancestors {embedders}\n",
			"\n/a.js\n  cache-control: no-cache\n",
			"\n/.well-known/waict/manifests/enclave_A-_b\n  content-type: application/waict-integrity-manifest\n",
			"\n/.well-known/kms-enclave/attestations.jsonl\n  access-control-allow-origin: *\n",
		},
		"nginx.conf": {
			"location = /a.js {\n    add_header cache-control \"no-cache\" always;\n}",
			"location = / {\n    try_files /index.html =404;\n",
			"add_header content-security-policy \"frame-ancestors $kms_embedders\" always;",
			"default_type \"text/html; charset=utf-8\";",
			"add_header x-quoted \"say \\\"this\\\"\" always;",
			"location / {\n    default_type text/plain;\n    return 404",
			"location = /.well-known/waict/manifests/enclave_A-_b {\n    default_type \"application/waict-integrity-manifest\";\n}",
			"location = /.well-known/kms-enclave/attestations.jsonl {\n    add_header access-control-allow-origin \"*\" always;\n",
		},
		"Caddyfile": {
			"@kms_index_html path / /index.html\n",
			"    content-security-policy `frame-ancestors {$KMS_EMBEDDERS}`\n",
			"    x-quoted `say \"this\"`\n",
			"@kms__well_known_waict_manifests_enclave_A__b path /.well-known/waict/manifests/enclave_A-_b\n",
			"    content-type `application/jsonl`\n",
			" /.well-known/kms-enclave/attestations.jsonl\nhandle @kms_served",
			"handle {\n    respond 404\n}",
		},
	} {
		content := string(Files(rules, "index.html")[file])
		for _, want := range wants {
			if !strings.Contains(content, want) {
				t.Errorf("%s has no %q:\n%s", file, want, content)
			}
		}
	}
}
