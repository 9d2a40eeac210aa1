// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"slices"
	"strings"
	"testing"
)

func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Methods() {
		if seen[m.Name] || m.Name == "" || len(m.Name) > MaxMethodUnits {
			t.Errorf("method name %q is used twice, empty or too long", m.Name)
		}
		seen[m.Name] = true
		if !strings.HasSuffix(m.Doc, ".") {
			t.Errorf("%s: Doc is not a sentence", m.Name)
		}
		if !slices.Contains([]Consent{ConsentNone, ConsentUnlocked, ConsentConfirm}, m.Consent) {
			t.Errorf("%s: consent class %q is not declared", m.Name, m.Consent)
		}
	}
}

func TestMethodsListOnlyCodesThatAreDeclaredAndTheirOwn(t *testing.T) {
	for _, m := range Methods() {
		for _, code := range m.Errors {
			i := slices.IndexFunc(Codes(), func(c CodeInfo) bool { return c.Code == code })
			if i < 0 || Codes()[i].Local || Codes()[i].Common {
				t.Errorf("%s lists %s, which is not declared, local, or common to all methods", m.Name, code)
			}
		}
	}
}

func TestCodesAreUniqueAndDocumented(t *testing.T) {
	seen := map[Code]bool{}
	for _, c := range Codes() {
		if seen[c.Code] || !strings.HasSuffix(c.Doc, ".") || c.Local && c.Common {
			t.Errorf("code %q is declared twice, has no sentence, or is both local and common", c.Code)
		}
		seen[c.Code] = true
	}
}

func TestEveryMemberIsDeclaredOnceWithBoundsThatMakeSense(t *testing.T) {
	for _, m := range Methods() {
		for _, message := range []Message{m.Request(), m.Response()} {
			seen := map[string]bool{}
			for _, f := range Fields(message) {
				where := m.Name + " " + f.Name
				if seen[f.Name] || f.Name == "" || !strings.HasSuffix(f.Doc, ".") {
					t.Errorf("%s: declared twice or not documented", where)
				}
				seen[f.Name] = true
				if f.Min < 0 || f.Max < f.Min {
					t.Errorf("%s: bounds %d to %d", where, f.Min, f.Max)
				}
				if f.Optional && f.Min < 1 {
					t.Errorf("%s: optional, but its bounds allow the zero value, which stands for absent", where)
				}
				if f.str == nil && f.number == nil && f.strings == nil {
					t.Errorf("%s: not bound to a variable", where)
				}
			}
		}
	}
}

func TestEachMemberIsBoundToItsOwnVariable(t *testing.T) {
	for _, m := range Methods() {
		for _, message := range []Message{m.Request(), m.Response()} {
			bound := map[any]string{}
			for _, f := range Fields(message) {
				var variable any
				switch f.Kind {
				case KindString:
					variable = f.str
				case KindInteger:
					variable = f.number
				case KindStrings:
					variable = f.strings
				}
				if other, twice := bound[variable]; twice {
					t.Errorf("%s: %s and %s are bound to one variable", m.Name, other, f.Name)
				}
				bound[variable] = f.Name
			}
		}
	}
}
