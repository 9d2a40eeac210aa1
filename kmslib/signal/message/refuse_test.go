// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"errors"
	"testing"
)

// parsers are all of this package, each with a message that it reads and the
// fields of that which are required.
func parsers(t testing.TB) map[string]parser {
	return map[string]parser{
		"signal": {unhex(t, goldenFirst), 8, []int{1, 2, 4}, func(b []byte) ([]byte, error) {
			m, err := ParseSignal(b)
			if err != nil {
				return nil, err
			}
			m.body = nil
			return m.Append(m.MAC), nil
		}},
		"prekey": {goldenPreKey(t), 0, []int{2, 3, 4, 6, 7, 8}, func(b []byte) ([]byte, error) {
			m, err := ParsePreKey(b)
			if err != nil {
				return nil, err
			}
			m.Message.body = nil
			return m.Marshal(), nil
		}},
		"sender key": {unhex(t, goldenSenderKey), 64, []int{1, 2, 3, 4}, func(b []byte) ([]byte, error) {
			m, err := ParseSenderKey(b)
			if err != nil {
				return nil, err
			}
			m.body = nil
			return m.Append(m.Signature), nil
		}},
		"distribution": {unhex(t, goldenDistribution), 0, []int{1, 2, 3, 4, 5}, func(b []byte) ([]byte, error) {
			m, err := ParseSenderKeyDistribution(b)
			if err != nil {
				return nil, err
			}
			return m.Marshal(), nil
		}},
		"retry": {unhex(t, goldenRetry), 1, []int{8}, func(b []byte) ([]byte, error) {
			m, err := ParseRetry(b)
			if err != nil {
				return nil, err
			}
			return m.Marshal(), nil
		}},
	}
}

// parser reads a message and writes it again.
type parser struct {
	golden   []byte
	trailer  int // bytes after the fields
	required []int
	again    func([]byte) ([]byte, error)
}

// fields cuts the fields of a message, which have numbers below 16.
func (p parser) fields() [][]byte {
	var fields [][]byte
	for rest := p.golden[1 : len(p.golden)-p.trailer]; len(rest) > 0; {
		n := 1
		for ; rest[n]&0x80 != 0; n++ {
		}
		n++
		if rest[0]&7 == 2 {
			size := int(rest[1])
			if n == 3 {
				size = int(rest[1]&0x7f) | int(rest[2])<<7
			}
			n += size
		}
		fields, rest = append(fields, rest[:n]), rest[n:]
	}
	return fields
}

func (p parser) join(fields ...[]byte) []byte {
	return bytes.Join([][]byte{p.golden[:1], bytes.Join(fields, nil), p.golden[len(p.golden)-p.trailer:]}, nil)
}

func TestEachRequiredFieldIsRequiredOnce(t *testing.T) {
	for name, p := range parsers(t) {
		fields := p.fields()
		if again, err := p.again(p.join(fields...)); err != nil || !bytes.Equal(again, p.golden) {
			t.Errorf("%s: written again %x, %v", name, again, err)
		}
		for i, field := range fields {
			number := int(field[0] >> 3)
			var without [][]byte
			without = append(append(without, fields[:i]...), fields[i+1:]...)
			required := false
			for _, r := range p.required {
				required = required || r == number
			}
			if _, err := p.again(p.join(without...)); (err != nil) != required || err != nil && !errors.Is(err, ErrSyntax) {
				t.Errorf("%s without field %d: %v", name, number, err)
			}
			if _, err := p.again(p.join(append(without, field, field)...)); !errors.Is(err, ErrSyntax) {
				t.Errorf("%s with field %d twice: %v", name, number, err)
			}
			other := []byte{field[0]&^7 | 2, 0}
			if field[0]&7 == 2 {
				other = []byte{field[0] &^ 7, 0}
			}
			if _, err := p.again(p.join(append(without, other)...)); !errors.Is(err, ErrSyntax) {
				t.Errorf("%s with field %d of another type: %v", name, number, err)
			}
		}
	}
}

func TestCutMessagesAreRefused(t *testing.T) {
	for name, p := range parsers(t) {
		whole := map[int]bool{} // where a field ends
		end := 1
		for _, field := range p.fields() {
			whole[end] = true
			end += len(field)
		}
		for n := range end {
			b := append(p.golden[:n:n], p.golden[len(p.golden)-p.trailer:]...)
			if _, err := p.again(b); !whole[n] && err == nil {
				t.Errorf("%s cut to %d bytes is read", name, n)
			}
		}
		for n := range p.trailer + 1 {
			if _, err := p.again(p.golden[:n]); !errors.Is(err, ErrSyntax) {
				t.Errorf("%s cut to %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestTooLongMessagesAreRefused(t *testing.T) {
	for name, p := range parsers(t) {
		padding := func(n int) []byte { // an unknown field of n bytes
			n -= 4
			return append([]byte{0x7a, byte(n) | 0x80, byte(n>>7) | 0x80, byte(n >> 14)}, make([]byte, n)...)
		}
		least := len(p.golden)
		if _, err := p.again(p.join(append(p.fields(), padding(MaxSize-least))...)); err != nil {
			t.Errorf("%s of the greatest length: %v", name, err)
		}
		if _, err := p.again(p.join(append(p.fields(), padding(MaxSize-least+1))...)); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s of one byte more: %v", name, err)
		}
	}
}

func TestKeysOfOtherTypesAreRefused(t *testing.T) {
	golden := unhex(t, goldenSignal)
	golden[3] = 0x06
	if _, err := ParseSignal(golden); !errors.Is(err, ErrSyntax) {
		t.Errorf("error = %v", err)
	}
}

func TestErrorsShowNothingOfTheMessage(t *testing.T) {
	_, err := ParseSignal([]byte("4attacker's words and some more"))
	if err == nil || bytes.Contains([]byte(err.Error()), []byte("attacker")) {
		t.Errorf("error = %v", err)
	}
	if got := (&VersionError{7}).Error(); got != "version 7 of messages is not supported" {
		t.Error(got)
	}
}

// fuzz checks that what is read can be written and then reads the same.
func fuzz(f *testing.F, name string) {
	p := parsers(f)[name]
	f.Add(p.golden)
	f.Fuzz(func(t *testing.T, b []byte) {
		once, err := p.again(b)
		if err != nil {
			var version *VersionError
			if !errors.Is(err, ErrSyntax) && !errors.As(err, &version) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if twice, err := p.again(once); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%x was written as %x, then %x, %v", b, once, twice, err)
		}
	})
}

func FuzzParseSignal(f *testing.F)                { fuzz(f, "signal") }
func FuzzParsePreKey(f *testing.F)                { fuzz(f, "prekey") }
func FuzzParseSenderKey(f *testing.F)             { fuzz(f, "sender key") }
func FuzzParseSenderKeyDistribution(f *testing.F) { fuzz(f, "distribution") }
func FuzzParseRetry(f *testing.F)                 { fuzz(f, "retry") }
