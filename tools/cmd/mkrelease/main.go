// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command mkrelease is the action behind the enclave_release rule: it assembles a release and writes it
// as a folder, as a tar archive, and as what an app's build needs (release.json and release.ts).
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/tools/assemble"
	"ats.run/kms-enclave/tools/gomodules"
	"ats.run/kms-enclave/tools/provenance"
	"ats.run/kms-enclave/tools/sbom"
)

// ownModules is the prefix of this repository's Go modules.
const ownModules = "ats.run/kms-enclave"

type flags struct {
	in                                     assemble.Input
	wasm, document, style, version         string
	strength, packages                     string
	licenses, sums, pins                   list
	outFolder, outTar, outManifest, outPin string
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "mkrelease:", err)
		os.Exit(1)
	}
}

func parse() *flags {
	var f flags
	flag.StringVar(&f.version, "version", "", "file with the version of the release")
	flag.IntVar(&f.in.Protocol, "protocol", 0, "version of the channel protocol")
	flag.StringVar(&f.in.Source.Repository, "repository", "", "URL of the source repository")
	flag.StringVar(&f.in.Source.Commit, "commit", release.Unreleased, "commit of the source")
	flag.StringVar(&f.in.GoVersion, "go_version", "", "version of the Go SDK")
	flag.StringVar(&f.in.WASMExecPath, "wasm_exec", "", "wasm_exec.js of the SDK")
	flag.StringVar(&f.in.WorkerPath, "worker", "", "entry of the worker")
	flag.StringVar(&f.in.FramePath, "frame", "", "entry of the frame")
	flag.StringVar(&f.wasm, "wasm", "", "the enclave's WebAssembly")
	flag.StringVar(&f.document, "document", "", "template of index.html")
	flag.StringVar(&f.style, "style", "", "style sheet")
	flag.StringVar(&f.strength, "strength", "", "script that rates passphrases; optional")
	flag.StringVar(&f.packages, "packages", "", "list of the npm packages in it, laid out as third_party/zxcvbn/packages.txt")
	flag.Var(&f.licenses, "license", "license text; may be repeated")
	flag.Var(&f.sums, "go_sum", "go.sum; may be repeated")
	flag.Var(&f.pins, "pins", "file of pinned modules, laid out as third_party/bazel/modules.txt; may be repeated")
	flag.StringVar(&f.outFolder, "out_folder", "", "folder to write the release to")
	flag.StringVar(&f.outTar, "out_tar", "", "archive to write")
	flag.StringVar(&f.outManifest, "out_manifest", "", "release.json to write")
	flag.StringVar(&f.outPin, "out_pin", "", "release.ts to write")
	flag.Parse()
	return &f
}

func run() error {
	f := parse()
	if err := f.read(); err != nil {
		return err
	}
	r, err := assemble.New(f.in)
	if err != nil {
		return err
	}
	return f.write(r)
}

// read fills the input from the files that the flags name.
func (f *flags) read() error {
	version, err := os.ReadFile(f.version)
	if err != nil {
		return err
	}
	f.in.Version = strings.TrimSuffix(string(version), "\n")
	if f.in.WASM, err = os.ReadFile(f.wasm); err != nil {
		return err
	}
	if f.in.Document, err = os.ReadFile(f.document); err != nil {
		return err
	}
	if f.in.Style, err = os.ReadFile(f.style); err != nil {
		return err
	}
	if f.strength != "" {
		if f.in.Strength, err = os.ReadFile(f.strength); err != nil {
			return err
		}
	}
	for _, path := range f.licenses {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if len(f.in.License) > 0 {
			f.in.License = append(f.in.License, "\n----\n\n"...)
		}
		f.in.License = append(f.in.License, text...)
	}
	var sums [][]byte
	for _, path := range f.sums {
		sum, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sums = append(sums, sum)
	}
	if f.in.Modules, err = gomodules.Of(f.in.WASM, ownModules, sums...); err != nil {
		return err
	}
	return f.dependencies()
}

// dependencies gathers what the build read beside the source: Go modules, Bazel modules, the SDKs.
func (f *flags) dependencies() error {
	for _, m := range f.in.Modules {
		f.add(m.PURL(), provenance.DirHash1(m.H1))
	}
	if err := f.readPackages(); err != nil {
		return err
	}
	for _, p := range f.in.Packages {
		f.add(p.PURL(), map[string]string{"sha512": p.SHA512})
	}
	for _, path := range f.pins {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) == 0 || fields[0] == "#" {
				continue
			}
			if len(fields) != 5 {
				return fmt.Errorf("%s: expected five fields in a line, found %d", path, len(fields))
			}
			f.add("pkg:golang/"+fields[2]+"@"+fields[3], map[string]string{"sha256": fields[4]})
		}
	}
	return nil
}

// readPackages reads lines of a name, a version, a hash and a licence.
func (f *flags) readPackages() error {
	if f.packages == "" {
		return nil
	}
	text, err := os.ReadFile(f.packages)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		if len(fields) != 4 {
			return fmt.Errorf("%s: expected four fields in a line, found %d", f.packages, len(fields))
		}
		f.in.Packages = append(f.in.Packages, sbom.Package{Name: fields[0], Version: fields[1], SHA512: fields[2], License: fields[3]})
	}
	return nil
}

func (f *flags) add(uri string, digest map[string]string) {
	f.in.Dependencies = append(f.in.Dependencies, provenance.Dependency{URI: uri, Digest: digest})
}

func (f *flags) write(r *assemble.Release) error {
	for path, content := range r.Files {
		name := filepath.Join(f.outFolder, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return err
		}
	}
	archive, err := assemble.Tar(r.Files)
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.outTar, archive, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(f.outManifest, r.Files[release.ManifestPath], 0o644); err != nil {
		return err
	}
	return os.WriteFile(f.outPin, r.Pin(), 0o644)
}
