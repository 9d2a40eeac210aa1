// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import "strings"

// The limits of what a Store is given.
const (
	MaxNameLength  = 512     // bytes of a collection or a key
	MaxValueLength = 1 << 20 // bytes of a value
)

// CheckChanges returns an *InputError if changes are such that no Store may
// take them, whatever it holds: names that are not 1 to MaxNameLength bytes of
// printable ASCII (so that they sort alike as bytes and as UTF-16), a value
// above MaxValueLength, a record that is changed twice, a deletion of a record
// that must not exist or that carries a value or Handle. Stores call it first.
func CheckChanges(changes []Change) error {
	seen := make(map[Ref]bool, len(changes))
	for i := range changes {
		c := &changes[i]
		switch {
		case !isName(c.Ref.Collection):
			return &InputError{"Ref.Collection", "expected 1 to 512 bytes of printable ASCII"}
		case !isName(c.Ref.Key):
			return &InputError{"Ref.Key", "expected 1 to 512 bytes of printable ASCII"}
		case len(c.Value) > MaxValueLength:
			return &InputError{"Value", "longer than 1 MiB"}
		case c.Delete && c.IfVersion == 0:
			return &InputError{"IfVersion", "expected the version of the record to delete"}
		case c.Delete && (len(c.Value) > 0 || c.Handle != nil):
			return &InputError{"Delete", "expected neither a value nor a handle"}
		case seen[c.Ref]:
			return &InputError{"Ref", "changed twice in one commit"}
		}
		seen[c.Ref] = true
	}
	return nil
}

// CheckScan returns an *InputError if limit is not one of Scan. Stores call it
// first.
func CheckScan(limit int) error {
	if limit < 1 {
		return &InputError{"limit", "expected at least 1"}
	}
	return nil
}

func isName(s string) bool {
	outside := func(r rune) bool { return r < ' ' || r > '~' }
	return s != "" && len(s) <= MaxNameLength && !strings.ContainsFunc(s, outside)
}
