// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpcgen

import (
	"strconv"
	"strings"

	"ats.run/kms-enclave/enclave/rpc"
)

// Markdown returns the text of docs/api.md.
func Markdown() []byte {
	w := &writer{}
	w.line("<!-- " + notice + " -->")
	w.line("<!-- " + remedy + " -->")
	w.line("")
	w.line("# Enclave API, protocol " + strconv.Itoa(rpc.Protocol))
	w.line("")
	w.line("What an app may ask of the enclave. Apps use the client in `enclave/sdk`, which has one function for each")
	w.line("method. The channel below it (hello, ids, envelopes) is specified in the package comment of `enclave/rpc`.")
	w.line("Parameters and results are JSON objects; an object with an unknown member is refused. What is called `body` or")
	w.line("`bodies` is bytes, which go beside the object.")
	w.line("")
	w.line("## Methods")
	for _, m := range rpc.Methods() {
		documentMethod(w, m)
	}
	documentEvents(w)
	documentCodes(w)
	documentLimits(w)
	return []byte(w.text.String())
}

func documentMethod(w *writer, m rpc.Method) {
	w.line("")
	w.line("### `" + m.Name + "`")
	w.line("")
	w.line(m.Doc)
	w.line("")
	documentFields(w, "Parameters", m.Request())
	documentFields(w, "Result", m.Response())
	w.line("Consent: " + string(m.Consent) + ". " + waiting(m) + "Errors: " + codeList(m.Errors) + ".")
}

// waiting says whether an answer waits for the person.
func waiting(m rpc.Method) string {
	switch {
	case m.Asks():
		return "Waits for the person. "
	case m.MayAsk():
		return "Waits for the person if there is a stricter rule for the app. "
	}
	return ""
}

func documentFields(w *writer, title string, m rpc.Message) {
	fields := rpc.Fields(m)
	b, carries := rpc.BodiesOf(m)
	if len(fields) == 0 && !carries {
		w.line(title + ": none.")
		w.line("")
		return
	}
	w.line("| " + title + " | Type | Meaning |")
	w.line("|---|---|---|")
	for _, f := range fields {
		name := "`" + f.Name + "`"
		if f.Optional {
			name += " (optional)"
		}
		w.line("| " + name + " | " + bounds(f) + " | " + f.Doc + " |")
	}
	if carries {
		name := "`" + b.Name() + "`"
		if b.Optional {
			name += " (optional)"
		}
		w.line("| " + name + " | " + bodyBounds(b) + " | " + b.Doc + " |")
	}
	w.line("")
	for _, f := range fields {
		switch f.Kind {
		case rpc.KindObjects:
			documentFields(w, "Each of `"+f.Name+"`", f.Element())
		case rpc.KindObject:
			documentFields(w, "In `"+f.Name+"`", f.Element())
		}
	}
}

func documentEvents(w *writer) {
	w.line("")
	w.line("## Events")
	w.line("")
	w.line("What the enclave posts on the port without being asked.")
	for _, e := range rpc.Events() {
		w.line("")
		w.line("### `" + e.Name + "`")
		w.line("")
		w.line(e.Doc)
		w.line("")
		documentFields(w, "Data", e.Data())
	}
}

func documentCodes(w *writer) {
	w.line("")
	w.line("## Errors")
	w.line("")
	w.line("A call of any method can end with the codes marked *any*. Those marked *client* come from the client library")
	w.line("and are never sent.")
	w.line("")
	w.line("| Code | From | Meaning |")
	w.line("|---|---|---|")
	for _, c := range rpc.Codes() {
		from := ""
		switch {
		case c.Local:
			from = "client"
		case c.Common:
			from = "any"
		}
		w.line("| `" + string(c.Code) + "` | " + from + " | " + c.Doc + " |")
	}
}

func documentLimits(w *writer) {
	w.line("")
	w.line("## Limits")
	w.line("")
	w.line("| Limit | Value | Meaning |")
	w.line("|---|---|---|")
	for _, l := range rpc.Limits() {
		w.line("| `" + l.Name + "` | " + strconv.Itoa(l.Value) + " | " + l.Doc + " |")
	}
}

func codeList(codes []rpc.Code) string {
	if len(codes) == 0 {
		return "those of any method"
	}
	quoted := make([]string, len(codes))
	for i, code := range codes {
		quoted[i] = "`" + string(code) + "`"
	}
	return strings.Join(quoted, ", ") + ", and those of any method"
}
