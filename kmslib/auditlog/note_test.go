// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	stockformats "github.com/transparency-dev/formats/log"
	stock "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
)

func verifierOf(t *testing.T, key auditlogtest.Key) note.Verifier {
	t.Helper()
	vkey, err := auditlog.VerifierKey(auditlogtest.User, key.Point())
	if err != nil {
		t.Fatal(err)
	}
	v, err := stock.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestStockVerifiersOpenOurCheckpoints opens checkpoints by both sorts of keys with
// programs of others, which know nothing of us but the key.
func TestStockVerifiersOpenOurCheckpoints(t *testing.T) {
	log := auditlogtest.NewLog()
	for range 64 { // signatures in DER have several lengths
		log.Grow(1)
		key := log.Key
		if log.Head.Signer == log.Delegate.ID() {
			key = log.Delegate
		}
		text := []byte(log.Checkpoint())
		opened, err := note.Open(text, note.VerifierList(verifierOf(t, key)))
		if err != nil || len(opened.Sigs) != 1 {
			t.Fatalf("at %d: %v", log.Head.Size(), err)
		}
		checkpoint, _, _, err := stockformats.ParseCheckpoint(text, auditlog.Origin(auditlogtest.User), verifierOf(t, key))
		root := log.Head.Root()
		if err != nil || int64(checkpoint.Size) != log.Head.Size() || !bytes.Equal(checkpoint.Hash, root[:]) {
			t.Fatalf("at %d: read as %+v, %v", log.Head.Size(), checkpoint, err)
		}
		if _, err := note.Open(text, note.VerifierList(verifierOf(t, auditlogtest.NewKey("other")))); err == nil {
			t.Fatal("opened with another key")
		}
	}
}

func TestKeyIDIsTheHashOfThePublicKeyInfo(t *testing.T) {
	log := auditlogtest.NewLog()
	vkey, err := auditlog.VerifierKey(auditlogtest.User, log.Key.Point())
	if err != nil {
		t.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(strings.SplitN(vkey, "+", 3)[2])
	if err != nil || data[0] != 2 {
		t.Fatalf("verifier key %s, %v", vkey, err)
	}
	if _, err := x509.ParsePKIXPublicKey(data[1:]); err != nil {
		t.Error(err)
	}
	sum := sha256.Sum256(data[1:])
	if got, want := log.Key.ID(), base64.RawURLEncoding.EncodeToString(sum[:]); got != want {
		t.Errorf("key id %s, want %s", got, want)
	}
}

func TestCheckpointOfOthersWithMoreSignaturesIsRead(t *testing.T) {
	log := auditlogtest.NewLog().Grow(3)
	text := log.Checkpoint() + "— witness.example/w AAAAAQUF\n"
	c, err := auditlog.ParseCheckpoint([]byte(text))
	if err != nil || len(c.Signatures) != 2 || !c.SignedBy(log.Key.Point(), auditlogtest.Verify) {
		t.Errorf("read as %+v, %v", c, err)
	}
	if c.SignedBy(log.Delegate.Point(), auditlogtest.Verify) || c.SignedBy(nil, auditlogtest.Verify) {
		t.Error("signed by a key that did not")
	}
	c.Size++
	if c.SignedBy(log.Key.Point(), auditlogtest.Verify) {
		t.Error("the signature is not over the size")
	}
}

func TestMalformedCheckpointIsRefused(t *testing.T) {
	good := auditlogtest.NewLog().Grow(3).Checkpoint()
	lines := strings.SplitAfter(good, "\n")
	signature := lines[4]
	for name, text := range map[string]string{
		"empty":                 "",
		"no signature":          strings.Join(lines[:4], ""),
		"no end":                strings.TrimSuffix(good, "\n"),
		"no empty line":         lines[0] + lines[1] + lines[2] + signature + signature + signature,
		"extension":             lines[0] + lines[1] + lines[2] + "more\n\n" + signature,
		"origin empty":          "\n" + strings.Join(lines[1:], ""),
		"size with zero":        lines[0] + "03\n" + strings.Join(lines[2:], ""),
		"size with sign":        lines[0] + "+3\n" + strings.Join(lines[2:], ""),
		"size huge":             lines[0] + "9007199254740992\n" + strings.Join(lines[2:], ""),
		"root short":            lines[0] + lines[1] + "AAAA\n" + strings.Join(lines[3:], ""),
		"carriage returns":      strings.ReplaceAll(good, "\n", "\r\n"),
		"not UTF-8":             strings.Replace(good, "kms", "k\xffs", 1),
		"other dash":            strings.Replace(good, "—", "--", 1),
		"signature not base64":  strings.Replace(good, signature, "— a ???\n", 1),
		"signature too short":   strings.Replace(good, signature, "— a AAAAAA==\n", 1),
		"name with plus":        strings.Replace(good, signature, "— a+b AAAAAQUF\n", 1),
		"too many signatures":   good + strings.Repeat("— a AAAAAQUF\n", 64),
		"much too long":         good + strings.Repeat("— a AAAAAQUF\n", 10_000),
		"text after signatures": good + "\nmore\n",
	} {
		_, err := auditlog.ParseCheckpoint([]byte(text))
		var refused *auditlog.FormatError
		if !errors.As(err, &refused) || refused.What != "checkpoint" {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func TestPointAsTextIsReadBack(t *testing.T) {
	point := auditlogtest.NewKey("log").Point()
	text := auditlog.EncodePoint(point)
	got, err := auditlog.ParsePoint(text)
	if err != nil || !bytes.Equal(got, point) || len(text) != 87 || text[0] != 'B' {
		t.Errorf("read %x of %s, %v", got, text, err)
	}
	for _, bad := range []string{"", text[1:], text + "A", "A" + text[1:], text[:86] + "\n", text[:86] + "+"} {
		if _, err := auditlog.ParsePoint(bad); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
	if _, err := auditlog.KeyID(point[1:]); err == nil {
		t.Error("half a point has an id")
	}
	if _, err := auditlog.VerifierKey("a b", point); err == nil {
		t.Error("a name with a space is a key name")
	}
	if _, err := auditlog.VerifierKey("a", nil); err == nil {
		t.Error("nothing is a key")
	}
	if _, err := auditlog.NewHead("a").Checkpoint(); !errors.Is(err, auditlog.ErrEmpty) {
		t.Errorf("checkpoint of an empty log: %v", err)
	}
}
