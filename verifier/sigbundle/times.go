// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"encoding/asn1"
	"slices"
	"time"
)

// moment and span write times for people.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func span(from, to time.Time) string {
	switch {
	case from.IsZero() && to.IsZero():
		return "at any time"
	case to.IsZero():
		return "from " + moment(from)
	case from.IsZero():
		return "until " + moment(to)
	default:
		return moment(from) + " to " + moment(to)
	}
}

// within says whether t is in a validity; a zero bound is none.
func within(t, from, to time.Time) bool {
	return (from.IsZero() || !t.Before(from)) && (to.IsZero() || !t.After(to))
}

func withoutSAN(extensions []asn1.ObjectIdentifier) []asn1.ObjectIdentifier {
	subjectAltName := asn1.ObjectIdentifier{2, 5, 29, 17}
	return slices.DeleteFunc(slices.Clone(extensions), subjectAltName.Equal)
}
