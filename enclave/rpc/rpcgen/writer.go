// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpcgen

import (
	"strconv"
	"strings"

	"ats.run/kms-enclave/enclave/rpc"
)

type writer struct{ text strings.Builder }

func (w *writer) line(s string) { w.text.WriteString(s + "\n") }

// comment writes a JSDoc comment, on one line where it fits.
func (w *writer) comment(indent, text string) {
	if one := indent + "/** " + text + " */"; len(one) <= lineWidth {
		w.line(one)
		return
	}
	w.line(indent + "/**")
	rest := indent + " *"
	for word := range strings.FieldsSeq(text) {
		if len(rest)+1+len(word) > lineWidth {
			w.line(rest)
			rest = indent + " *"
		}
		rest += " " + word
	}
	w.line(rest)
	w.line(indent + " */")
}

// bounds words what a field may hold, as a sentence without its end.
func bounds(f rpc.Field) string {
	switch {
	case f.Kind == rpc.KindInteger && f.Max == 1<<53-1:
		return "Integer, at least " + strconv.FormatInt(f.Min, 10)
	case f.Kind == rpc.KindInteger:
		return "Integer, " + f.Span("")
	case f.Kind == rpc.KindObjects:
		return "List of " + f.Span("objects")
	case f.Kind == rpc.KindBool:
		return "Boolean"
	case f.Kind == rpc.KindObject:
		return "Object"
	case f.Kind == rpc.KindStrings:
		return "List of " + f.Span("elements") + ", each " + values(f)
	case len(f.OneOf) > 0:
		return "String, " + values(f)
	case f.Base64:
		return "Base64url, " + f.Span("characters")
	case f.Visible:
		return "String, " + f.Span("characters") + " of printable ASCII without spaces"
	}
	return "String, " + f.Span("bytes")
}

func values(f rpc.Field) string {
	if len(f.OneOf) == 0 {
		return "a string"
	}
	if len(f.OneOf) == 1 {
		return f.OneOf[0]
	}
	return "one of " + strings.Join(f.OneOf, ", ")
}

// bodyBounds words what the bodies of a message may be.
func bodyBounds(b rpc.Bodies) string {
	if b.Per != "" {
		return "Bytes for each of `" + b.Per + "`, each " + b.Span()
	}
	return "Bytes, " + strings.TrimSuffix(b.Span(), " bytes")
}
