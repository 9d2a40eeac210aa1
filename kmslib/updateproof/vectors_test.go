// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/internal/vectors"
	"ats.run/kms-enclave/kmslib/updateproof"
)

var update = flag.Bool("update", false, "write the vectors in testdata/vectors/update")

var vectorFile = filepath.Join("..", "testdata", "vectors", "update", "proofs.txt")

// TestVectors holds the package against the vectors that every implementation reads, and those against the
// cases they are made of.
func TestVectors(t *testing.T) {
	written := writeVectors(vectorCases())
	if *update {
		if err := os.WriteFile(vectorFile, written, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, written) {
		t.Error("the vectors are not what the cases make; write them with -update and look at the difference")
	}
	all, err := vectors.Parse(string(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) { checkVector(t, v) })
	}
}

func checkVector(t *testing.T, v vectors.Vector) {
	file, err := v.Bytes("proof")
	if err != nil {
		t.Fatal(err)
	}
	threshold, err := v.Int("threshold")
	if err != nil {
		t.Fatal(err)
	}
	r := updateproof.Rule{Log: v.Text("log"), Witnesses: strings.Fields(v.Text("witnesses")), Threshold: int(threshold)}
	for _, text := range strings.Fields(v.Text("keys")) {
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Keys = append(r.Keys, key)
	}
	proof, err := updateproof.Parse(file)
	var got updateproof.Evidence
	if err == nil {
		if !bytes.Equal(proof.Marshal(), file) {
			t.Error("Marshal does not return what Parse read")
		}
		got, err = proof.Check(r, []byte(v.Text("manifest")))
	}
	if word := outcome(err); word != v.Expect {
		t.Fatalf("%s (%v), want %s", word, err, v.Expect)
	}
	if v.Expect != "accept" {
		return
	}
	time, _ := v.Int("time")
	index, _ := v.Int("index")
	if got.Time != time || got.Index != index {
		t.Errorf("time %d, index %d; want %d, %d", got.Time, got.Index, time, index)
	}
}

// outcome is the word that a vector expects.
func outcome(err error) string {
	if err == nil {
		return "accept"
	}
	var refusal *updateproof.Error
	if !errors.As(err, &refusal) || refusal.Reason == "" {
		return "an error of another type"
	}
	return string(refusal.Code)
}

const vectorHead = `# Update proofs as specified by package updateproof. Keys and witnesses are separated
# by spaces; entry is the body of the log's entry. Made by go test -update.
`

func writeVectors(cases []vectorCase) []byte {
	out := []byte(vectorHead)
	for _, c := range cases {
		field := func(name, value string) { out = append(out, strings.TrimSuffix(name+": "+value, " ")+"\n"...) }
		out = append(out, '\n')
		field("name", c.name)
		field("expect", c.expect)
		field("manifest", c.manifest)
		var keys []string
		for _, key := range c.rule.Keys {
			keys = append(keys, base64.StdEncoding.EncodeToString(key))
		}
		field("keys", strings.Join(keys, " "))
		field("log", c.rule.Log)
		field("witnesses", strings.Join(c.rule.Witnesses, " "))
		field("threshold", strconv.Itoa(c.rule.Threshold))
		field("proof-hex", hex.EncodeToString([]byte(c.file)))
		if c.expect == "accept" {
			field("time", strconv.FormatInt(c.time, 10))
			field("index", strconv.FormatInt(c.evidence.index, 10))
			digest := sha256.Sum256([]byte(c.manifest))
			field("entry", string(updateproof.EntryBody(digest, c.evidence.signature, spki(c.evidence.key))))
		}
	}
	return out
}

// TestExampleOfThePackageComment finds the vector that doc.go shows.
func TestExampleOfThePackageComment(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Skip("the source is not beside the test")
	}
	example := logged(manifest, 5, 7).signed(witness1, witness2).file()
	want := "//\t" + strings.ReplaceAll(strings.TrimSuffix(example, "\n"), "\n", "\n//\t")
	want = strings.ReplaceAll(want, "//\t\n", "//\n")
	if !strings.Contains(string(doc), want) {
		t.Errorf("doc.go does not show the example:\n%s", want)
	}
}
