// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

// Check records whether data, the file at path, names what it must, and
// whether what it says about files agrees with their descriptions.
func Check(report *verdict.Report, path string, data []byte, files map[string]release.File) {
	const advice = "Do not use this copy: its list of components is not to be relied on."
	bill, err := Parse(data)
	if err != nil {
		report.Refute(verdict.SBOM, path, "a CycloneDX bill of materials", err.Error(), advice)
		return
	}
	hasStandard := slices.ContainsFunc(bill.Components, func(c Component) bool {
		return strings.HasPrefix(c.PURL, Standard)
	})
	if !hasStandard {
		report.Refute(verdict.SBOM, path, "a component with a purl that begins with "+Standard, "none", advice)
		return
	}
	agrees := true
	for _, c := range bill.Components {
		file, ok := files[c.Name]
		if c.Type != "file" || !ok || c.SHA256 == file.SHA256 {
			continue
		}
		agrees = false
		report.Refute(verdict.SBOM, c.Name, "sha256 "+file.SHA256, "in "+path+": "+verdict.Quote(cmp.Or(c.SHA256, "none")), advice)
	}
	if agrees {
		report.Pass(verdict.SBOM, path)
	}
}
