// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"testing"

	"ats.run/kms-enclave/kmslib/secret"
)

// state is what a protocol may keep, in all the forms that formatters look into.
type state struct {
	Root    [32]byte
	chain   []byte
	named   map[string][]byte
	next    *state
	printed string
}

func newState() *state {
	return &state{
		Root:    [32]byte(pattern(32)),
		chain:   pattern(32),
		named:   map[string][]byte{"a": pattern(32)},
		next:    &state{Root: [32]byte(pattern(32))},
		printed: string(pattern(32)),
	}
}

// boxHolder has a Box where formatters cannot call its methods.
type boxHolder struct {
	box    secret.Box[state]
	copies []secret.Box[state]
	named  map[string]any
	Shown  secret.Box[state]
}

func newBoxHolder() boxHolder {
	box := secret.NewBox(newState())
	return boxHolder{box, []secret.Box[state]{box}, map[string]any{"a": box}, box}
}

func TestNoVerbPrintsABoxedValue(t *testing.T) {
	box := secret.NewBox(newState())
	raw := secret.NewBox(new([32]byte))
	copy(raw.Expose()[:], pattern(32))
	values := map[string]any{
		"box":       box,
		"pointer":   &box,
		"of bytes":  raw,
		"slice":     []secret.Box[state]{box},
		"map":       map[string]secret.Box[state]{"a": box},
		"map keyed": map[any]secret.Box[[32]byte]{1: raw},
		"holder":    newBoxHolder(),
		"deep":      &boxHolder{named: map[string]any{"a": &boxHolder{box: box}}},
	}
	for name, value := range values {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspw" {
			for _, flags := range []string{"", "+", "#", " ", "# ", "-64", "064", ".64"} {
				format := "%" + flags + string(verb)
				if text := fmt.Sprintf(format, value); shows(text) {
					t.Errorf("%s with %s: %s", name, format, text)
				}
			}
		}
	}
	if !shows(fmt.Sprintf("%v", newState())) || !shows(fmt.Sprintf("%+v", *newState())) {
		t.Error("the test does not notice a state that is printed")
	}
}

func TestNoEncoderWritesABoxedValue(t *testing.T) {
	for name, value := range map[string]any{"box": secret.NewBox(newState()), "holder": newBoxHolder()} {
		var stream bytes.Buffer
		_, jsonError := json.Marshal(value)
		_, xmlError := xml.Marshal(value)
		gobError := gob.NewEncoder(&stream).Encode(value)
		for _, err := range []error{jsonError, xmlError, gobError} {
			if err == nil || shows(err.Error()) || shows(stream.String()) {
				t.Errorf("%s: error = %v, want one without the value", name, err)
			}
		}
	}
}

func TestNoLogHandlerWritesABoxedValue(t *testing.T) {
	box := secret.NewBox(newState())
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("test", "box", box, "holder", newBoxHolder(), slog.Group("g", "b", &box))
	}
	if out.Len() == 0 || shows(out.String()) {
		t.Errorf("logged %s", out.String())
	}
}

func TestBoxesCannotBeComparedByOperator(t *testing.T) {
	if reflect.TypeFor[secret.Box[state]]().Comparable() || reflect.TypeFor[secret.Box[[32]byte]]().Comparable() {
		t.Error("boxes are comparable")
	}
}

func TestCopiesOfABoxShareTheValue(t *testing.T) {
	value := newState()
	box := secret.NewBox(value)
	copied := box
	if box.Expose() != value || copied.Expose() != value {
		t.Error("Expose returns a copy")
	}
	clear(copied.Expose().Root[:])
	if box.Expose().Root != [32]byte{} {
		t.Error("a change in one copy is not seen in the other")
	}
}

func TestEmptyBoxHasNoValue(t *testing.T) {
	var none secret.Box[state]
	if none.Expose() != nil || secret.NewBox[state](nil).Expose() != nil {
		t.Error("there is a value in an empty box")
	}
	if none.String() == "" || fmt.Sprint(none) != fmt.Sprint(secret.NewBox(newState())) {
		t.Error("printing tells whether a box is empty")
	}
}
