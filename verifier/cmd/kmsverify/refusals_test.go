// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/vsa"
)

// bundleFaults are bundles over the file "artifact" that must be refused, one of
// each kind, in the order of the transcript.
var bundleFaults = []struct {
	name string
	make func(w *evidencetest.World, artifact []byte) []byte
}{
	{"no-json", func(*evidencetest.World, []byte) []byte { return []byte("\x1b[2J\xff no bundle") }},
	{"empty-object", func(*evidencetest.World, []byte) []byte { return []byte("{}") }},
	{"media-type", bundleEdit(func(b *protobundle.Bundle) { b.MediaType = "text/\x1b[31mplain\u202e" })},
	{"no-content", bundleEdit(func(b *protobundle.Bundle) { b.Content = nil })},
	{"no-digest", bundleEdit(func(b *protobundle.Bundle) { b.GetMessageSignature().MessageDigest = nil })},
	{"no-signature", bundleEdit(func(b *protobundle.Bundle) { b.GetMessageSignature().Signature = nil })},
	{"no-material", bundleEdit(func(b *protobundle.Bundle) { b.VerificationMaterial = nil })},
	{"many-timestamps", bundleEdit(func(b *protobundle.Bundle) {
		stamps := b.VerificationMaterial.TimestampVerificationData
		for range 8 {
			stamps.Rfc3161Timestamps = append(stamps.Rfc3161Timestamps, stamps.Rfc3161Timestamps[0])
		}
	})},
	{"log-twice", bundleEdit(func(b *protobundle.Bundle) {
		b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, b.VerificationMaterial.TlogEntries...)
	})},
	{"rekor-v1", bundleEdit(func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].KindVersion.Version = "0.0.1" })},
	{"body-other", bundleEdit(func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].CanonicalizedBody = []byte{0, 255} })},
	{"no-proof", bundleEdit(func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].InclusionProof = nil })},
	{"index-beside", bundleEdit(func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].LogIndex += 7 })},
	{"integrated-time", bundleEdit(func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].IntegratedTime = 1 })},
	{"root-beside", bundleEdit(func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].InclusionProof.RootHash[0] ^= 1 })},
	{"proof-other", bundleEdit(func(b *protobundle.Bundle) {
		p := b.VerificationMaterial.TlogEntries[0].InclusionProof
		p.Hashes = append(p.Hashes, make([]byte, 32))
	})},
	{"certificate-broken", bundleEdit(func(b *protobundle.Bundle) { b.VerificationMaterial.GetCertificate().RawBytes = []byte{0x30, 0} })},
	{"signature-other", bundleEdit(func(b *protobundle.Bundle) { b.GetMessageSignature().Signature[20] ^= 1 })},
	{"artifact-other", func(w *evidencetest.World, _ []byte) []byte { return w.Stack.SignMessage(w.Publisher, []byte("other")) }},
	{"body-forged", bundleWith(sigtest.Faults{ForgedBody: true})},
	{"entry-other", bundleWith(sigtest.Faults{OtherSignature: true})},
	{"entry-none", bundleWith(sigtest.Faults{Unlogged: true})},
	{"origin-other", bundleWith(sigtest.Faults{Origin: "elsewhere.example"})},
	{"log-key-other", bundleWith(sigtest.Faults{StrangeLog: true})},
	{"witness-one", bundleWith(sigtest.Faults{Cosigners: []int{1}})},
	{"witness-early", bundleWith(sigtest.Faults{CosignAfter: -2 * time.Hour})},
	{"timestamp-none", bundleWith(sigtest.Faults{Timestamps: -1})},
	{"timestamp-other", bundleWith(sigtest.Faults{OtherTimestamp: true})},
	{"timestamp-late", bundleWith(sigtest.Faults{TimestampAfter: time.Hour})},
	{"ca-other", bundleWith(sigtest.Faults{StrangeCA: true})},
	{"sct-none", bundleWith(sigtest.Faults{NoSCT: true})},
	{"subject-two", bundleWith(sigtest.Faults{AlsoSubject: "someone@example.test"})},
	{"stranger", func(w *evidencetest.World, artifact []byte) []byte {
		s := w.Publisher
		s.Subject = "https://forge.example/mallory/%21d(string=x)"
		return w.Stack.SignMessage(s, artifact)
	}},
	{"stranger-key", func(w *evidencetest.World, artifact []byte) []byte {
		return w.Stack.SignMessage(sigtest.Signer{Key: w.Stack.Key("stranger")}, artifact)
	}},
	{"file-by-rebuilder", func(w *evidencetest.World, artifact []byte) []byte {
		return w.Stack.SignMessage(evidencetest.Rebuilder("ann"), artifact)
	}},
	{"payload-type", func(w *evidencetest.World, _ []byte) []byte {
		return w.Stack.With(sigtest.Faults{PayloadType: "text/plain"}).SignStatement(w.Publisher, []byte("{}"))
	}},
	{"statement-none", bundleStates("\x00\xff")},
	{"statement-untyped", bundleStates(`{"_type":"x"}`)},
	{"provenance-broken", bundleStates(`{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"` + attest.ProvenanceType + `"}`)},
	{"provenance-by-other-builder", func(w *evidencetest.World, _ []byte) []byte {
		w.Run.Builder = "https://forge.example/runners/mine"
		defer func() { w.Run.Builder = evidencetest.Builder }()
		return w.Stack.SignStatement(w.Publisher, w.Provenance())
	}},
	{"provenance-of-a-branch", func(w *evidencetest.World, _ []byte) []byte {
		s := w.Publisher
		s.Ref, w.Run.Ref = "refs/heads/wip", "refs/heads/wip"
		defer func() { w.Run.Ref = evidencetest.Tag }()
		return w.Stack.SignStatement(s, w.Provenance())
	}},
	{"rebuilder-other-type", func(w *evidencetest.World, _ []byte) []byte {
		return w.Stack.SignStatement(evidencetest.Rebuilder("ann"), w.Provenance())
	}},
	{"rebuilder-for-another", func(w *evidencetest.World, _ []byte) []byte {
		return w.Stack.SignStatement(evidencetest.Rebuilder("ann"), w.Summary("bob", nil))
	}},
	{"rebuilder-failed", func(w *evidencetest.World, _ []byte) []byte {
		return w.Stack.SignStatement(evidencetest.Rebuilder("ann"), w.Summary("ann", evidencetest.Failed))
	}},
	{"rebuilder-broken", func(w *evidencetest.World, _ []byte) []byte {
		return w.Stack.SignStatement(evidencetest.Rebuilder("ann"), []byte(`{"predicateType":"`+vsa.PredicateType+`"}`))
	}},
}

func bundleEdit(change func(*protobundle.Bundle)) func(*evidencetest.World, []byte) []byte {
	return func(w *evidencetest.World, artifact []byte) []byte {
		return w.Stack.Edit(w.Stack.SignMessage(w.Publisher, artifact), change)
	}
}

func bundleWith(f sigtest.Faults) func(*evidencetest.World, []byte) []byte {
	return func(w *evidencetest.World, artifact []byte) []byte {
		return w.Stack.With(f).SignMessage(w.Publisher, artifact)
	}
}

func bundleStates(statement string) func(*evidencetest.World, []byte) []byte {
	return func(w *evidencetest.World, _ []byte) []byte {
		return w.Stack.SignStatement(w.Publisher, []byte(statement))
	}
}

// faultyBundles is "faulty FOLDER": a file for each fault, signed by its bundle,
// and the names of the bundles in FOLDER.list.
func faultyBundles(ts *testscript.TestScript, _ bool, arguments []string) {
	folder := arguments[0]
	ts.Check(os.MkdirAll(ts.MkAbs(folder), 0o700))
	var list strings.Builder
	for _, f := range bundleFaults {
		path := folder + "/" + f.name
		ts.Check(os.WriteFile(ts.MkAbs(path), []byte("artifact"), 0o600))
		ts.Check(os.WriteFile(ts.MkAbs(path+release.SignatureSuffix), f.make(signedWorld(ts), []byte("artifact")), 0o600))
		list.WriteString(path + release.SignatureSuffix + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(folder+".list"), []byte(list.String()), 0o600))
}

// accidents are what no text for people has: verbs of package fmt that met the
// wrong value, slices of bytes, structs, pointers, control characters.
var accidents = regexp.MustCompile(`%![a-zA-Z(]|\[\d+ \d+ \d+|&?\{[A-Z]\w*:|0x[0-9a-f]{8,}|<nil>|map\[|[^\n\x20-\x7e]`)

// plain is "plain stdout|stderr": every refusal in it is whole and plain.
func plain(ts *testscript.TestScript, _ bool, arguments []string) {
	text := ts.ReadFile(arguments[0])
	for i, line := range strings.Split(text, "\n") {
		// What somebody else chose stands between quotes.
		bare := regexp.MustCompile(`"(\\.|[^"\\])*"`).ReplaceAllString(line, `""`)
		if found := accidents.FindString(bare); found != "" {
			ts.Fatalf("line %d has %s: %s", i+1, strconv.Quote(found), line)
		}
		if strings.HasPrefix(line, "REFUTED ") && !regexp.MustCompile(`: expected \S.*; found \S.*; to do: \S.*\.$`).MatchString(line) {
			ts.Fatalf("line %d does not say what was expected, found and to do: %s", i+1, line)
		}
		if strings.HasPrefix(line, "COULD NOT CHECK ") && !regexp.MustCompile(`: because \S.*; to do: \S.*\.$`).MatchString(line) {
			ts.Fatalf("line %d does not say why, and what to do: %s", i+1, line)
		}
	}
	whole := regexp.MustCompile(`(?m)^  wrong \S+: .*\n    expected  \S.*\n    found     \S.*\n    to do     \S.*\.$|^  not seen \S+: .*\n    because   \S.*\n    to do     \S.*\.$`)
	begun := regexp.MustCompile(`(?m)^  (wrong|not seen) `)
	if got, want := len(whole.FindAllString(text, -1)), len(begun.FindAllString(text, -1)); got != want {
		ts.Fatalf("%d of %d refusals say expected, found and what to do", got, want)
	}
}
