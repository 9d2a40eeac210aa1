// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package assemble puts a release of the enclave together: from the WebAssembly, the shell's TypeScript and
// the document's template to the folder that kmslib/release specifies.
//
// Each file names the next one with its hash: index.html the frame, the frame the worker, the worker the
// WebAssembly. So the work goes from the inside out, and equal inputs give equal bytes.
package assemble

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/waict"
	"ats.run/kms-enclave/kmslib/webcat"
	"ats.run/kms-enclave/tools/bundle"
	"ats.run/kms-enclave/tools/gomodules"
	"ats.run/kms-enclave/tools/hosting"
	"ats.run/kms-enclave/tools/provenance"
	"ats.run/kms-enclave/tools/sbom"
)

const (
	entry       = "index.html"
	window      = "window.html" // the same document for a window of the enclave's own, with other headers
	sbomPath    = "sbom.cdx.json"
	sriPath     = "sri.json"
	licensePath = "LICENSE.txt"
)

// Input is what a release is made of. Paths are of files that esbuild reads.
type Input struct {
	Version      string         // such as 0.5.0
	Protocol     int            // version of the channel protocol
	Source       release.Source // repository and commit
	WASM         []byte         // the enclave's program
	WASMExecPath string         // wasm_exec.js of the SDK that built it
	WorkerPath   string         // entry of the worker's TypeScript
	FramePath    string         // entry of the frame's TypeScript
	Document     []byte         // template of index.html
	Style        []byte         // style.css
	Strength     []byte         // script that rates passphrases; nil for none
	License      []byte         // LICENSE, then those of what is linked in
	GoVersion    string         // of the SDK, such as 1.26.8
	Modules      []gomodules.Module
	Packages     []sbom.Package          // of npm, in Strength
	Dependencies []provenance.Dependency // what else the build read
}

// Release is a release folder and what an app's build pins of it.
type Release struct {
	Files    map[string][]byte // path → content
	Manifest *release.Manifest
	Digest   string // the release digest
}

// assembly gathers files in the order in which they come to be.
type assembly struct {
	contents map[string][]byte
	files    []release.File
}

func (a *assembly) add(path string, role release.Role, content []byte) release.File {
	f := release.Describe(path, role, content)
	a.contents[path] = content
	a.files = append(a.files, f)
	return f
}

func (a *assembly) addNamed(stem, extension string, role release.Role, content []byte) release.File {
	return a.add(release.ContentName(stem, extension, content), role, content)
}

// New assembles a release.
func New(in Input) (*Release, error) {
	if !release.IsVersion(in.Version) {
		return nil, fmt.Errorf("version %q: expected one of Semantic Versioning, such as 0.5.0", in.Version)
	}
	a := &assembly{contents: map[string][]byte{}}
	if err := a.addCode(in); err != nil {
		return nil, err
	}
	code := append([]release.File(nil), a.files...)
	a.add(licensePath, release.RoleLicense, in.License)
	a.add(sriPath, release.RoleSRI, release.SRI(code))
	materials, err := sbom.JSON(sbom.Contents{
		Source: in.Source, GoVersion: in.GoVersion, Modules: in.Modules, Packages: in.Packages, Files: code,
	})
	if err != nil {
		return nil, err
	}
	a.add(sbomPath, release.RoleSBOM, materials)

	m := &release.Manifest{Version: in.Version, Protocol: in.Protocol, Source: in.Source, Entry: entry}
	if err := a.addBrowserManifests(m); err != nil {
		return nil, err
	}
	for path, content := range hosting.Files(m.Headers, entry) {
		a.add(path, release.RoleHosting, content)
	}
	sort.Slice(a.files, func(i, j int) bool { return a.files[i].Path < a.files[j].Path })
	m.Files = a.files
	return a.finish(m, in.Dependencies)
}

// addBrowserManifests adds what browsers and embedders read, and sets the header rules: those of the
// documents name the WAICT manifest, and the WEBCAT manifest repeats what they say.
func (a *assembly) addBrowserManifests(m *release.Manifest) error {
	m.Files = a.files
	active := waict.Of(m)
	draft := a.add(release.WAICTName(waict.Stem, false, active.Marshal()), release.RoleWAICT, active.Marshal())
	firefox := active.MarshalFirefox()
	a.add(release.WAICTName(waict.Stem, true, firefox), release.RoleWAICT, firefox)
	document, _ := m.File(entry)
	embed, err := release.EmbedOf(document).Marshal()
	if err != nil {
		return fmt.Errorf("writing %s: %w", release.EmbedPath, err)
	}
	a.add(release.EmbedPath, release.RoleEmbed, embed)

	// Its headers do not depend on its content, which depends on all headers.
	placeholder := release.Describe(release.WebcatManifestPath, release.RoleWebcat, nil)
	m.Headers = headerRules(append(a.files[:len(a.files):len(a.files)], placeholder), draft.Path)
	m.Files = a.files
	extension, err := webcat.Of(m)
	if err != nil {
		return fmt.Errorf("writing %s: %w", release.WebcatManifestPath, err)
	}
	content, err := extension.Marshal()
	if err != nil {
		return fmt.Errorf("writing %s: %w", release.WebcatManifestPath, err)
	}
	a.add(release.WebcatManifestPath, release.RoleWebcat, content)
	return nil
}

// addCode adds the WebAssembly, worker, frame, style and document, each naming the one before.
func (a *assembly) addCode(in Input) error {
	wasm := a.addNamed("enclave", "wasm", release.RoleWasm, in.WASM)
	workerCode, err := bundle.Bundle(bundle.Config{
		Entry: in.WorkerPath,
		Alias: map[string]string{"wasm_exec": in.WASMExecPath},
		Constants: map[string]string{
			"WASM_URL": wasm.Path, "WASM_INTEGRITY": wasm.Integrity,
		},
	})
	if err != nil {
		return err
	}
	worker := a.addNamed("worker", "js", release.RoleWorker, workerCode)
	var strength release.File
	if in.Strength != nil {
		strength = a.addNamed("strength", "js", release.RoleScript, in.Strength)
	}
	frameCode, err := bundle.Bundle(bundle.Config{
		Entry:  in.FramePath,
		Module: true,
		Constants: map[string]string{
			"WASM_URL": wasm.Path, "WASM_INTEGRITY": wasm.Integrity,
			"WORKER_URL": worker.Path, "WORKER_INTEGRITY": worker.Integrity,
			"STRENGTH_URL": strength.Path, "STRENGTH_INTEGRITY": strength.Integrity,
			"WINDOW_URL": window,
		},
	})
	if err != nil {
		return err
	}
	frame := a.addNamed("frame", "js", release.RoleScript, frameCode)
	style := a.addNamed("style", "css", release.RoleStyle, in.Style)
	document, err := fill(in.Document, map[string]string{
		"frame.src": frame.Path, "frame.integrity": frame.Integrity,
		"style.src": style.Path, "style.integrity": style.Integrity,
		"wasm.src": wasm.Path, "wasm.integrity": wasm.Integrity,
		"worker.src": worker.Path, "worker.integrity": worker.Integrity,
	})
	if err != nil {
		return err
	}
	a.add(entry, release.RoleDocument, document)
	a.add(window, release.RoleDocument, document)
	return nil
}

// finish adds the files that the manifest does not list.
func (a *assembly) finish(m *release.Manifest, dependencies []provenance.Dependency) (*Release, error) {
	manifest, err := m.Marshal()
	if err != nil {
		return nil, fmt.Errorf("writing the manifest: %w", err)
	}
	statement, err := provenance.Statement(m, manifest, dependencies)
	if err != nil {
		return nil, err
	}
	a.contents[release.ManifestPath] = manifest
	a.contents[release.ProvenancePath] = statement
	a.contents[release.ChecksumsPath] = checksums(a.contents)
	return &Release{Files: a.contents, Manifest: m, Digest: release.Digest(manifest)}, nil
}

func checksums(contents map[string][]byte) []byte {
	var sums []release.Checksum
	for path, content := range contents {
		sum := sha256.Sum256(content)
		sums = append(sums, release.Checksum{Path: path, SHA256: hex.EncodeToString(sum[:])})
	}
	return release.MarshalChecksums(sums)
}
