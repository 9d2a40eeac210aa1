// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/wire"
)

// read reads an object with each kind of field.
func read(input string) ([]any, error) {
	v, err := wire.Parse([]byte(input))
	if err != nil {
		return nil, err
	}
	r := wire.NewObjectReader(v)
	fields := []any{r.String("s"), r.Int("i"), r.Bool("b"), len(r.Array("a")), r.Strings("l")}
	inner := r.Object("o")
	text, hasText := inner.OptionalString("t")
	number, hasNumber := r.OptionalInt("n")
	fields = append(fields, text, hasText, number, hasNumber)
	return fields, r.Done()
}

func TestObjectReaderReadsEveryKindOfField(t *testing.T) {
	got, err := read(`{"s":"x","i":-3,"b":true,"a":[1,null],"l":["p","q"],"o":{"t":"y"},"n":0}`)
	want := []any{"x", int64(-3), true, 2, []string{"p", "q"}, "y", true, int64(0), true}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, %v; want %v", got, err, want)
	}
	got, err = read(`{"s":"","i":0,"b":false,"a":[],"l":[],"o":{}}`)
	want = []any{"", int64(0), false, 0, []string(nil), "", false, int64(0), false}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, %v; want %v", got, err, want)
	}
}

func TestObjectReaderRefusesByField(t *testing.T) {
	const good = `{"s":"x","i":-3,"b":true,"a":[1,null],"l":["p","q"],"o":{"t":"y"},"n":0}`
	for name, test := range map[string]struct{ old, new, field, reason string }{
		"missing":         {`"s":"x",`, ``, "s", "missing; expected string"},
		"null":            {`"x"`, `null`, "s", "expected string, found null"},
		"wrong kind":      {`-3`, `"-3"`, "i", "expected integer, found string"},
		"not a boolean":   {`true`, `1`, "b", "expected boolean, found integer"},
		"not an array":    {`[1,null]`, `{}`, "a", "expected array, found object"},
		"mixed list":      {`"q"`, `1`, "l", "expected only strings, found integer"},
		"optional kind":   {`"n":0`, `"n":"0"`, "n", "expected integer, found string"},
		"missing inside":  {`"o":{"t":"y"}`, `"p":1`, "o", "missing; expected object"},
		"kind inside":     {`"t":"y"`, `"t":[]`, "o.t", "expected string, found array"},
		"unknown":         {`"n":0`, `"n":0,"z":1`, "", "unknown field in the object; known are s, i, b, a, l, o, n"},
		"unknown inside":  {`"t":"y"`, `"t":"y","z":1`, "", `unknown field in "o"; known are t`},
		"first is kept":   {`"s":"x","i":-3`, `"i":"x"`, "s", "missing; expected string"},
		"not an object":   {good, `[]`, "", "expected an object, found array"},
		"null for object": {good, `null`, "", "expected an object, found null"},
	} {
		_, err := read(strings.Replace(good, test.old, test.new, 1))
		var refused *wire.FieldError
		if !errors.As(err, &refused) || refused.Field != test.field || refused.Reason != test.reason {
			t.Errorf("%s: error = %v, want %q: %s", name, err, test.field, test.reason)
		}
	}
}

func TestObjectReaderErrorHasNoNameOfTheInput(t *testing.T) {
	r := wire.NewObjectReader(wire.Object(wire.Member{Name: "<script>"}))
	r.OptionalString("a")
	if err := r.Done(); err == nil || strings.Contains(err.Error(), "script") {
		t.Errorf("error = %v", err)
	}
}

func TestObjectReaderKeepsWhatItsUserRefused(t *testing.T) {
	r := wire.NewObjectReader(wire.Object(wire.Member{Name: "a", Value: wire.Int(1)}))
	r.Int("a")
	r.Refuse("a", "expected 2")
	r.String("b")
	if err := r.Done(); err == nil || err.Error() != `field "a": expected 2` {
		t.Errorf("error = %v", err)
	}
}
