// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"bytes"
	"fmt"
	"regexp"
)

var placeholder = regexp.MustCompile(`\{\{([a-z.]+)\}\}`)

// fill replaces each {{name}} of a template by its value. A name without a value is an error. Values are
// paths and integrity strings of our own making, which need no escaping in an attribute.
func fill(template []byte, values map[string]string) ([]byte, error) {
	var unknown []byte
	out := placeholder.ReplaceAllFunc(template, func(match []byte) []byte {
		name := bytes.Trim(match, "{}")
		value, ok := values[string(name)]
		if !ok {
			unknown = name
		}
		return []byte(value)
	})
	if unknown != nil {
		return nil, fmt.Errorf("the document's template names {{%s}}, which is not among its values", unknown)
	}
	return out, nil
}
