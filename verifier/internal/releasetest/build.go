// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasetest

import (
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/waict"
	"ats.run/kms-enclave/kmslib/webcat"
)

// What the small release says about itself.
const (
	Version    = "1.2.3"
	Repository = "https://git.example/kms-enclave"
	Commit     = "0123456789abcdef0123456789abcdef01234567"
)

const documentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; " +
	"connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors {embedders}; require-trusted-types-for 'script'; trusted-types kms-worker"

const workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; " +
	"require-trusted-types-for 'script'"

const (
	inertPolicy = "default-src 'none'; frame-ancestors 'none'"
	immutable   = "public, max-age=31536000, immutable"
)

// builder assembles the small release.
type builder struct {
	files    Release
	manifest release.Manifest
}

// add adds a listed file and returns its entry.
func (b *builder) add(path string, role release.Role, content string) release.File {
	b.files[path] = []byte(content)
	f := release.Describe(path, role, []byte(content))
	b.manifest.Files = append(b.manifest.Files, f)
	return f
}

// addNamed adds a file that is named by its content.
func (b *builder) addNamed(stem, extension string, role release.Role, content string) release.File {
	return b.add(release.ContentName(stem, extension, []byte(content)), role, content)
}

// Build returns a small but complete release, always the same.
func Build(t testing.TB) Release {
	t.Helper()
	b := &builder{files: make(Release), manifest: release.Manifest{
		Version:  Version,
		Protocol: 1,
		Source:   release.Source{Repository: Repository, Commit: Commit},
		Entry:    "index.html",
	}}
	wasm := b.addNamed("enclave", "wasm", release.RoleWasm, "\x00asm\x01\x00\x00\x00")
	worker := b.addNamed("worker", "js", release.RoleWorker,
		"const wasm=\"./"+wasm.Path+"\",integrity=\""+wasm.Integrity+"\";fetch(wasm,{integrity});\n")
	frame := b.addNamed("frame", "js", release.RoleScript,
		"const worker={url:\""+worker.Path+"\",integrity:\""+worker.Integrity+"\"};new Worker(worker.url);\n")
	style := b.addNamed("style", "css", release.RoleStyle, "body{margin:0}\n")
	b.add("index.html", release.RoleDocument, document(frame, style))
	b.add("icon.svg", release.RoleIcon, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n")
	b.add("LICENSE.txt", release.RoleLicense, "Apache License, Version 2.0\n")
	b.add("sbom.cdx.json", release.RoleSBOM, billOfMaterials)
	b.add("sri.json", release.RoleSRI, string(release.SRI(b.manifest.Files)))
	b.addBrowserManifests(t)
	b.addHosting()
	b.files.SetManifest(t, &b.manifest)
	b.files.UpdateProvenance(t)
	b.files.UpdateChecksums(t)
	return b.files
}

func document(frame, style release.File) string {
	return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>KMS</title>\n" +
		"<link rel=\"icon\" href=\"icon.svg\">\n" +
		"<link rel=\"stylesheet\" href=\"" + style.Path + "\" integrity=\"" + style.Integrity + "\">\n" +
		"<script type=\"module\" src=\"" + frame.Path + "\" integrity=\"" + frame.Integrity + "\"></script>\n" +
		"</head>\n<body></body>\n</html>\n"
}

const billOfMaterials = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,` +
	`"metadata":{"component":{"type":"application","name":"kms-enclave","bom-ref":"kms-enclave"}},` +
	`"components":[{"type":"library","name":"std","version":"1.26.8","purl":"pkg:golang/std@1.26.8","bom-ref":"std"}],` +
	`"dependencies":[{"ref":"kms-enclave","dependsOn":["std"]}]}`

// addBrowserManifests adds what browsers and embedders read, and sets the rules.
func (b *builder) addBrowserManifests(t testing.TB) {
	active := waict.Of(&b.manifest)
	draft := b.add(release.WAICTName(waict.Stem, false, active.Marshal()), release.RoleWAICT, string(active.Marshal()))
	firefox := active.MarshalFirefox()
	b.add(release.WAICTName(waict.Stem, true, firefox), release.RoleWAICT, string(firefox))
	entry, _ := b.manifest.File(b.manifest.Entry)
	embed, err := release.EmbedOf(entry).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	b.add(release.EmbedPath, release.RoleEmbed, string(embed))
	b.manifest.Headers = b.rules(waict.PolicyOf(draft.Path).String())
	extension, err := webcat.Of(&b.manifest)
	if err != nil {
		t.Fatal(err)
	}
	content, err := extension.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	b.add(release.WebcatManifestPath, release.RoleWebcat, string(content))
}

// rules returns one header rule for each kind of path.
func (b *builder) rules(waictPolicy string) []release.HeaderRule {
	var documents, workers, code, rest []string
	shared := []string{release.ManifestPath, release.AttestationsPath, release.UpdateProofPath}
	for _, f := range b.manifest.Files {
		switch f.Role {
		case release.RoleDocument:
			documents = append(documents, f.Path)
		case release.RoleWorker:
			workers = append(workers, f.Path)
		case release.RoleScript, release.RoleWasm, release.RoleStyle:
			code = append(code, f.Path)
		default:
			rest = append(rest, f.Path)
		}
	}
	rest = append(rest, release.ProvenancePath, release.ChecksumsPath,
		release.WebcatManifestPath, release.WebcatEnrollmentPath, release.WebcatBundlePath)
	slices.Sort(rest)
	pages := rule(documents, documentPolicy, "no-cache")
	pages.Headers = append(pages.Headers, release.Header{Name: waict.HeaderName, Value: waictPolicy})
	evidence := rule(shared, inertPolicy, "no-cache")
	evidence.Headers[2].Value = "cross-origin"
	evidence.Headers = append(evidence.Headers, release.Header{Name: "access-control-allow-origin", Value: "*"})
	return []release.HeaderRule{
		pages,
		evidence,
		rule(workers, workerPolicy, immutable),
		rule(code, inertPolicy, immutable),
		rule(rest, inertPolicy, "no-cache"),
	}
}

func rule(paths []string, policy, cache string) release.HeaderRule {
	headers := []release.Header{
		{Name: "cache-control", Value: cache},
		{Name: "content-security-policy", Value: policy},
		{Name: "cross-origin-resource-policy", Value: "same-origin"},
		{Name: "referrer-policy", Value: "no-referrer"},
		{Name: "x-content-type-options", Value: "nosniff"},
	}
	if policy == documentPolicy {
		headers[2].Value = "cross-origin"
		headers = slices.Insert(headers, 2, release.Header{Name: "cross-origin-opener-policy", Value: "same-origin"})
	}
	return release.HeaderRule{Paths: paths, Headers: headers}
}

// addHosting adds host configurations in three syntaxes.
func (b *builder) addHosting() {
	var flat, nginx, caddy strings.Builder
	for _, rule := range b.manifest.Headers {
		for _, path := range rule.Paths {
			flat.WriteString("/" + path + "\n")
			nginx.WriteString("location = /" + path + " {\n")
			caddy.WriteString("header /" + path + " {\n")
			for _, h := range rule.Headers {
				flat.WriteString("  " + h.Name + ": " + h.Value + "\n")
				nginx.WriteString("  add_header " + h.Name + " \"" + h.Value + "\" always;\n")
				caddy.WriteString("  " + h.Name + " \"" + h.Value + "\"\n")
			}
			nginx.WriteString("}\n")
			caddy.WriteString("}\n")
		}
	}
	b.add("_headers", release.RoleHosting, flat.String())
	b.add("nginx.conf", release.RoleHosting, nginx.String())
	b.add("Caddyfile", release.RoleHosting, caddy.String())
}
