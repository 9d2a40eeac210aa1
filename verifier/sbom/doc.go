// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package sbom reads the list of components of a release, a CycloneDX bill of
// materials in JSON, and checks that it names what it must.
//
// Required, beyond being JSON as package wire reads it:
//
//	bomFormat           "CycloneDX"
//	specVersion         "1.5", "1.6" or "1.7"
//	version             1
//	metadata.component  the release itself: type "application" and a name;
//	                    metadata has no timestamp, which would differ by build
//	components          1 or more, each with type and name, a version unless it
//	                    is a file, and a bom-ref and purl that no other has, if
//	                    any; one has a purl that begins with Standard
//	dependencies        optional; refs and dependsOn name bom-refs of the above
//
// A component of type "file" whose name is the path of a file in release.json
// must give its SHA-256. Whatever else CycloneDX allows may be there.
//
// Example:
//
//	{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
//	 "metadata":{"component":{"type":"application","name":"kms-enclave","bom-ref":"kms-enclave"}},
//	 "components":[{"type":"library","name":"std","version":"1.26.8",
//	                "purl":"pkg:golang/std@1.26.8","bom-ref":"pkg:golang/std@1.26.8"}],
//	 "dependencies":[{"ref":"kms-enclave","dependsOn":["pkg:golang/std@1.26.8"]}]}
package sbom
