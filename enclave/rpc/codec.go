// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ats.run/kms-enclave/kmslib/wire"
)

// Decode reads the JSON text of an object into m, which must be new. Members
// that m does not declare, that are missing, of another kind or out of bounds
// are refused with a *wire.FieldError that names the member; text that is not
// JSON with a *wire.SyntaxError. Neither repeats a byte of text. After an
// error m may hold some of the members. The inverse is Encode.
func Decode(text string, m Message) error {
	value, err := wire.Parse([]byte(text))
	if err != nil {
		return err
	}
	return decodeValue(value, m)
}

func decodeValue(value wire.Value, m Message) error {
	reader := wire.NewObjectReader(value)
	readFields(reader, value, m)
	return reader.Done()
}

// readFields reads the members of value, of which r is the reader.
func readFields(r *wire.ObjectReader, value wire.Value, m Message) {
	for _, f := range m.fields() {
		member, found := value.Get(f.Name)
		if f.Optional && !found {
			r.OptionalInt(f.Name) // there is none; the reader is to know the name
			continue
		}
		f.read(r, member)
	}
}

// Encode returns the canonical JSON text of m. It fails with a
// *wire.FieldError if a member is out of its bounds, as Decode would.
func Encode(m Message) (string, error) {
	value, err := encodeValue(m)
	if err != nil {
		return "", err
	}
	return string(value.Append(nil)), nil
}

func encodeValue(m Message) (wire.Value, error) {
	var members []wire.Member
	for _, f := range m.fields() {
		if f.Optional && f.absent() {
			continue
		}
		if err := f.check(); err != nil {
			return wire.Value{}, &wire.FieldError{Field: f.Name, Reason: err.Error()}
		}
		value, err := f.value()
		if err != nil {
			return wire.Value{}, &wire.FieldError{Field: f.Name, Reason: err.Error()}
		}
		members = append(members, wire.Member{Name: f.Name, Value: value})
	}
	return wire.Object(members...), nil
}

// read reads the member value.
func (f *Field) read(r *wire.ObjectReader, value wire.Value) {
	switch f.Kind {
	case KindString:
		*f.str = r.String(f.Name)
	case KindInteger:
		*f.number = r.Int(f.Name)
	case KindBool:
		*f.flag = r.Bool(f.Name)
	case KindStrings:
		*f.strings = r.Strings(f.Name)
	case KindObjects:
		f.readObjects(r)
	case KindObject:
		readFields(r.Object(f.Name), value, f.object.make())
	}
	if err := f.check(); err != nil {
		r.Refuse(f.Name, err.Error())
	}
}

func (f *Field) readObjects(r *wire.ObjectReader) {
	for i, element := range r.Array(f.Name) {
		if err := decodeValue(element, f.objects.add()); err != nil {
			r.Refuse(f.Name, "element "+strconv.Itoa(i)+": "+err.Error())
			return
		}
	}
}

// absent reports whether the variable holds what stands for a member that was
// left out.
func (f *Field) absent() bool {
	switch f.Kind {
	case KindString:
		return *f.str == ""
	case KindInteger:
		return *f.number == 0
	case KindBool:
		return !*f.flag
	case KindObjects:
		return f.objects.len() == 0
	case KindObject:
		return f.object.get() == nil
	}
	return len(*f.strings) == 0
}

func (f *Field) value() (wire.Value, error) {
	switch f.Kind {
	case KindString:
		return wire.String(*f.str), nil
	case KindInteger:
		return wire.Int(*f.number), nil
	case KindBool:
		return wire.Bool(*f.flag), nil
	case KindObjects:
		return f.objectsValue()
	case KindObject:
		return encodeValue(f.object.get())
	}
	elements := make([]wire.Value, len(*f.strings))
	for i, s := range *f.strings {
		elements[i] = wire.String(s)
	}
	return wire.Array(elements...), nil
}

func (f *Field) objectsValue() (wire.Value, error) {
	elements := make([]wire.Value, f.objects.len())
	for i := range elements {
		value, err := encodeValue(f.objects.at(i))
		if err != nil {
			return wire.Value{}, errors.New("element " + strconv.Itoa(i) + ": " + err.Error())
		}
		elements[i] = value
	}
	return wire.Array(elements...), nil
}

// check compares the variable with the bounds.
func (f *Field) check() error {
	switch f.Kind {
	case KindString:
		if err := f.checkRange("bytes", int64(len(*f.str))); err != nil {
			return err
		}
		return f.checkText(*f.str)
	case KindInteger:
		return f.checkRange("", *f.number)
	case KindObjects:
		return f.checkRange("elements", int64(f.objects.len()))
	case KindBool, KindObject: // its own members are checked
		return nil
	}
	if err := f.checkRange("elements", int64(len(*f.strings))); err != nil {
		return err
	}
	for _, s := range *f.strings {
		if err := f.checkText(s); err != nil {
			return err
		}
	}
	return nil
}

func (f *Field) checkRange(unit string, n int64) error {
	if n >= f.Min && n <= f.Max {
		return nil
	}
	return errors.New("expected " + f.Span(unit) + ", found " + strconv.FormatInt(n, 10))
}

func (f *Field) checkText(s string) error {
	switch {
	case !utf8.ValidString(s):
		return errors.New("expected UTF-8")
	case f.Base64 && strings.ContainsFunc(s, notBase64URL):
		return errors.New("expected only the characters of base64url without padding")
	case f.Visible && strings.ContainsFunc(s, notVisible):
		return errors.New("expected only printable ASCII without spaces")
	case len(f.OneOf) > 0 && !slices.Contains(f.OneOf, s):
		return errors.New("expected one of " + strings.Join(f.OneOf, ", "))
	}
	return nil
}

// Span words the bounds of a field: "43 bytes", "1 to 64 elements".
func (f *Field) Span(unit string) string {
	text := strconv.FormatInt(f.Min, 10)
	if f.Max != f.Min {
		text += " to " + strconv.FormatInt(f.Max, 10)
	}
	if unit == "" {
		return text
	}
	return text + " " + unit
}

func notBase64URL(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

func notVisible(r rune) bool { return r <= ' ' || r > '~' }
