// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/internal/vectors"
	"ats.run/kms-enclave/kmslib/wire"
)

func readVectors(t testing.TB) []vectors.Vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", "wire", "parse.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := vectors.Parse(string(data))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVectorsAreReadAsTheyExpect(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			input, err := v.Bytes("input")
			if err != nil {
				t.Fatal(err)
			}
			value, lenient := wire.Parse(input)
			_, strict := wire.ParseCanonical(input)
			switch v.Expect {
			case "canonical":
				expectCanonical(t, value, lenient, strict, string(input))
			case "accept":
				expectCanonical(t, value, lenient, nil, v.Text("canonical"))
				expectSyntaxError(t, strict, len(input))
			case "refuse":
				expectSyntaxError(t, lenient, len(input))
				expectSyntaxError(t, strict, len(input))
			default:
				t.Errorf("unknown class %q", v.Expect)
			}
		})
	}
}

func expectCanonical(t *testing.T, value wire.Value, lenient, strict error, want string) {
	t.Helper()
	if lenient != nil || strict != nil {
		t.Fatalf("errors = %v, %v", lenient, strict)
	}
	if got := string(value.Append(nil)); got != want {
		t.Errorf("written as %q, want %q", got, want)
	}
}

func expectSyntaxError(t *testing.T, err error, length int) {
	t.Helper()
	var refused *wire.SyntaxError
	if !errors.As(err, &refused) {
		t.Fatalf("error = %v, want a SyntaxError", err)
	}
	if refused.Offset < 0 || refused.Offset > length {
		t.Errorf("offset %d is outside the %d bytes", refused.Offset, length)
	}
}

func TestSyntaxErrorPointsAtTheByte(t *testing.T) {
	for input, want := range map[string]int{
		"":                    0,
		" x":                  1,
		"[1,x]":               3,
		`{"a":1.5}`:           6,
		`{"a":1,"b" 2}`:       11,
		`["ok","\ud800"]`:     7,
		`["ok","\u12zz"]`:     7,
		"[\"a\nb\"]":          3,
		"[\"a\xff\"]":         3,
		`[1] 2`:               4,
		`[12345678901234567]`: 1,
		`[{"a":1,"a":2}]`:     1,
		`-`:                   1,
	} {
		_, err := wire.Parse([]byte(input))
		var refused *wire.SyntaxError
		if !errors.As(err, &refused) || refused.Offset != want {
			t.Errorf("%q: error = %v, want one at byte %d", input, err, want)
		}
	}
}

func TestSyntaxErrorRepeatsNothingOfTheInput(t *testing.T) {
	for _, input := range []string{`"SECRET`, `[SECRET]`, `{"SECRET":1,"SECRET":2}`, `"\SECRET"`, `1SECRET`, `{"SECRET" 1}`} {
		if _, err := wire.Parse([]byte(input)); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: error = %v", input, err)
		}
	}
}

func TestCanonicalErrorPointsAtTheFirstDifference(t *testing.T) {
	for input, want := range map[string]int{
		`{"b":1,"a":2}`: 2,
		`[1, 2]`:        3,
		`[1,2] `:        5,
		` [1,2]`:        0,
		`"\u0041"`:      1,
	} {
		_, err := wire.ParseCanonical([]byte(input))
		var refused *wire.SyntaxError
		if !errors.As(err, &refused) || refused.Offset != want {
			t.Errorf("%q: error = %v, want one at byte %d", input, err, want)
		}
	}
}

func TestLimitsAreExact(t *testing.T) {
	array := func(n int) string { return "[" + strings.Repeat("0,", n-1) + "0]" }
	text := func(n int) string { return `"` + strings.Repeat("a", n-2) + `"` }
	for name, test := range map[string]struct {
		input string
		ok    bool
	}{
		"longest":           {text(wire.MaxBytes), true},
		"a byte too long":   {text(wire.MaxBytes + 1), false},
		"spaces count":      {text(wire.MaxBytes) + " ", false},
		"most values":       {array(wire.MaxValues - 1), true},
		"a value too many":  {array(wire.MaxValues), false},
		"deepest":           {strings.Repeat(`{"a":`, wire.MaxDepth) + "1" + strings.Repeat("}", wire.MaxDepth), true},
		"a level too deep":  {strings.Repeat(`{"a":`, wire.MaxDepth+1) + "1" + strings.Repeat("}", wire.MaxDepth+1), false},
		"very deep":         {strings.Repeat("[", wire.MaxBytes), false},
		"very deep objects": {strings.Repeat(`{"":`, wire.MaxBytes/4), false},
	} {
		if _, err := wire.Parse([]byte(test.input)); (err == nil) != test.ok {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func TestTruncatedCanonicalValueIsRefused(t *testing.T) {
	whole := `{"a":[true,null,{"b":"é\n😀"}],"c":-120}`
	if _, err := wire.ParseCanonical([]byte(whole)); err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		if _, err := wire.Parse([]byte(whole[:n])); err == nil {
			t.Errorf("accepted the first %d bytes, %q", n, whole[:n])
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range readVectors(f) {
		input, err := v.Bytes("input")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := wire.Parse(data)
		if err != nil {
			expectSyntaxError(t, err, len(data))
			if _, err := wire.ParseCanonical(data); err == nil {
				t.Error("ParseCanonical accepts what Parse refuses")
			}
			return
		}
		canonical := value.Append(nil)
		again, err := wire.ParseCanonical(canonical)
		if err != nil {
			t.Fatalf("%s written as %s: %v", strconv.Quote(string(data)), canonical, err)
		}
		if second := again.Append(nil); string(second) != string(canonical) {
			t.Errorf("canonical %s is rewritten as %s", canonical, second)
		}
		if len(canonical) > 6*len(data) {
			t.Errorf("%d bytes grew to %d", len(data), len(canonical))
		}
	})
}
