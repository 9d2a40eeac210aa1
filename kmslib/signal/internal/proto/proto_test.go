// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package proto

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestBytesOfTheSpecification(t *testing.T) {
	// protobuf.dev, "Encoding": field 1 is 150, field 2 is "testing", field 3
	// is a message whose field 1 is 150.
	want := []byte("\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01")
	var w Writer
	w.Uint(1, 150)
	w.Bytes(2, []byte("testing"))
	w.Message(3, func(w *Writer) { w.Uint(1, 150) })
	if got := w.Finish(); !bytes.Equal(got, want) {
		t.Errorf("written %x, want %x", got, want)
	}
	if left := w.Finish(); len(left) != 0 {
		t.Errorf("a finished Writer has %x", left)
	}
}

func TestZeroAndEmptyAreWritten(t *testing.T) {
	w := NewWriter(0, 0x44)
	w.Uint(2, 0)
	w.Bytes(4, nil)
	w.Bool(5, true)
	w.Bool(6, false)
	if got := w.Finish(); !bytes.Equal(got, []byte{0x44, 0x10, 0, 0x22, 0, 0x28, 1, 0x30, 0}) {
		t.Errorf("written %x", got)
	}
}

func TestMessagesNestAtAnyLength(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 128, 16_380, 16_384, 70_000} {
		for _, capacity := range []int{0, 8, 200_000} {
			content := bytes.Repeat([]byte{0xab}, n)
			w := NewWriter(capacity)
			w.Uint(1, 7)
			w.Message(4, func(w *Writer) {
				w.Message(2, func(w *Writer) { w.Bytes(3, content) })
				w.Uint(5, 1)
			})
			w.Uint(6, 8)
			var inner, middle, want Writer
			inner.Bytes(3, content)
			middle.Bytes(2, inner.Finish())
			middle.Uint(5, 1)
			want.Uint(1, 7)
			want.Bytes(4, middle.Finish())
			want.Uint(6, 8)
			if !bytes.Equal(w.Finish(), want.Finish()) {
				t.Errorf("%d bytes inside, capacity %d: written otherwise", n, capacity)
			}
		}
	}
}

func TestWriterClearsWhatItOutgrows(t *testing.T) {
	w := NewWriter(40)
	w.Bytes(1, []byte("secret"))
	old := w.buffer[:8]
	for range 20 {
		w.Bytes(1, []byte("secret"))
	}
	if !bytes.Equal(old, make([]byte, 8)) {
		t.Errorf("left behind %q", old)
	}
	if got := w.Finish(); !bytes.Equal(got, bytes.Repeat([]byte("\x0a\x06secret"), 21)) {
		t.Errorf("written %q", got)
	}
}

// values are what a test reads: 1 a number, 2 bytes, 3 a bool, 4 repeated
// bytes.
type values struct {
	number   uint64
	bytes    []byte
	flag     bool
	repeated []string
}

func read(r *Reader) (values, error) {
	var v values
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			v.number = r.Uint(f, math.MaxUint64)
		case 2:
			v.bytes = r.Bytes(f, 1, 3)
		case 3:
			v.flag = r.Bool(f)
		case 4:
			v.repeated = append(v.repeated, string(r.Repeated(f, 0, 9)))
		default:
			r.Unknown(f)
		}
	}
	r.Require(1)
	return v, r.Err()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, n := range []uint64{0, 1, 127, 128, 1 << 32, math.MaxUint64} {
		var w Writer
		w.Bool(3, true)
		w.Bytes(4, nil)
		w.Uint(1, n)
		w.Bytes(4, []byte("b"))
		w.Bytes(2, []byte("abc"))
		b := w.Finish()
		for name, r := range map[string]*Reader{"message": NewReader(b), "state": NewStrictReader(b)} {
			v, err := read(r)
			if err != nil || v.number != n || string(v.bytes) != "abc" || !v.flag || strings.Join(v.repeated, ",") != ",b" {
				t.Errorf("%s with %d: %+v, %v", name, n, v, err)
			}
			if !r.Has(1) || !r.Has(2) || r.Has(4) || r.Has(5) {
				t.Errorf("%s with %d: wrong fields are there", name, n)
			}
		}
	}
}

func TestBytesAliasTheInputAndNoMore(t *testing.T) {
	b := []byte("\x08\x00\x12\x01a\x22\x01b")
	v, err := read(NewReader(b))
	if err != nil || &v.bytes[0] != &b[4] || cap(v.bytes) != 1 {
		t.Errorf("%v; capacity %d", err, cap(v.bytes))
	}
}

func TestRefusals(t *testing.T) {
	const one = "\x08\x01"
	for name, b := range map[string]string{
		"required field missing":   "",
		"field twice":              one + one,
		"bytes twice":              one + "\x12\x01a\x12\x01a",
		"bytes for a number":       "\x0a\x01a",
		"number for bytes":         one + "\x10\x01",
		"fixed64 for a number":     "\x0901234567",
		"fixed32 for bytes":        one + "\x150123",
		"bytes too short":          one + "\x12\x00",
		"bytes too long":           one + "\x12\x04abcd",
		"bool beyond 1":            one + "\x18\x02",
		"repeated bytes too long":  one + "\x22\x0a0123456789",
		"field number 0":           one + "\x00\x01",
		"field number too great":   one + "\x80\x80\x80\x80\x10\x01",
		"group":                    one + "\x2b\x2c",
		"wire type 6":              one + "\x2e",
		"wire type 7":              one + "\x2f",
		"number with spare bytes":  "\x08\x81\x00",
		"zero with spare bytes":    "\x08\x80\x00",
		"tag with spare bytes":     "\x88\x00\x01",
		"length with spare bytes":  one + "\x12\x81\x00a",
		"number beyond 64 bits":    "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
		"number of 11 bytes":       "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
		"number cut":               "\x08\x80",
		"tag cut":                  one + "\x80",
		"tag without value":        one + "\x12",
		"bytes cut":                one + "\x12\x02a",
		"length beyond any memory": one + "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"fixed32 cut":              one + "\x2d012",
		"fixed64 cut":              one + "\x290123456",
	} {
		for kind, r := range map[string]*Reader{"message": NewReader([]byte(b)), "state": NewStrictReader([]byte(b))} {
			_, err := read(r)
			var syntax *SyntaxError
			if !errors.Is(err, ErrSyntax) || !errors.As(err, &syntax) {
				t.Errorf("%s in a %s: %v", name, kind, err)
			}
			if _, ok := r.Next(); ok {
				t.Errorf("%s in a %s: fields follow", name, kind)
			}
		}
	}
}

func TestUnknownFieldsAreSkippedOnlyInMessages(t *testing.T) {
	for name, unknown := range map[string]string{
		"number": "\x28\x07", "bytes": "\x2a\x01a", "fixed32": "\x2d0123", "fixed64": "\x2901234567",
		"twice": "\x28\x07\x28\x07", "greatest number": "\xf8\xff\xff\xff\x0f\x01", "64": "\x80\x04\x01",
	} {
		b := []byte(unknown + "\x08\x09")
		if v, err := read(NewReader(b)); err != nil || v.number != 9 {
			t.Errorf("%s in a message: %+v, %v", name, v, err)
		}
		if _, err := read(NewStrictReader(b)); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s in a state: %v", name, err)
		}
	}
}

func TestTheFirstRefusalIsKept(t *testing.T) {
	r := NewReader([]byte("\x08\x01"))
	f, _ := r.Next()
	r.Uint(f, 0)
	r.Refuse(9, "later")
	r.Require(8)
	if want := "malformed protocol buffer: field 1: expected a number within its bounds"; r.Err() == nil || r.Err().Error() != want {
		t.Errorf("error = %v, want %s", r.Err(), want)
	}
	if r.Uint(f, 9) != 0 || r.Repeated(Field{Number: 2, IsBytes: true, Bytes: []byte("a")}, 0, 9) != nil {
		t.Error("values are given after a refusal")
	}
}

func TestGettersRefuseFieldsBeyondTheirRange(t *testing.T) {
	r := NewReader([]byte("\x80\x04\x01"))
	f, _ := r.Next()
	r.Uint(f, 9)
	if !errors.Is(r.Err(), ErrSyntax) {
		t.Errorf("error = %v", r.Err())
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("\x08\x96\x01\x12\x01a\x18\x01\x22\x00\x2d0123"))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := read(NewReader(b))
		if _, strict := read(NewStrictReader(b)); strict == nil && err != nil {
			t.Fatalf("a state is read that is no message: %v", err)
		}
		if err != nil {
			return
		}
		var w Writer
		w.Uint(1, v.number)
		w.Bool(3, v.flag)
		for _, s := range v.repeated {
			w.Bytes(4, []byte(s))
		}
		if v.bytes != nil {
			w.Bytes(2, v.bytes)
		}
		again, err := read(NewStrictReader(w.Finish()))
		if err != nil || again.number != v.number || !bytes.Equal(again.bytes, v.bytes) || len(again.repeated) != len(v.repeated) {
			t.Fatalf("%+v was read as %+v, %v", v, again, err)
		}
	})
}
