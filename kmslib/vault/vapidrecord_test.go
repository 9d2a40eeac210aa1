// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vapid"
)

// examplePublicKey is the key of RFC 8292's example.
const examplePublicKey = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"

func exampleRecord(t testing.TB) vapidRecord {
	t.Helper()
	key, err := vapid.ParsePublicKey(examplePublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return vapidRecord{origin: "https://app.example", key: key, created: 1790000000}
}

// exampleValue is the example of the package comment without line breaks.
const exampleValue = `{"created":1790000000,"format":"kms-enclave-vapid-key/1",` +
	`"kid":"1qxvx3yqjgbvZphBjeF9pzkcix6bSXShl4OKROK7mE0",` +
	`"origin":"https://app.example",` +
	`"publicKey":"` + examplePublicKey + `"}`

func TestVAPIDRecordIsTheDocumentedExample(t *testing.T) {
	r := exampleRecord(t)
	if got := string(r.marshal()); got != exampleValue {
		t.Errorf("marshal = %s\nwant      %s", got, exampleValue)
	}
	parsed, err := parseVAPIDRecord(r.ref(), []byte(exampleValue))
	if err != nil || parsed != r {
		t.Errorf("parse = %v, %v", parsed, err)
	}
}

func TestUnreadableVAPIDRecordIsReported(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(exampleValue, old, new, 1) }
	otherKey := replace(examplePublicKey[80:], "AAAAAAA")
	for name, value := range map[string]string{
		"empty":             "",
		"not JSON":          "\x00",
		"not canonical":     exampleValue + "\n",
		"later version":     replace("key/1", "key/2"),
		"other format":      `{"format":"kms-enclave-release/1"}`,
		"no format":         `{}`,
		"array":             `[]`,
		"unknown field":     replace(`{"created"`, `{"apple":1,"created"`),
		"missing field":     replace(`"created":1790000000,`, ""),
		"negative time":     replace("1790000000", "-1"),
		"other origin":      replace("app.example", "evil.example"),
		"malformed origin":  replace("app.example", "app.example/"),
		"other kid":         replace("1qxv", "1qxw"),
		"other public key":  otherKey,
		"short public key":  replace(examplePublicKey, examplePublicKey[1:]),
		"compressed public": replace(`"BA1H`, `"AA1H`),
	} {
		_, err := parseVAPIDRecord(exampleRecord(t).ref(), []byte(value))
		var unreadable *RecordError
		if !errors.As(err, &unreadable) {
			t.Errorf("%s: error = %v, want a RecordError", name, err)
		}
	}
}

// oneRecord is a store that holds one record at every address and forbids
// every change.
type oneRecord struct {
	record Record
	t      *testing.T
}

func (s oneRecord) Get(context.Context, Ref) (Record, error)    { return s.record, nil }
func (s oneRecord) List(context.Context, string) ([]Ref, error) { return nil, nil }
func (s oneRecord) Now() int64                                  { return 1790000000 }
func (s oneRecord) Read(b []byte) (int, error)                  { return len(b), nil }
func (s oneRecord) GenerateP256(context.Context) (Handle, []byte, error) {
	return nil, nil, ErrNotSupported
}
func (s oneRecord) SignP256(context.Context, Handle, []byte) ([]byte, error) {
	s.t.Error("an unreadable record was used to sign")
	return nil, ErrNotSupported
}

func (s oneRecord) Commit(context.Context, []Change) error {
	s.t.Error("an unreadable record was not left alone")
	return nil
}

func TestUnreadableVAPIDRecordIsKeptByEveryOperation(t *testing.T) {
	later := strings.Replace(exampleValue, "key/1", "key/2", 1)
	for name, record := range map[string]Record{
		"later version":       {1, []byte(later), "handle"},
		"damaged":             {1, []byte(exampleValue[1:]), "handle"},
		"without private key": {1, []byte(exampleValue), nil},
	} {
		world := oneRecord{record, t}
		v := New(Config{Store: world, Clock: world, Random: world, Keys: world})
		r := exampleRecord(t)
		kid := r.key.KeyID()
		_, publicError := v.VAPIDPublicKey(t.Context(), r.origin, kid)
		_, signError := v.VAPIDSign(t.Context(), r.origin, VAPIDRequest{KID: kid})
		deleteError := v.VAPIDDelete(t.Context(), r.origin, kid)
		for _, err := range []error{publicError, signError, deleteError} {
			var unreadable *RecordError
			if !errors.As(err, &unreadable) {
				t.Errorf("%s: error = %v, want a RecordError", name, err)
			}
		}
	}
}

func FuzzParseVAPIDRecord(f *testing.F) {
	f.Add([]byte(exampleValue))
	f.Add([]byte(strings.Replace(exampleValue, "key/1", "key/2", 1)))
	f.Add([]byte(`{"format":"kms-enclave-vapid-key/1"}`))
	f.Add([]byte("{}"))
	ref := exampleRecord(f).ref()
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := parseVAPIDRecord(ref, value)
		if err == nil && string(r.marshal()) != string(value) {
			t.Errorf("accepted %q, which it writes as %q", value, r.marshal())
		}
	})
}
