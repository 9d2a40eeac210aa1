// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import _ "embed"

//go:embed roots/public-good.json
var publicGood []byte

// embedded are the roots in this program, each by choice.
var embedded = []struct {
	name string
	json []byte
}{{"public-good", publicGood}}
