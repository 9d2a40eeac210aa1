// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import _ "embed" // the schemas

// The schemas of the JSON forms, JSON Schema draft 2020-12.
var (
	//go:embed verdict.schema.json
	ReportJSONSchema string // of Schema
	//go:embed bundle.schema.json
	BundleJSONSchema string // of BundleSchema
)
