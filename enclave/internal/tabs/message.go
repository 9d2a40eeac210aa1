// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package tabs

import (
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
)

// The limits of what is read from a message.
const (
	maxText   = 512 // bytes
	maxGrants = 1024
)

// flatten returns the message form of a session.
func flatten(s vault.Shared) map[string]any {
	grants := make([]any, len(s.Grants))
	for i, origin := range s.Grants {
		grants[i] = origin
	}
	return map[string]any{
		"id":         s.ID,
		"user":       s.User,
		"method":     s.Method,
		"enrolment":  s.Enrolment,
		"generation": float64(s.Generation),
		"started":    float64(s.Started),
		"used":       float64(s.Used),
		"ends":       float64(s.Ends),
		"epoch":      float64(s.Epoch),
		"grants":     grants,
		"base":       s.Base,
	}
}

// read is the inverse of flatten.
func read(m message) (s vault.Shared, ok bool) {
	integers := []struct {
		name string
		to   *int64
	}{{"generation", &s.Generation}, {"started", &s.Started}, {"used", &s.Used}, {"ends", &s.Ends}, {"epoch", &s.Epoch}}
	for _, i := range integers {
		if *i.to, ok = m.integer(i.name); !ok {
			return vault.Shared{}, false
		}
	}
	s.ID, s.User, s.Method, s.Enrolment = m.text("id"), m.text("user"), m.text("method"), m.text("enrolment")
	if s.Grants, ok = m.texts("grants"); !ok {
		return vault.Shared{}, false
	}
	base := m.member("base")
	if !jsbridge.IsA(base, "CryptoKey") || base.Get("extractable").Bool() {
		return vault.Shared{}, false
	}
	s.Base = base
	return s, s.ID != "" && s.User != ""
}

// message is plain data that somebody sent. Structured cloning made it, so
// reading it runs no code of the sender.
type message struct{ value jsbridge.Value }

func (m message) member(name string) jsbridge.Value {
	if jsbridge.TypeOf(m.value) != jsbridge.TypeObject {
		return jsbridge.Value{}
	}
	return m.value.Get(name)
}

// text returns a member that is a text, or "".
func (m message) text(name string) string { return textOf(m.member(name)) }

func textOf(v jsbridge.Value) string {
	if jsbridge.TypeOf(v) != jsbridge.TypeString {
		return ""
	}
	text := v.String()
	if len(text) > maxText {
		return ""
	}
	return text
}

// integer returns a member that is an integer from 0 to 2^53-1.
func (m message) integer(name string) (int64, bool) {
	v := m.member(name)
	if jsbridge.TypeOf(v) != jsbridge.TypeNumber {
		return 0, false
	}
	n := v.Float()
	return int64(n), n >= 0 && n <= 1<<53-1 && n == float64(int64(n))
}

// texts returns a member that is a list of texts, none of them empty.
func (m message) texts(name string) ([]string, bool) {
	list := m.member(name)
	if !jsbridge.IsA(list, "Array") || list.Length() > maxGrants {
		return nil, false
	}
	texts := make([]string, list.Length())
	for i := range texts {
		if texts[i] = textOf(list.Index(i)); texts[i] == "" {
			return nil, false
		}
	}
	return texts, true
}
