// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"strconv"

	"ats.run/kms-enclave/kmslib/wire"
)

// Names under which the client library has the bodies of a message. No member
// of a message with bodies is called so.
const (
	BodyName   = "body"   // of one
	BodiesName = "bodies" // of a list
)

// A carrier is a message with binary bodies beside its members: bytes that JSON
// would make longer, each an ArrayBuffer on the port.
type carrier interface {
	Message
	bodies() Bodies
}

// Bodies says which binary bodies a message has, and where they are.
type Bodies struct {
	Doc              string // one sentence, for the generated files
	Per              string // member of KindObjects, of which each element has one body; "" for one body
	Optional         bool   // the one body may be left out
	MinSize, MaxSize int    // of one, in bytes

	one  *[]byte
	many *[][]byte
}

// BodiesOf returns which bodies m has, or false if none.
func BodiesOf(m Message) (Bodies, bool) {
	c, ok := m.(carrier)
	if !ok {
		return Bodies{}, false
	}
	return c.bodies(), true
}

// Name returns the name under which the client library has them.
func (b Bodies) Name() string {
	if b.Per != "" {
		return BodiesName
	}
	return BodyName
}

// body declares one body of 0 to MaxBodyBytes bytes.
func body(p *[]byte, doc string) Bodies {
	return Bodies{Doc: doc, MaxSize: MaxBodyBytes, one: p}
}

// bodyPer declares one body for each element of the member.
func bodyPer(member string, p *[][]byte, doc string) Bodies {
	return Bodies{Doc: doc, Per: member, MaxSize: MaxBodyBytes, many: p}
}

// orNone lets the body be left out; the variable is then nil.
func (b Bodies) orNone() Bodies {
	b.Optional = true
	return b
}

// sized sets the least and the greatest length of one body in bytes.
func (b Bodies) sized(least, greatest int) Bodies {
	b.MinSize, b.MaxSize = least, greatest
	return b
}

// fill puts the bodies that came with a request into m, whose members are
// decoded. The error is a *wire.FieldError.
func fill(m Message, came [][]byte) error {
	c, ok := m.(carrier)
	if !ok {
		return checkCount(BodiesName, 0, 0, len(came))
	}
	b := c.bodies()
	least, greatest := b.counts(m)
	if err := checkCount(b.Name(), least, greatest, len(came)); err != nil {
		return err
	}
	switch {
	case b.Per != "":
		*b.many = came
	case len(came) > 0:
		*b.one = came[0]
	}
	return b.check(came)
}

// take returns the bodies of a response. The error is a *wire.FieldError.
func take(m Message) ([][]byte, error) {
	c, ok := m.(carrier)
	if !ok {
		return nil, nil
	}
	b := c.bodies()
	list := b.list()
	least, greatest := b.counts(m)
	if err := checkCount(b.Name(), least, greatest, len(list)); err != nil {
		return nil, err
	}
	return list, b.check(list)
}

// list returns the bodies that are there.
func (b Bodies) list() [][]byte {
	switch {
	case b.Per != "":
		return *b.many
	case *b.one == nil && b.Optional:
		return nil
	}
	return [][]byte{*b.one}
}

// counts returns how many bodies m may have.
func (b Bodies) counts(m Message) (least, greatest int) {
	if b.Optional {
		return 0, 1
	}
	for _, f := range m.fields() {
		if f.Name == b.Per {
			return f.objects.len(), f.objects.len()
		}
	}
	return 1, 1
}

func (b Bodies) check(list [][]byte) error {
	for _, one := range list {
		if len(one) < b.MinSize || len(one) > b.MaxSize {
			return &wire.FieldError{Field: b.Name(), Reason: "expected " + b.Span() + ", found " + strconv.Itoa(len(one))}
		}
	}
	return nil
}

func checkCount(name string, least, greatest, found int) error {
	if found >= least && found <= greatest {
		return nil
	}
	unit := "bodies"
	if greatest == 1 {
		unit = "body"
	}
	return &wire.FieldError{Field: name, Reason: "expected " + span(least, greatest, unit) + ", found " + strconv.Itoa(found)}
}

// Span words how long one body is: "32 bytes", "0 to 1049600 bytes".
func (b Bodies) Span() string { return span(b.MinSize, b.MaxSize, "bytes") }

func span(least, greatest int, unit string) string {
	f := Field{Min: int64(least), Max: int64(greatest)}
	return f.Span(unit)
}
