// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

// A Message is a request or a response: a struct that declares its members
// once, each bound to the variable that holds it.
type Message interface {
	fields() []Field
}

// Kind says which sort of value a member holds.
type Kind uint8

// The kinds of members.
const (
	KindString  Kind = iota + 1 // *string
	KindInteger                 // *int64
	KindStrings                 // *[]string
	KindObjects                 // pointer to a slice of messages
	KindBool                    // *bool
	KindObject                  // a message, or a pointer to one that may be nil
)

// Field is one member of a message: its name, what it may hold, and where.
type Field struct {
	Name     string
	Kind     Kind
	Doc      string   // one sentence, for the generated files
	Optional bool     // may be left out; the variable then has its zero value
	Min, Max int64    // value of an integer, bytes of a string, length of a list
	OneOf    []string // the only values of a string, or of the strings of a list
	Base64   bool     // a string in the alphabet A-Z a-z 0-9 - _ (RFC 4648, section 5)
	Visible  bool     // a string of printable ASCII without spaces

	str     *string
	number  *int64
	strings *[]string
	objects list
	flag    *bool
	object  nested
}

// list is a variable that holds a slice of messages.
type list interface {
	len() int
	at(i int) Message
	add() Message
	element() Message // a new one, which is not in the list
}

// listOf is the list in *items.
type listOf[T any, P messagePointer[T]] struct{ items *[]T }

func (l listOf[T, P]) len() int         { return len(*l.items) }
func (l listOf[T, P]) at(i int) Message { return P(&(*l.items)[i]) }
func (l listOf[T, P]) element() Message { return P(new(T)) }
func (l listOf[T, P]) add() Message {
	*l.items = append(*l.items, *new(T))
	return l.at(len(*l.items) - 1)
}

// nested is a variable that holds one message or, if that is optional, none.
type nested interface {
	get() Message // nil if there is none
	make() Message
	element() Message // a new one, which is not in the variable
}

// always is the message in *to.
type always[T any, P messagePointer[T]] struct{ to *T }

func (o always[T, P]) get() Message     { return P(o.to) }
func (o always[T, P]) make() Message    { return P(o.to) }
func (o always[T, P]) element() Message { return P(new(T)) }

// maybe is the message that *to points to.
type maybe[T any, P messagePointer[T]] struct{ to **T }

func (o maybe[T, P]) element() Message { return P(new(T)) }
func (o maybe[T, P]) get() Message {
	if *o.to == nil {
		return nil
	}
	return P(*o.to)
}

func (o maybe[T, P]) make() Message {
	*o.to = new(T)
	return P(*o.to)
}

// bound narrows what a field may hold.
type bound func(*Field)

// maxInteger is the greatest integer that JavaScript holds exactly, 2^53-1.
const maxInteger = 1<<53 - 1

// text declares a string of 1 to 1024 bytes of UTF-8, unless bounds say
// otherwise.
func text(name string, p *string, doc string, bounds ...bound) Field {
	return bounded(Field{Name: name, Kind: KindString, Doc: doc, Min: 1, Max: 1024, str: p}, bounds)
}

// integer declares an integer from 0 to 2^53-1, unless bounds say otherwise.
func integer(name string, p *int64, doc string, bounds ...bound) Field {
	return bounded(Field{Name: name, Kind: KindInteger, Doc: doc, Max: maxInteger, number: p}, bounds)
}

// texts declares a list of up to 64 strings, unless bounds say otherwise.
func texts(name string, p *[]string, doc string, bounds ...bound) Field {
	return bounded(Field{Name: name, Kind: KindStrings, Doc: doc, Max: 64, strings: p}, bounds)
}

// objects declares a list of up to 64 objects, unless bounds say otherwise.
func objects[T any, P messagePointer[T]](name string, p *[]T, doc string, bounds ...bound) Field {
	return bounded(Field{Name: name, Kind: KindObjects, Doc: doc, Max: 64, objects: listOf[T, P]{p}}, bounds)
}

// flag declares a boolean.
func flag(name string, p *bool, doc string, bounds ...bound) Field {
	return bounded(Field{Name: name, Kind: KindBool, Doc: doc, flag: p}, bounds)
}

// object declares an object that is always there.
func object[T any, P messagePointer[T]](name string, p *T, doc string) Field {
	return Field{Name: name, Kind: KindObject, Doc: doc, object: always[T, P]{p}}
}

// optionalObject declares an object that may be left out; the pointer is then
// nil.
func optionalObject[T any, P messagePointer[T]](name string, p **T, doc string) Field {
	return Field{Name: name, Kind: KindObject, Doc: doc, Optional: true, object: maybe[T, P]{p}}
}

// Element returns a new message of the kind that a member of KindObjects or
// KindObject holds, nil for other kinds.
func (f Field) Element() Message {
	switch f.Kind {
	case KindObjects:
		return f.objects.element()
	case KindObject:
		return f.object.element()
	}
	return nil
}

// within sets the least and the greatest value of an integer, or length in
// bytes of a string, or number of elements of a list.
func within(least, greatest int64) bound {
	return func(f *Field) { f.Min, f.Max = least, greatest }
}

// maxLen sets the greatest length of a string in bytes.
func maxLen(n int64) bound { return func(f *Field) { f.Max = n } }

// exactly sets the length of a string in bytes.
func exactly(n int64) bound { return within(n, n) }

// base64URL allows only the alphabet of base64url without padding.
func base64URL() bound { return func(f *Field) { f.Base64 = true } }

// visible allows only printable ASCII without spaces.
func visible() bound { return func(f *Field) { f.Visible = true } }

// oneOf allows only the given strings.
func oneOf(values ...string) bound { return func(f *Field) { f.OneOf = values } }

// optional lets the member be left out. Absent is the zero value, so the
// bounds of an optional member exclude the zero value.
func optional() bound { return func(f *Field) { f.Optional = true } }

func bounded(f Field, bounds []bound) Field {
	for _, narrow := range bounds {
		narrow(&f)
	}
	return f
}

// Fields returns what the members of m are, in the order of its declaration.
func Fields(m Message) []Field { return m.fields() }
