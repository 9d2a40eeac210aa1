// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	stockformats "github.com/transparency-dev/formats/log"
	stock "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"ats.run/kms-enclave/kmslib/updateproof"
)

// TestEntryIsAsRekorWritesIt holds an entry against the bytes that rekor-tiles v2.3.0 makes of the same:
// protojson of a HashedRekordLogEntryV002, canonicalized.
func TestEntryIsAsRekorWritesIt(t *testing.T) {
	const want = `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256",` +
		`"digest":"LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="},"signature":{"content":"AQ==","verifier":{` +
		`"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"Ag=="}}}}}}`
	got := updateproof.EntryBody(sha256.Sum256([]byte("x")), []byte{1}, []byte{2})
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestStockVerifiersAgree opens a good checkpoint with programs of others.
func TestStockVerifiersAgree(t *testing.T) {
	e := logged(manifest, 5, 7).signed(witness1, witness2)
	text := []byte(e.body + "\n" + strings.Join(e.signatures, ""))
	log, err := note.NewVerifier(theLog.vkey())
	if err != nil {
		t.Fatal(err)
	}
	var witnesses []note.Verifier
	for _, w := range []signer{witness1, witness2} {
		v, err := stock.NewVerifierForCosignatureV1(w.vkey())
		if err != nil {
			t.Fatal(err)
		}
		witnesses = append(witnesses, v)
	}
	_, _, opened, err := stockformats.ParseCheckpoint(text, logName, log, witnesses...)
	if err != nil || len(opened.Sigs) != 3 {
		t.Fatalf("%v", err)
	}
	got, err := parse(t, e.file()).Check(rule(), []byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	last, err := stock.CoSigV1Timestamp(opened.Sigs[2])
	if err != nil || last.Unix() != got.Time {
		t.Errorf("time %d, the stock library reads %d, %v", got.Time, last.Unix(), err)
	}
}

func TestFromEntryWritesTheFile(t *testing.T) {
	e := logged(manifest, 5, 7).signed(witness1, witness2)
	var hashes [][]byte
	for _, h := range e.hashes {
		hashes = append(hashes, h[:])
	}
	checkpoint := []byte(e.body + "\n" + strings.Join(e.signatures, ""))
	proof, err := updateproof.FromEntry(e.signature, e.index, hashes, checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(proof.Marshal()); got != e.file() {
		t.Errorf("got\n%s\nwant\n%s", got, e.file())
	}
	checkpoint[0] ^= 1 // which must not be kept
	if _, err := proof.Check(rule(), []byte(manifest)); err != nil {
		t.Error(err)
	}
	for name, made := range map[string]func() (*updateproof.Proof, error){
		"signature":  func() (*updateproof.Proof, error) { return updateproof.FromEntry(nil, 5, hashes, checkpoint) },
		"index":      func() (*updateproof.Proof, error) { return updateproof.FromEntry(e.signature, -1, hashes, checkpoint) },
		"checkpoint": func() (*updateproof.Proof, error) { return updateproof.FromEntry(e.signature, 5, hashes, nil) },
		"hash": func() (*updateproof.Proof, error) {
			return updateproof.FromEntry(e.signature, 5, [][]byte{{1}}, checkpoint)
		},
	} {
		if _, err := made(); outcome(err) != string(updateproof.CodeFormat) {
			t.Errorf("a wrong %s: %v", name, err)
		}
	}
}

// TestNoAlteredByteIsAccepted changes every bit of a proof in which every signature counts.
func TestNoAlteredByteIsAccepted(t *testing.T) {
	file := []byte(logged(manifest, 5, 7).signed(witness1, witness2).file())
	for at := range file {
		for bit := range 8 {
			altered := bytes.Clone(file)
			altered[at] ^= 1 << bit
			proof, err := updateproof.Parse(altered)
			if err != nil {
				continue
			}
			if _, err := proof.Check(rule(), []byte(manifest)); err == nil {
				t.Fatalf("accepted with bit %d of byte %d altered: %q", bit, at, altered)
			}
		}
	}
	for at := range len(manifest) {
		altered := []byte(manifest)
		altered[at] ^= 1
		if _, err := parse(t, string(file)).Check(rule(), altered); outcome(err) != string(updateproof.CodeSignature) {
			t.Fatalf("byte %d of the manifest altered: %v", at, err)
		}
	}
	for cut := range file {
		if proof, err := updateproof.Parse(file[:cut]); err == nil {
			if _, err := proof.Check(rule(), []byte(manifest)); err == nil {
				t.Fatalf("accepted when cut at %d", cut)
			}
		}
	}
}

// TestTooLongIsRefused has no vector, which would be as long.
func TestTooLongIsRefused(t *testing.T) {
	file := logged(manifest, 5, 7).signed(witness1, witness2).file()
	_, err := updateproof.Parse([]byte(file + strings.Repeat("x", updateproof.MaxBytes+1-len(file))))
	if outcome(err) != string(updateproof.CodeFormat) || !strings.Contains(err.Error(), "131072") {
		t.Error(err)
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	e := logged(manifest, 5, 7).signed(witness1, witness2)
	for line, change := range map[int]func(lines []string){
		1:  func(lines []string) { lines[0] = "c2sp.org/tlog-proof@v9" },
		2:  func(lines []string) { lines[1] = "extra AAAA" },
		3:  func(lines []string) { lines[2] = "index x" },
		5:  func(lines []string) { lines[4] = "x" },
		8:  func(lines []string) { lines[8] = "x" },
		14: func(lines []string) { lines[13] = lines[12] },
	} {
		lines := strings.Split(e.file(), "\n")
		change(lines)
		_, err := updateproof.Parse([]byte(strings.Join(lines, "\n")))
		var refusal *updateproof.Error
		if !errors.As(err, &refusal) || refusal.Line != line {
			t.Errorf("fault in line %d: %v", line, err)
		}
	}
}

func TestValidateSaysWhichPartOfTheRule(t *testing.T) {
	if err := rule().Validate(); err != nil {
		t.Error(err)
	}
	r := rule()
	r.Witnesses[1] = "x"
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "witness 2") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(logged(manifest, 5, 7).signed(witness1, witness2).file()))
	for _, c := range refusedForms() {
		f.Add([]byte(c.file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		proof, err := updateproof.Parse(data)
		if err != nil {
			if outcome(err) != string(updateproof.CodeFormat) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(proof.Marshal(), data) {
			t.Fatalf("%q was read, and written as %q", data, proof.Marshal())
		}
	})
}

// FuzzCheck looks for an accepted text with a line that was not made here, or a signature by a known key that
// was not.
func FuzzCheck(f *testing.F) {
	r := rule()
	r.Witnesses = r.Witnesses[:2]
	made := make(map[string]bool)
	for _, c := range append(refusedEvidence(), goodCases()...) {
		f.Add([]byte(c.file))
		for line := range strings.SplitSeq(c.file, "\n") {
			made[line] = true
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		proof, err := updateproof.Parse(data)
		if err != nil {
			return
		}
		if _, err := proof.Check(r, []byte(manifest)); err != nil {
			if word := outcome(err); word == string(updateproof.CodeFormat) || word == string(updateproof.CodeRule) {
				t.Fatal(err)
			}
			return
		}
		for line := range strings.SplitSeq(string(data), "\n") {
			if !made[line] && !strings.HasPrefix(line, "— ") {
				t.Fatalf("accepted with a line that was not made: %q", line)
			}
			for _, s := range []signer{theLog, witness1, witness2} {
				begin := strings.TrimSuffix(s.line(nil), "==\n") // up to the key id, which is 5 1/3 digits
				if !made[line] && strings.HasPrefix(line, begin[:len(begin)-1]) && bytes.Equal(idOf(line), s.id()) {
					t.Fatalf("accepted a signature that was not made: %q", line)
				}
			}
		}
	})
}

// idOf returns the key id of a signature line.
func idOf(line string) []byte {
	fields := strings.Fields(line)
	data, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(data) < 4 {
		return nil
	}
	return data[:4]
}

func BenchmarkCheck(b *testing.B) {
	proof := parse(b, goodCases()[4].file)
	for b.Loop() {
		if _, err := proof.Check(rule(), []byte(manifest)); err != nil {
			b.Fatal(err)
		}
	}
}
