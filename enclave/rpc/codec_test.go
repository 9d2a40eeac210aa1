// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/wire"
)

var (
	testKID    = strings.Repeat("k", kidLength)
	testDigest = strings.Repeat("d", digestLength)
)

// signText returns the text of a good request of vapid.sign, with one member
// set to another JSON text; "" leaves it out.
func signText(name, value string) string {
	members := map[string]string{
		"kid": `"` + testKID + `"`, "aud": `"https://push.example"`, "sub": `"mailto:ops@app.example"`, "exp": "1790000000",
	}
	members[name] = value
	var list []string
	for _, name := range []string{"kid", "aud", "sub", "exp", "extra"} {
		if members[name] != "" {
			list = append(list, `"`+name+`":`+members[name])
		}
	}
	return "{" + strings.Join(list, ",") + "}"
}

func TestRequestOfTheTableIsDecoded(t *testing.T) {
	var got VAPIDSignRequest
	if err := Decode(signText("exp", "1790000000"), &got); err != nil {
		t.Fatal(err)
	}
	want := VAPIDSignRequest{KID: testKID, Audience: "https://push.example", Subject: "mailto:ops@app.example", Expires: 1790000000}
	if got != want {
		t.Errorf("decoded %+v, want %+v", got, want)
	}
}

func TestOptionalMemberMayBeLeftOut(t *testing.T) {
	var got VAPIDSignRequest
	if err := Decode(signText("exp", ""), &got); err != nil || got.Expires != 0 {
		t.Errorf("Expires = %d, error %v; want 0 and none", got.Expires, err)
	}
}

func TestRefusalNamesTheMember(t *testing.T) {
	for _, test := range []struct{ what, text, field, reason string }{
		{"missing", signText("aud", ""), "aud", "missing"},
		{"null", signText("aud", "null"), "aud", "expected string, found null"},
		{"another type", signText("kid", "7"), "kid", "expected string, found integer"},
		{"text for a number", signText("exp", `"soon"`), "exp", "expected integer, found string"},
		{"too short", signText("kid", `"k"`), "kid", "expected 43 bytes, found 1"},
		{"too long", signText("sub", `"`+strings.Repeat("s", 1025)+`"`), "sub", "expected 1 to 1024 bytes, found 1025"},
		{"empty", signText("sub", `""`), "sub", "expected 1 to 1024 bytes, found 0"},
		{"zero for an optional number", signText("exp", "0"), "exp", "expected 1 to 9007199254740991, found 0"},
		{"negative", signText("exp", "-5"), "exp", "expected 1 to 9007199254740991, found -5"},
		{"another alphabet", signText("kid", `"`+strings.Repeat("+", kidLength)+`"`), "kid", "base64url"},
		{"unknown member", signText("extra", "1"), "", "unknown field"},
		{"no object", "[]", "", "expected an object, found array"},
	} {
		t.Run(test.what, func(t *testing.T) {
			err := Decode(test.text, new(VAPIDSignRequest))
			refused, ok := errors.AsType[*wire.FieldError](err)
			if !ok {
				t.Fatalf("error %v, want a *wire.FieldError", err)
			}
			if refused.Field != test.field || !strings.Contains(refused.Reason, test.reason) {
				t.Errorf("refused %q: %q; want %q: %q", refused.Field, refused.Reason, test.field, test.reason)
			}
		})
	}
}

func TestTextThatIsNotOneJSONValueIsRefused(t *testing.T) {
	for _, text := range []string{"", "{", "{} ", `{"a":1,"a":1}`, `{"exp":1.5}`, "{}{}", "\xff"} {
		err := Decode(text, new(StatusRequest))
		if _, ok := errors.AsType[*wire.SyntaxError](err); !ok && text != "{} " {
			t.Errorf("Decode(%q): %v, want a *wire.SyntaxError", text, err)
		}
		if text == "{} " && err != nil {
			t.Errorf("Decode(%q): %v, want white space to be allowed", text, err)
		}
	}
}

func TestRefusalRepeatsNothingOfTheRequest(t *testing.T) {
	const marker = "attackerchosen"
	for _, text := range []string{
		signText("kid", `"`+marker+`"`), signText("exp", `"`+marker+`"`), marker,
		`{"` + marker + `":1}`, signText("extra", `{"`+marker+`":"`+marker+`"}`),
	} {
		err := Decode(text, new(VAPIDSignRequest))
		if err == nil || strings.Contains(err.Error(), marker) {
			t.Errorf("Decode(%q): %v; want an error without %q", text, err, marker)
		}
	}
}

func TestResponseIsCanonical(t *testing.T) {
	got, err := Encode(&HelloResponse{1, strings.Repeat("n", 22), testDigest, StorageBestEffort, []string{ES256}})
	want := `{"algorithms":["ES256"],"nonce":"nnnnnnnnnnnnnnnnnnnnnn","protocol":1,"release":"` + testDigest + `","storage":"best-effort"}`
	if err != nil || got != want {
		t.Errorf("Encode = %s, %v; want %s", got, err, want)
	}
}

func TestResponseOutOfBoundsIsNotEncoded(t *testing.T) {
	for name, m := range map[string]Message{
		"kid":        &VAPIDKeyResponse{KID: "short", PublicKey: strings.Repeat("p", pointLength)},
		"storage":    &HelloResponse{1, strings.Repeat("n", 22), testDigest, "somewhere", nil},
		"algorithms": &HelloResponse{1, strings.Repeat("n", 22), testDigest, StorageNone, []string{"none"}},
		"token":      &VAPIDSignResponse{Token: "\xff", Expires: 1, Authorization: "a"},
	} {
		_, err := Encode(m)
		refused, ok := errors.AsType[*wire.FieldError](err)
		if !ok || refused.Field != name {
			t.Errorf("Encode: %v, want a *wire.FieldError of %s", err, name)
		}
	}
}

func TestListsOfObjectsAreReadAndWritten(t *testing.T) {
	kid, point := strings.Repeat("k", kidLength), strings.Repeat("p", pointLength)
	list := &VAPIDListResponse{Keys: []VAPIDKeyInfo{{kid, point, 1790000000, "sealed"}, {kid, point, 0, "browser"}}}
	text, err := Encode(list)
	if err != nil {
		t.Fatal(err)
	}
	var back VAPIDListResponse
	if err := Decode(text, &back); err != nil || !reflect.DeepEqual(&back, list) {
		t.Errorf("%s is read as %+v, %v", text, back, err)
	}
	for _, bad := range []string{
		strings.Replace(text, "sealed", "open", 1), strings.Replace(text, `"created":0,`, "", 1), `{"keys":[1]}`, `{"keys":{}}`, "{}",
	} {
		err := Decode(bad, new(VAPIDListResponse))
		if refused, ok := errors.AsType[*wire.FieldError](err); !ok || refused.Field != "keys" {
			t.Errorf("Decode(%s): %v, want a *wire.FieldError of keys", bad, err)
		}
	}
	list.Keys[1].KID = "short"
	if _, err := Encode(list); err == nil || !strings.Contains(err.Error(), "element 1") {
		t.Errorf("Encode: %v, want an error of element 1", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("vapid.sign", signText("exp", "1790000000"))
	f.Add("vapid.sign", signText("extra", "1"))
	f.Add("hello", `{"nonce":"AAAAAAAAAAAAAAAAAAAAAA","protocol":2}`)
	f.Add("audit.prove", `{"kind":"inclusion","of":3}`)
	f.Add("vault.unlock", `{"user":"AAAAAAAAAAAAAAAAAAAAAA"}`)
	f.Add("status", "{}")
	f.Add("vapid.publicKey", `{"kid":"`+testKID+`"}`)
	f.Add("vapid.delete", `{"kid":"\u006b"}`)
	for name, params := range signalParams {
		f.Add(name, params)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		method := find(name)
		if method == nil {
			return
		}
		first := method.Request()
		if Decode(text, first) != nil {
			return
		}
		canonical, err := Encode(first)
		if err != nil {
			t.Fatalf("%s accepted %q but does not encode it: %v", name, text, err)
		}
		second := method.Request()
		if err := Decode(canonical, second); err != nil {
			t.Fatalf("%s does not accept its own %q: %v", name, canonical, err)
		}
		if !reflect.DeepEqual(first, second) {
			t.Errorf("%s: %q and its canonical form differ: %+v, %+v", name, text, first, second)
		}
	})
}
