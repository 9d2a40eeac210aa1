// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
)

// MaxItems is how many bundles are looked at. Each costs signature checks.
const MaxItems = 256

// Item is one bundle, as found. The name is for reports only.
type Item struct {
	Name string
	Data []byte
}

// Items returns the bundles in a release: signatures beside it by name, then
// the lines of attestations.jsonl that repeat none of them.
func Items(set *artifact.Set) []Item {
	var items []Item
	for _, name := range set.Names() {
		if data, ok := set.Content(name); ok && release.IsSignature(name) {
			items = append(items, Item{name, data})
		}
	}
	if data, ok := set.Content(release.AttestationsPath); ok {
		items = append(items, Lines(release.AttestationsPath, data)...)
	}
	return Unique(items)
}

// Lines returns the bundles in a file with one on each line.
func Lines(name string, data []byte) []Item {
	var items []Item
	for i, line := range bytes.Split(data, []byte("\n")) {
		if len(bytes.TrimSpace(line)) > 0 {
			items = append(items, Item{name + " line " + strconv.Itoa(i+1), line})
		}
	}
	return items
}

// Unique returns the items without those whose JSON an earlier one has,
// whatever its white space.
func Unique(items []Item) []Item {
	seen := make(map[[sha256.Size]byte]bool, len(items))
	var list []Item
	for _, item := range items {
		var compact bytes.Buffer
		content := item.Data
		if json.Compact(&compact, item.Data) == nil {
			content = compact.Bytes()
		}
		if sum := sha256.Sum256(content); !seen[sum] {
			seen[sum] = true
			list = append(list, item)
		}
	}
	return list
}

// IsLines says whether a file by that name has one bundle on each line.
func IsLines(name string) bool { return strings.HasSuffix(name, ".jsonl") }
