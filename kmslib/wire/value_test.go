// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"ats.run/kms-enclave/kmslib/wire"
)

// randomValue returns a value of at most the given depth.
func randomValue(r *rand.Rand, depth int) wire.Value {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch r.IntN(kinds) {
	case 0:
		return wire.Null()
	case 1:
		return wire.Bool(r.IntN(2) == 0)
	case 2:
		return wire.Int(r.Int64N(2*wire.MaxInt+1) - wire.MaxInt)
	case 3:
		return wire.String(randomString(r))
	case 4:
		elements := make([]wire.Value, r.IntN(5))
		for i := range elements {
			elements[i] = randomValue(r, depth-1)
		}
		return wire.Array(elements...)
	}
	names := make(map[string]bool)
	var members []wire.Member
	for range r.IntN(6) {
		if name := randomString(r); !names[name] {
			names[name] = true
			members = append(members, wire.Member{Name: name, Value: randomValue(r, depth-1)})
		}
	}
	return wire.Object(members...)
}

// randomString returns up to five characters, many of them ones that the
// encoding treats in a special way.
func randomString(r *rand.Rand) string {
	special := []rune{0, 1, '\b', '\t', '\n', '\f', '\r', 0x1f, '"', '\\', '/', 0x7f, 0x80, 0x2028,
		0xd7ff, 0xe000, 0xfb33, 0xfffd, 0xffff, 0x10000, 0x10ffff}
	var s strings.Builder
	for range r.IntN(6) {
		switch r.IntN(3) {
		case 0:
			s.WriteRune(special[r.IntN(len(special))])
		case 1:
			s.WriteRune(rune('a' + r.IntN(3)))
		default:
			s.WriteRune(rune(r.IntN(0xd800)))
		}
	}
	return s.String()
}

func TestEveryValueIsReadBackAndCanonicalIsAFixpoint(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		v := randomValue(r, 4)
		encoded := v.Append(nil)
		parsed, err := wire.ParseCanonical(encoded)
		if err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if !equal(v, parsed) {
			t.Fatalf("%s is read as another value", encoded)
		}
		if again := parsed.Append(nil); string(again) != string(encoded) {
			t.Fatalf("%s is rewritten as %s", encoded, again)
		}
	}
}

func equal(a, b wire.Value) bool {
	as, _ := a.AsString()
	bs, _ := b.AsString()
	ai, _ := a.AsInt()
	bi, _ := b.AsInt()
	ab, _ := a.AsBool()
	bb, _ := b.AsBool()
	if a.Kind() != b.Kind() || as != bs || ai != bi || ab != bb {
		return false
	}
	ae, _ := a.Elements()
	be, _ := b.Elements()
	am, _ := a.Members()
	bm, _ := b.Members()
	if len(ae) != len(be) || len(am) != len(bm) {
		return false
	}
	for i := range ae {
		if !equal(ae[i], be[i]) {
			return false
		}
	}
	for i := range am {
		if am[i].Name != bm[i].Name || !equal(am[i].Value, bm[i].Value) {
			return false
		}
	}
	return true
}

// The standard library reads what we write, and we read what it writes.
func TestEncodingAgreesWithEncodingJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		v := randomValue(r, 3)
		var theirs any
		decoder := json.NewDecoder(strings.NewReader(string(v.Append(nil))))
		decoder.UseNumber()
		if err := decoder.Decode(&theirs); err != nil {
			t.Fatal(err)
		}
		written, err := json.MarshalIndent(theirs, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.Parse(written)
		if err != nil || !equal(v, back) {
			t.Fatalf("%s: %v", written, err)
		}
	}
}

func TestMembersAreSortedByUTF16(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		members, _ := randomObject(r).Members()
		for i := 1; i < len(members); i++ {
			if !lessUTF16(members[i-1].Name, members[i].Name) {
				t.Fatalf("%+q comes before %+q", members[i-1].Name, members[i].Name)
			}
		}
	}
}

func randomObject(r *rand.Rand) wire.Value {
	for {
		if v := randomValue(r, 1); v.Kind() == wire.KindObject {
			return v
		}
	}
}

func lessUTF16(a, b string) bool {
	ua, ub := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for i := range min(len(ua), len(ub)) {
		if ua[i] != ub[i] {
			return ua[i] < ub[i]
		}
	}
	return len(ua) < len(ub)
}

func TestGetFindsEveryMemberAndNoOther(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		v := randomObject(r)
		members, _ := v.Members()
		for _, m := range members {
			if got, ok := v.Get(m.Name); !ok || !equal(got, m.Value) {
				t.Fatalf("Get(%+q) = %v, %v", m.Name, got, ok)
			}
		}
		if _, ok := v.Get("longer than random names are"); ok {
			t.Fatal("Get found a member that is not there")
		}
	}
	if _, ok := wire.Array().Get(""); ok {
		t.Error("Get found a member of an array")
	}
}

func TestAccessorsRefuseOtherKinds(t *testing.T) {
	values := map[wire.Kind]wire.Value{
		wire.KindNull:   {},
		wire.KindBool:   wire.Bool(true),
		wire.KindInt:    wire.Int(1),
		wire.KindString: wire.String("1"),
		wire.KindArray:  wire.Array(wire.Int(1)),
		wire.KindObject: wire.Object(wire.Member{Name: "a"}),
	}
	for kind, v := range values {
		_, isBool := v.AsBool()
		_, isInt := v.AsInt()
		_, isString := v.AsString()
		_, isArray := v.Elements()
		_, isObject := v.Members()
		got := []bool{v.Kind() == kind, isBool, isInt, isString, isArray, isObject}
		want := []bool{true, kind == wire.KindBool, kind == wire.KindInt, kind == wire.KindString, kind == wire.KindArray, kind == wire.KindObject}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%v: answers %v, want %v", kind, got, want)
				break
			}
		}
	}
}

func TestValueDoesNotChangeWithWhatItWasMadeOf(t *testing.T) {
	elements := []wire.Value{wire.Int(1)}
	members := []wire.Member{{Name: "a", Value: wire.Array(elements...)}}
	v := wire.Object(members...)
	elements[0], members[0].Name = wire.Int(2), "b"
	copied, _ := v.Members()
	copied[0].Name = "c"
	inner, _ := copied[0].Value.Elements()
	inner[0] = wire.Null()
	if got := string(v.Append(nil)); got != `{"a":[1]}` {
		t.Errorf("value became %s", got)
	}
}

func TestValuesThatHaveNoEncodingPanic(t *testing.T) {
	deep := wire.Array()
	for range wire.MaxDepth - 1 {
		deep = wire.Array(deep)
	}
	if _, err := wire.ParseCanonical(deep.Append(nil)); err != nil {
		t.Fatal(err)
	}
	for name, build := range map[string]func(){
		"large":       func() { wire.Int(wire.MaxInt + 1) },
		"small":       func() { wire.Int(-wire.MaxInt - 1) },
		"not UTF-8":   func() { wire.String("\xff") },
		"bad name":    func() { wire.Object(wire.Member{Name: "\xff"}) },
		"same names":  func() { wire.Object(wire.Member{Name: "a"}, wire.Member{Name: "b"}, wire.Member{Name: "a"}) },
		"deep array":  func() { wire.Array(deep) },
		"deep object": func() { wire.Object(wire.Member{Name: "a", Value: deep}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			build()
		})
	}
}

func BenchmarkParse(b *testing.B) {
	var list []wire.Value
	for i := range 100 {
		list = append(list, wire.Object(
			wire.Member{Name: "path", Value: wire.String("file" + strconv.Itoa(i))},
			wire.Member{Name: "size", Value: wire.Int(int64(i))},
		))
	}
	data := wire.Array(list...).Append(nil)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := wire.ParseCanonical(data); err != nil {
			b.Fatal(err)
		}
	}
}
