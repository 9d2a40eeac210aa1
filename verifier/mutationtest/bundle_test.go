// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"regexp"
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/verdict"
)

// Parts of the names of mutations of bundles.
const (
	anyBundle = `bundle \S+ `
	entries   = anyBundle + `\.verificationMaterial\.tlogEntries\[\]`
	stamp     = anyBundle + `\.verificationMaterial\.timestampVerificationData\.rfc3161Timestamps\[\]`
	signed    = stamp + `\.signedTimestamp\(der\)`
)

// bundleRules is what may come of an altered bundle, not signed anew.
var bundleRules = []rule{
	{pattern: anyBundle + `[^(]*: other way to write base64: .*`, reason: "the JSON of Protocol Buffers takes every way to write the same bytes"},
	{pattern: anyBundle + `\.verificationMaterial[^(]*: number and string exchanged`, reason: "the JSON of Protocol Buffers takes both for the same number"},
	{pattern: entries + `\.inclusionProof\.checkpoint\.envelope\(note\) (cosignature|signature): doubled`, reason: "a signature twice is one"},
	{pattern: entries + `\.inclusionProof\.checkpoint\.envelope\(note\) cosignature: swapped with the one before`, reason: "signatures of a note have no order"},
	{pattern: stamp + `: doubled`, reason: "an authority twice is one"},
	{pattern: signed + `/0/0: doubled`, reason: "the status that comes with a timestamp is not signed"},
	{pattern: signed + `/1(/1(/0(/1/0(/0)?|/2/1(/0)?|/4(/0/1/1|/0/2/0|/0/3/\d/1|/0/4/0|/0/5)?)?)?)?: doubled`,
		reason: "what follows the last element that ASN.1 asks for is not read"},
	{pattern: signed + `/1/1/0/0: (byte flipped first|a byte appended)`, reason: "the version of CMS is not signed, and no more than a hint"},
	{pattern: signed + `/1/1/0/1/.*: (byte flipped .*|a byte appended)`, reason: "the list of digest algorithms is only a hint; that of the signer counts"},
	{pattern: signed + `/1/1/0/2/0: (byte flipped .*|a byte appended)`, reason: "the type of content that counts is the signer's signed attribute"},
	{pattern: signed + `/1/1/0/2/1/0: tag altered`, reason: "the content counts, not its tag: its digest is signed"},
	{pattern: signed + `/1/1/0/3: (removed|tag altered)`, reason: "the set of certificates is empty: that of the trust root counts"},
	{pattern: signed + `/1/1/0/4/0/0: (byte flipped first|a byte appended)`, reason: "the version of a signer's part is not signed, and no more than a hint"},

	{pattern: anyBundle + `\.mediaType: .*`, steps: []verdict.Step{verdict.Bundle}},
	{pattern: anyBundle + `(\.verificationMaterial)?: .*`, steps: []verdict.Step{verdict.Bundle}},
	{pattern: anyBundle + `\.verificationMaterial\.certificate\.rawBytes\(der\).*: doubled`, steps: []verdict.Step{verdict.Bundle, verdict.Signature, verdict.Logged}},
	{pattern: anyBundle + `\.verificationMaterial\.certificate.*`, steps: []verdict.Step{verdict.Bundle, verdict.Signature}},
	{pattern: anyBundle + `\.verificationMaterial\.timestampVerificationData.*`, steps: []verdict.Step{verdict.Bundle, verdict.Timestamp}},
	{pattern: entries + `\.inclusionProof\.checkpoint\.envelope\(note\) cosignature: .*`, steps: []verdict.Step{verdict.Witness, verdict.Logged}},
	{pattern: entries + `\.inclusionProof\.checkpoint\.envelope: character flipped middle`, steps: []verdict.Step{verdict.Logged, verdict.Witness}},
	{pattern: entries + `\.inclusionProof\.checkpoint\.envelope.*`, steps: []verdict.Step{verdict.Bundle, verdict.Logged}},
	{pattern: anyBundle + `\.verificationMaterial\.tlogEntries.*`, steps: []verdict.Step{verdict.Bundle, verdict.Logged}},
	{pattern: anyBundle + `\.messageSignature.*`, steps: []verdict.Step{verdict.Bundle, verdict.Signature, verdict.Timestamp}},
	{pattern: anyBundle + `\.dsseEnvelope\.payload\(json\).*`, steps: []verdict.Step{verdict.Signature}},
	{pattern: anyBundle + `\.dsseEnvelope.*`, steps: []verdict.Step{verdict.Bundle, verdict.Signature, verdict.Timestamp}},
}

// altered returns a mutation for each thing that can be altered in a JSON file
// of the release, except where skip matches the name.
func altered(t testing.TB, in input, document, name, skip string) []mutation {
	t.Helper()
	var all []mutation
	without := regexp.MustCompile(skip)
	tree := parseJSON(t, in.files[name])
	walkJSON(tree, "", func(path, what string) {
		if skip != "" && without.MatchString(path) {
			return
		}
		other := in.with(name, tree.render())
		subject := ""
		if strings.HasSuffix(name, ".sigstore.json") {
			subject = name
		}
		all = append(all, mutation{document, path, what, subject, func(k *parsed) *verdict.Report { return k.judge(other) }})
	})
	return all
}

func TestEveryAlteredBundleIsRefused(t *testing.T) {
	in := inputOf(newWorld(t, "ann"))
	tb := newTable(t, newParsed().judge(in), bundleRules)
	// What all bundles have is altered to the last byte in one of them.
	all := altered(t, in, "bundle "+messageBundle, messageBundle, `canonicalizedBody\(json\).*\(der\)`)
	for _, name := range []string{provenanceBundle, annBundle} {
		all = append(all, altered(t, in, "bundle "+name, name, `\(der\)|\(note\)|canonicalizedBody\(json\)`)...)
	}
	tb.run(all)
	tb.print()
}

const (
	insider   = `statement of the publisher `
	rebuilder = `statement of a rebuilder `
)

// statementRules is what may come of a statement that says something else,
// signed anew by who may sign it.
var statementRules = []rule{
	{pattern: insider + `\.predicate\.runDetails\.metadata\.invocationId: (character|a character appended).*`, reason: "which run it was, only its builder knows"},
	{pattern: insider + `\.predicate\.runDetails\.metadata\.finishedOn: character flipped first`, steps: []verdict.Step{verdict.Statement}},
	{pattern: insider + `\.predicate\.buildDefinition\.externalParameters\.ref: removed`, reason: "the certificate names the ref too"},
	{pattern: rebuilder + `\.predicate\.verifier\.version\.go: (renamed|(character|a character).*)`, reason: "with which tools is for people: the bytes are the same"},
	{pattern: rebuilder + `\.predicate\.timeVerified: character flipped first`, steps: []verdict.Step{verdict.Statement}},

	{pattern: insider + `\.predicateType: .*`, steps: []verdict.Step{verdict.Required, verdict.Statement}},
	{pattern: insider + `\.predicate\.runDetails\.builder\.id: (character|a character).*`, steps: []verdict.Step{verdict.Builder}},
	{pattern: insider + `\.predicate\.buildDefinition\.externalParameters\.ref: (character|a character).*`, steps: []verdict.Step{verdict.BuiltFrom, verdict.Statement}},
	{pattern: insider + `.*`, steps: []verdict.Step{verdict.Statement}},
	{pattern: rebuilder + `\.predicate\.(verifier\.id|resourceUri|policy\.uri|policy\.digest\.sha256): .*`, steps: []verdict.Step{verdict.Statement, verdict.Rebuilders}},
	{pattern: rebuilder + `.*`, steps: []verdict.Step{verdict.Statement}},
}

func TestEveryStatementThatSaysSomethingElseIsRefused(t *testing.T) {
	w := newWorld(t, "ann")
	in := inputOf(w)
	tb := newTable(t, newParsed().judge(in), statementRules)
	var all []mutation
	for _, s := range []struct {
		document, name string
		statement      []byte
		sign           func([]byte) []byte
	}{
		{"statement of the publisher", provenanceBundle, w.Provenance(),
			func(s []byte) []byte { return w.Stack.SignStatement(w.Publisher, s) }},
		{"statement of a rebuilder", annBundle, w.Summary("ann", nil),
			func(s []byte) []byte { return w.Stack.SignStatement(evidencetest.Rebuilder("ann"), s) }},
	} {
		tree := parseJSON(t, s.statement)
		walkJSON(tree, "", func(path, what string) {
			statement := tree.render()
			all = append(all, mutation{s.document, path, what, s.name, func(k *parsed) *verdict.Report {
				return k.judge(in.with(s.name, s.sign(statement)))
			}})
		})
	}
	tb.run(all)
	tb.print()
}
