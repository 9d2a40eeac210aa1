// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"os"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vapid"
)

const (
	exampleID    = "AAECAwQFBgcICQoLDA0ODw"
	exampleKey   = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
	exampleKID   = "1qxvx3yqjgbvZphBjeF9pzkcix6bSXShl4OKROK7mE0"
	exampleName  = "https://app.example " + exampleKID
	exampleHash  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	exampleNonce = "AAECAwQFBgcICQoL"

	exampleSignal = "https://app.example session AAECAwQFBgcICQoLDA0ODw"
)

func key(t testing.TB) vapid.PublicKey {
	t.Helper()
	k, err := vapid.ParsePublicKey(exampleKey)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// counting returns the bytes 0 to n-1.
func counting(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// sample is a record with its value and the function that reads it: again returns
// what the record that was read marshals to.
type sample struct {
	value string
	again func(value []byte) ([]byte, error)
}

func samples(t testing.TB) map[string]sample {
	t.Helper()
	k := key(t)
	user := User{ID: exampleID, Label: "Ada", Created: 1790000000, Opened: 1790000000, Generation: 1, Log: k.Point()}
	policy := Policy{"https://app.example", []MethodClass{{"vapid.sign", "confirm"}}}
	roster := Roster{Enrolments: []Enrolled{{exampleID, counting(32)}}}
	sealed := SealedRoster{2, counting(12), counting(20)}
	logKey := LogKey{1, k.Point(), 1790000000, counting(12), counting(20)}
	browser := VAPID{"https://app.example", k, 1790000000, Browser, 1, counting(12), counting(16)}
	wrapped := VAPID{"https://app.example", k, 1790000000, Sealed, 1, counting(12), counting(17)}
	return map[string]sample{
		"user":     {string(user.Marshal()), func(b []byte) ([]byte, error) { r, err := ParseUser(exampleID, b); return r.Marshal(), err }},
		"throttle": {string(Throttle{3, 1790000005, 0}.Marshal()), func(b []byte) ([]byte, error) { r, err := ParseThrottle(b); return r.Marshal(), err }},
		"policy":   {string(policy.Marshal()), func(b []byte) ([]byte, error) { r, err := ParsePolicy(policy.Origin, b); return r.Marshal(), err }},
		"roster":   {string(roster.Marshal()), func(b []byte) ([]byte, error) { r, err := ParseRoster(b); return r.Marshal(), err }},
		"sealed roster": {string(sealed.Marshal()), func(b []byte) ([]byte, error) {
			r, err := ParseSealedRoster(b)
			return r.Marshal(), err
		}},
		"log key":     {string(logKey.Marshal()), func(b []byte) ([]byte, error) { r, err := ParseLogKey(b); return r.Marshal(), err }},
		"delegate":    {string(Delegate{k.Point(), 3}.Marshal()), func(b []byte) ([]byte, error) { r, err := ParseDelegate(b); return r.Marshal(), err }},
		"VAPID":       {string(browser.Marshal()), func(b []byte) ([]byte, error) { r, err := ParseVAPID(exampleName, b); return marshal(r, err) }},
		"other VAPID": {string(wrapped.Marshal()), func(b []byte) ([]byte, error) { r, err := ParseVAPID(exampleName, b); return marshal(r, err) }},
		"Signal": {string(Signal{1, counting(12), counting(16)}.Marshal()), func(b []byte) ([]byte, error) {
			r, err := ParseSignal(exampleSignal, b)
			if err != nil {
				return nil, err
			}
			return r.Marshal(), nil
		}},
		"old VAPID": {string(OldVAPID{"https://app.example", k, 1790000000}.Marshal()), func(b []byte) ([]byte, error) {
			r, err := ParseOldVAPID(exampleName, b)
			return r.Marshal(), err
		}},
	}
}

func marshal(r VAPID, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return r.Marshal(), nil
}

func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	for name, s := range samples(t) {
		if again, err := s.again([]byte(s.value)); err != nil || string(again) != s.value {
			t.Errorf("%s: read as %s, %v\nwant %s", name, again, err, s.value)
		}
	}
}

func TestRecordsAreTheDocumentedExamples(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(source), "\n//\t", "")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "  ", ""), ", \"", ",\"")
	for _, name := range []string{"user", "throttle", "policy", "roster", "VAPID", "Signal"} {
		value, _, _ := strings.Cut(samples(t)[name].value, "\n")
		if !strings.Contains(strings.ReplaceAll(text, " \"", "\""), value) {
			t.Errorf("the package comment does not have the example %s", value)
		}
	}
}

func TestUnreadableRecordsAreRefused(t *testing.T) {
	for name, s := range samples(t) {
		format := s.value[strings.Index(s.value, `"format":"`)+10:]
		format = format[:strings.IndexByte(format, '"')]
		bad := map[string]string{
			"empty":         "",
			"not JSON":      "\x00",
			"not canonical": s.value + "\n",
			"array":         "[]",
			"no format":     "{}",
			"later version": strings.Replace(s.value, format, format[:len(format)-1]+"9", 1),
			"other format":  strings.Replace(s.value, format, "kms-enclave-release/1", 1),
			"unknown field": strings.Replace(s.value, `"format":`, `"a":1,"format":`, 1),
			"only a format": `{"format":"` + format + `"}`,
			"negative":      strings.Replace(s.value, `:1790000000`, `:-1`, 1),
			"other id":      strings.Replace(s.value, exampleID[:20], "BBBBBBBBBBBBBBBBBBBB", 1),
			"other origin":  strings.Replace(s.value, "app.example", "evil.example", 1),
			"other kid":     strings.Replace(s.value, exampleKID, exampleHash, 1),
			"other point":   strings.Replace(s.value, `"BA1H`, `"AA1H`, 1),
			"short nonce":   strings.Replace(s.value, `"`+exampleNonce+`"`, `"AAECAwQFBgcICQ"`, 1),
			"bad base64url": strings.Replace(s.value, `"`+exampleNonce+`"`, `"AAECAwQFBgcICQo="`, 1),
			"generation 0":  strings.Replace(s.value, `"generation":1`, `"generation":-1`, 1),
			"class":         strings.Replace(s.value, `"confirm"`, `"none"`, 1),
			"state":         strings.Replace(s.value, `"active"`, `"gone"`, 1),
			"protection":    strings.Replace(s.value, `"browser"`, `"sealed"`, 1),
			"wrapped":       strings.Replace(s.value, `"protection":"sealed"`, `"protection":"browser"`, 1),
			"label":         strings.Replace(s.value, `"Ada"`, `" Ada"`, 1),
		}
		for what, value := range bad {
			if value == s.value {
				continue // this record has no such member
			}
			again, err := s.again([]byte(value))
			if _, refused := errors.AsType[*Error](err); !refused && !(name == "sealed roster" && what == "other id") &&
				!(what == "other id" && string(again) == value) {
				t.Errorf("%s, %s: read as %s, %v", name, what, again, err)
			}
		}
	}
}

func TestListsAreSortedAndBounded(t *testing.T) {
	a, b := MethodClass{"a", "confirm"}, MethodClass{"b", "confirm"}
	one, two := Enrolled{exampleID, counting(32)}, Enrolled{"BAECAwQFBgcICQoLDA0ODw", counting(32)}
	x, y := Ruled{"https://a.example", counting(32)}, Ruled{"https://b.example", counting(32)}
	good := []Enrolled{one}
	for name, try := range map[string]struct {
		value []byte
		parse func([]byte) error
	}{
		"no methods":        {Policy{"https://app.example", nil}.Marshal(), parsePolicy},
		"methods in order":  {Policy{"https://app.example", []MethodClass{b, a}}.Marshal(), parsePolicy},
		"method twice":      {Policy{"https://app.example", []MethodClass{a, a}}.Marshal(), parsePolicy},
		"no method's name":  {Policy{"https://app.example", []MethodClass{{"a b", "confirm"}}}.Marshal(), parsePolicy},
		"too many methods":  {Policy{"https://app.example", make([]MethodClass, MaxMethods+1)}.Marshal(), parsePolicy},
		"no enrolments":     {Roster{}.Marshal(), parseRoster},
		"too many":          {Roster{Enrolments: make([]Enrolled, MaxEnrolments+1)}.Marshal(), parseRoster},
		"enrolments":        {Roster{Enrolments: []Enrolled{two, one}}.Marshal(), parseRoster},
		"enrolment twice":   {Roster{Enrolments: []Enrolled{one, one}}.Marshal(), parseRoster},
		"policies":          {Roster{Enrolments: good, Policies: []Ruled{y, x}}.Marshal(), parseRoster},
		"policy twice":      {Roster{Enrolments: good, Policies: []Ruled{x, x}}.Marshal(), parseRoster},
		"no policy's place": {Roster{Enrolments: good, Policies: []Ruled{{"null", counting(32)}}}.Marshal(), parseRoster},
	} {
		if err := try.parse(try.value); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func parsePolicy(value []byte) error { _, err := ParsePolicy("https://app.example", value); return err }
func parseRoster(value []byte) error { _, err := ParseRoster(value); return err }

func TestDataOfASealDependsOnPlaceAndMembers(t *testing.T) {
	r := VAPID{"https://app.example", key(t), 1790000000, Sealed, 1, counting(12), counting(17)}
	p := Place{"u/vapid", r.Name(), 1}
	seen := map[string]bool{string(r.Data(p)): true}
	for _, place := range []Place{{"v/vapid", p.Key, 1}, {p.Collection, "x", 1}, {p.Collection, p.Key, 2}} {
		seen[string(r.Data(place))] = true
	}
	for _, change := range []func(*VAPID){
		func(r *VAPID) { r.Origin = "https://other.example" },
		func(r *VAPID) { r.Created++ },
		func(r *VAPID) { r.Protection = Browser },
		func(r *VAPID) { r.Generation++ },
	} {
		other := r
		change(&other)
		seen[string(other.Data(p))] = true
	}
	if len(seen) != 8 {
		t.Errorf("%d different data, want 8", len(seen))
	}
	r.Nonce, r.Wrapped = counting(13), nil
	if !seen[string(r.Data(p))] {
		t.Error("the data depends on what is sealed")
	}
}

func TestSequenceKeysSortAsNumbers(t *testing.T) {
	before := ""
	for _, n := range []int64{0, 1, 9, 10, 99, 1 << 20, 1<<53 - 1} {
		k := SequenceKey(n)
		if len(k) != 16 || k <= before {
			t.Errorf("key of %d is %q", n, k)
		}
		before = k
	}
}

func TestLabelsThatNobodyCouldTellApartAreRefused(t *testing.T) {
	for text, want := range map[string]bool{
		"Ada": true, "Ada Lovelace": true, "Zoë 👩‍💻": true, strings.Repeat("ü", MaxLabel): true,
		"": false, " Ada": false, "Ada ": false, "A\nb": false, "A\x7fb": false, "A\u0085b": false, "a\u2028b": false,
		"\xff": false, strings.Repeat("a", MaxLabel+1): false,
	} {
		if IsLabel(text) != want {
			t.Errorf("IsLabel(%q) = %v", text, !want)
		}
	}
}

func FuzzParse(f *testing.F) {
	all := samples(f)
	for _, s := range all {
		f.Add([]byte(s.value))
	}
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, value []byte) {
		for name, s := range all {
			if again, err := s.again(value); err == nil && string(again) != string(value) {
				t.Errorf("%s: accepted %q, which it writes as %q", name, value, again)
			}
		}
	})
}
