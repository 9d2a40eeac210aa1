// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package sbom writes the bill of materials of a release: CycloneDX 1.6 JSON, without serial number and
// time, so that equal releases have equal bytes.
package sbom

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/tools/gomodules"
)

// Contents is what a release is made of.
type Contents struct {
	Source    release.Source
	GoVersion string             // of the SDK whose standard library and wasm_exec.js are in it, such as 1.26.8
	Modules   []gomodules.Module // linked into the WebAssembly
	Packages  []Package          // of npm, in scripts
	Files     []release.File     // the code files that carry them
}

// Package is a package of npm.
type Package struct {
	Name    string // such as @scope/name
	Version string
	SHA512  string // of its archive, in hexadecimal
	License string // SPDX identifier
}

// PURL returns the package URL, in which the scope's @ is escaped.
func (p Package) PURL() string {
	return "pkg:npm/" + strings.Replace(p.Name, "@", "%40", 1) + "@" + p.Version
}

const rootRef = "kms-enclave"

// JSON returns the document's bytes.
func JSON(c Contents) ([]byte, error) {
	bom := cdx.NewBOM()
	bom.SpecVersion = cdx.SpecVersion1_6
	bom.SerialNumber = ""
	bom.Metadata = &cdx.Metadata{
		Component: &cdx.Component{
			BOMRef:  rootRef,
			Type:    cdx.ComponentTypeApplication,
			Name:    "kms-enclave",
			Version: c.Source.Commit,
			Licenses: &cdx.Licenses{
				{License: &cdx.License{ID: "Apache-2.0"}},
			},
			ExternalReferences: &[]cdx.ExternalReference{
				{Type: cdx.ERTypeVCS, URL: c.Source.Repository},
			},
		},
	}
	components := []cdx.Component{goStandardLibrary(c.GoVersion)}
	for _, m := range c.Modules {
		components = append(components, module(m))
	}
	for _, p := range c.Packages {
		components = append(components, npmPackage(p))
	}
	var refs []string
	for _, component := range components {
		refs = append(refs, component.BOMRef)
	}
	for _, f := range c.Files {
		components = append(components, file(f))
	}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: rootRef, Dependencies: &refs}}

	var b bytes.Buffer
	encoder := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON)
	encoder.SetPretty(true)
	if err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("writing the bill of materials: %w", err)
	}
	return b.Bytes(), nil
}

func goStandardLibrary(version string) cdx.Component {
	purl := "pkg:golang/std@" + version
	return cdx.Component{
		BOMRef:      purl,
		Type:        cdx.ComponentTypeLibrary,
		Name:        "std",
		Version:     version,
		PackageURL:  purl,
		Description: "Go standard library, runtime and wasm_exec.js",
		Licenses:    &cdx.Licenses{{License: &cdx.License{ID: "BSD-3-Clause"}}},
	}
}

// module has its go.sum hash as a property: a hash of a directory is none of CycloneDX's hash kinds.
func module(m gomodules.Module) cdx.Component {
	return cdx.Component{
		BOMRef:     m.PURL(),
		Type:       cdx.ComponentTypeLibrary,
		Name:       m.Path,
		Version:    m.Version,
		PackageURL: m.PURL(),
		Properties: &[]cdx.Property{
			{Name: "go:sum", Value: "h1:" + base64.StdEncoding.EncodeToString(m.H1)},
		},
	}
}

func npmPackage(p Package) cdx.Component {
	return cdx.Component{
		BOMRef:     p.PURL(),
		Type:       cdx.ComponentTypeLibrary,
		Name:       p.Name,
		Version:    p.Version,
		PackageURL: p.PURL(),
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA512, Value: p.SHA512}},
		Licenses:   &cdx.Licenses{{License: &cdx.License{ID: p.License}}},
	}
}

func file(f release.File) cdx.Component {
	return cdx.Component{
		BOMRef: "file:" + f.Path,
		Type:   cdx.ComponentTypeFile,
		Name:   f.Path,
		Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: f.SHA256}},
	}
}
