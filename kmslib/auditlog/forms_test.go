// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog_test

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
)

// whole returns an entry with every field.
func whole() auditlog.Entry {
	e := auditlogtest.Entry(1)
	e.Seq, e.User, e.Signer = 1, auditlogtest.User, auditlogtest.NewKey("log").ID()
	e.Request, e.Detail, e.Repeats = "17", "passkey-prf", 5
	return e
}

func TestEntryIsReadAsItWasWritten(t *testing.T) {
	bare := auditlog.Entry{User: "u", Signer: whole().Signer, Method: "a", Outcome: "ok"}
	for _, e := range []auditlog.Entry{whole(), bare} {
		got, err := auditlog.ParseEntry(e.Marshal())
		if err != nil || got != e {
			t.Errorf("read %+v, %v; want %+v", got, err, e)
		}
	}
}

func TestEntryFieldsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*auditlog.Entry){
		"seq":     func(e *auditlog.Entry) { e.Seq = -1 },
		"time":    func(e *auditlog.Entry) { e.Time = -1 },
		"user":    func(e *auditlog.Entry) { e.User = "a/b" },
		"signer":  func(e *auditlog.Entry) { e.Signer = "key" },
		"method":  func(e *auditlog.Entry) { e.Method = "a..b" },
		"outcome": func(e *auditlog.Entry) { e.Outcome = "Not found" },
		"origin":  func(e *auditlog.Entry) { e.Origin = "https://a.example/path" },
		"key":     func(e *auditlog.Entry) { e.Key = "a b" },
		"request": func(e *auditlog.Entry) { e.Request = strings.Repeat("x", 129) },
		"session": func(e *auditlog.Entry) { e.Session = "a\n" },
		"release": func(e *auditlog.Entry) { e.Release = strings.Repeat("A", 64) },
		"detail":  func(e *auditlog.Entry) { e.Detail = "Any Text" },
		"repeats": func(e *auditlog.Entry) { e.Repeats = 1 },
	} {
		e := whole()
		change(&e)
		err := e.Check()
		var refused *auditlog.FormatError
		if !errors.As(err, &refused) || !strings.HasPrefix(refused.Reason, name+":") {
			t.Errorf("%s: error = %v", name, err)
		}
		if name != "seq" && name != "time" { // which canonical JSON could not even hold as text
			if _, err := auditlog.ParseEntry(e.Marshal()); err == nil {
				t.Errorf("%s: read without complaint", name)
			}
		}
	}
}

func TestMalformedEntryIsRefused(t *testing.T) {
	good := string(whole().Marshal())
	for name, text := range map[string]string{
		"nothing":         "",
		"no object":       "[]",
		"empty string":    strings.Replace(good, `"detail":"passkey-prf"`, `"detail":""`, 1),
		"no repeats":      strings.Replace(good, `"repeats":5`, `"repeats":0`, 1),
		"number as text":  strings.Replace(good, `"seq":1`, `"seq":"1"`, 1),
		"other format":    strings.Replace(good, "audit-entry", "audit-head", 1),
		"field of others": strings.Replace(good, `{"detail"`, `{"cause":1,"detail"`, 1),
	} {
		_, err := auditlog.ParseEntry([]byte(text))
		var refused *auditlog.FormatError
		if text == good || !errors.As(err, &refused) {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

// TestRecordsBelongToTheirPlace moves stored forms to other users and numbers.
func TestRecordsBelongToTheirPlace(t *testing.T) {
	log := auditlogtest.NewLog().Grow(4)
	for _, r := range []auditlog.Record{log.Records[3], log.Records[3].Prune()} {
		value := r.Marshal()
		if _, err := auditlog.ParseRecord(auditlogtest.User, 3, value); err != nil {
			t.Fatal(err)
		}
		if _, err := auditlog.ParseRecord(auditlogtest.User, 2, value); err == nil {
			t.Error("read under another number")
		}
		if _, err := auditlog.ParseRecord("someone-else", 3, value); err == nil {
			t.Error("read under another user")
		}
		short := r
		short.Hashes = short.Hashes[:2]
		wrong := r
		wrong.Hashes = log.Records[1].Hashes
		for _, damaged := range []auditlog.Record{short, wrong} {
			if _, err := auditlog.ParseRecord(auditlogtest.User, 3, damaged.Marshal()); r.Entry != nil && err == nil {
				t.Error("read with other hashes")
			}
		}
	}
	if _, err := auditlog.ParseHead("someone-else", log.Head.Marshal()); err == nil {
		t.Error("head read under another user")
	}
	if _, err := auditlog.ParseCertificate("someone-else", log.Certificates[0].Marshal()); err == nil {
		t.Error("certificate read under another user")
	}
}

func TestMalformedHeadIsRefused(t *testing.T) {
	good := string(auditlogtest.NewLog().Grow(4).Head.Marshal())
	for name, text := range map[string]string{
		"nothing":      "",
		"other size":   strings.Replace(good, `"size":4`, `"size":5`, 1),
		"negative":     strings.Replace(good, `"size":4`, `"size":-4`, 1),
		"empty":        strings.Replace(good, `"size":4`, `"size":0`, 1),
		"time":         strings.Replace(good, `"time":`, `"time":-`, 1),
		"signer":       strings.Replace(good, `"signer":"`, `"signer":"A`, 1),
		"other format": strings.Replace(good, "audit-head", "audit-record", 1),
	} {
		_, err := auditlog.ParseHead(auditlogtest.User, []byte(text))
		var refused *auditlog.FormatError
		if text == good || !errors.As(err, &refused) {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func TestCertificateIsReadAsItWasWritten(t *testing.T) {
	log := auditlogtest.NewLog()
	c := log.Certificates[0]
	got, err := auditlog.ParseCertificate(auditlogtest.User, c.Marshal())
	if err != nil || !bytes.Equal(got.Marshal(), c.Marshal()) || got.ID() != log.Delegate.ID() {
		t.Errorf("read %+v, %v", got, err)
	}
	if !auditlogtest.Verify(log.Key.Point(), got.Message(), got.Signature) {
		t.Error("the signature does not fit")
	}
	if !bytes.HasPrefix(c.Message(), []byte("kms-enclave-log-delegation/1\n{")) {
		t.Errorf("message %s", c.Message())
	}
}

func TestImpossibleCertificateIsNotSigned(t *testing.T) {
	log := auditlogtest.NewLog()
	for name, change := range map[string]func(*auditlog.Certificate){
		"user":          func(c *auditlog.Certificate) { c.User = "" },
		"point":         func(c *auditlog.Certificate) { c.Point = c.Point[:64] },
		"times":         func(c *auditlog.Certificate) { c.NotAfter = c.NotBefore - 1 },
		"negative time": func(c *auditlog.Certificate) { c.NotBefore = -1 },
		"code":          func(c *auditlog.Certificate) { c.Code = "" },
		"no scope":      func(c *auditlog.Certificate) { c.Scope = nil },
		"all":           func(c *auditlog.Certificate) { c.Scope = []string{"*:*"} },
		"no outcome":    func(c *auditlog.Certificate) { c.Scope = []string{"vapid.sign"} },
		"odd method":    func(c *auditlog.Certificate) { c.Scope = []string{"vapid.*:ok"} },
		"much scope": func(c *auditlog.Certificate) {
			c.Scope = nil
			for i := range 257 {
				c.Scope = append(c.Scope, "m"+strconv.Itoa(i)+":ok")
			}
		},
	} {
		c := log.Certificates[0]
		change(&c)
		if _, err := auditlog.SignCertificate(t.Context(), c, log.Key); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	c := log.Certificates[0]
	c.Scope = []string{"b:ok", "a:ok", "b:ok"}
	signed, err := auditlog.SignCertificate(t.Context(), c, log.Key)
	if err != nil || strings.Join(signed.Scope, " ") != "a:ok b:ok" || c.Scope[0] != "b:ok" {
		t.Errorf("scope %q, %v", signed.Scope, err)
	}
	signed.Scope = c.Scope
	if _, err := auditlog.ParseCertificate(auditlogtest.User, signed.Marshal()); err == nil {
		t.Error("an unsorted scope was read")
	}
	failing := &signer{Key: log.Key, alter: func([]byte) ([]byte, error) { return nil, nil }}
	if _, err := auditlog.SignCertificate(t.Context(), log.Certificates[0], failing); !errors.Is(err, auditlog.ErrSignature) {
		t.Errorf("error = %v", err)
	}
}

// FuzzParse reads anything as each of the stored forms; what is accepted is
// written as it was.
func FuzzParse(f *testing.F) {
	log := auditlogtest.NewLog().Grow(4)
	f.Add(log.Records[3].Marshal())
	f.Add(log.Records[3].Prune().Marshal())
	f.Add(log.Head.Marshal())
	f.Add(auditlog.NewHead(auditlogtest.User).Marshal())
	f.Add(log.Certificates[0].Marshal())
	f.Add(whole().Marshal())
	f.Add([]byte(log.Checkpoint()))
	f.Fuzz(func(t *testing.T, data []byte) {
		same := func(what string, again []byte, err error) {
			if err == nil && !bytes.Equal(again, data) {
				t.Errorf("%s is written as %s", what, again)
			}
		}
		if e, err := auditlog.ParseEntry(data); err == nil {
			same("entry", e.Marshal(), err)
		}
		if r, err := auditlog.ParseRecord(auditlogtest.User, 3, data); err == nil {
			same("record", r.Marshal(), err)
		}
		if h, err := auditlog.ParseHead(auditlogtest.User, data); err == nil {
			same("head", h.Marshal(), err)
		}
		if c, err := auditlog.ParseCertificate(auditlogtest.User, data); err == nil {
			same("certificate", c.Marshal(), err)
		}
		if c, err := auditlog.ParseCheckpoint(data); err == nil && !bytes.HasPrefix(data, c.Body()) {
			t.Errorf("checkpoint is written as %s", c.Body())
		}
	})
}
