// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"maps"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/verdict"
)

var releaseRules = []rule{
	// Whoever alters the file alone meets the statements and signatures over it.
	{pattern: `release.json, tampered with .*`, steps: []verdict.Step{verdict.Manifest, verdict.Listing, verdict.Content, verdict.Name, verdict.Checksums, verdict.Hosting,
		verdict.Policy, verdict.SRI, verdict.WAICT, verdict.WEBCAT, verdict.Provenance, verdict.Chain, verdict.MediaType}},
	// A publisher who signs that meets the release's own rules, or else a rebuilder.
	{pattern: `release.json, signed anew .*`, steps: []verdict.Step{verdict.Manifest, verdict.Listing, verdict.Content, verdict.Name, verdict.Statement, verdict.Hosting,
		verdict.Policy, verdict.SRI, verdict.WAICT, verdict.WEBCAT, verdict.Provenance, verdict.Chain, verdict.MediaType, verdict.BuiltFrom, verdict.Allowed}},
	{pattern: `provenance.intoto.json, tampered with .*`, steps: []verdict.Step{verdict.Checksums, verdict.Provenance}},
}

func TestEveryAlteredManifestIsRefused(t *testing.T) {
	w := newWorld(t, "ann")
	in := inputOf(w)
	tb := newTable(t, newParsed().judge(in), releaseRules)
	all := altered(t, in, "release.json, tampered with", release.ManifestPath, "")
	all = append(all, altered(t, in, "provenance.intoto.json, tampered with", release.ProvenancePath, "")...)
	tree := parseJSON(t, in.files[release.ManifestPath])
	walkJSON(tree, "", func(path, what string) {
		manifest := tree.render()
		all = append(all, mutation{"release.json, signed anew", path, what, "", func(k *parsed) *verdict.Report {
			return k.judge(signedAnew(t, w, in, manifest))
		}})
	})
	tb.run(all)
	tb.print()
}

// The same in the release that is published, if the environment names it: some
// of each document, since each reads megabytes.
func TestSomeOfTheRealReleaseAlteredIsRefused(t *testing.T) {
	w := realWorld(t, "ann")
	if w == nil {
		t.Skip(releasetest.Variable + " names no release")
	}
	in := inputOf(w)
	rules := append(slices.Clone(releaseRules[:1]), rule{pattern: anyBundle + `.*`, either: true, reason: "see bundleRules", shows: true,
		steps: []verdict.Step{verdict.Bundle, verdict.Signature, verdict.Timestamp, verdict.Logged, verdict.Witness}})
	tb := newTable(t, newParsed().judge(in), rules)
	var some []mutation
	all := altered(t, in, "release.json, tampered with", release.ManifestPath, "")
	for _, name := range []string{messageBundle, provenanceBundle, annBundle} {
		all = append(all, altered(t, in, "bundle "+name, name, `\(der\)|\(note\)|canonicalizedBody\(json\)`)...)
	}
	for i, m := range all {
		if i%29 == 0 {
			some = append(some, m)
		}
	}
	tb.run(some)
	tb.print()
}

// signedAnew returns the release with another release.json, all that its
// publisher writes about it brought up to date, and signed by the publisher.
func signedAnew(t testing.TB, w *evidencetest.World, in input, manifest []byte) input {
	files := releasetest.Release(maps.Clone(in.files))
	files[release.ManifestPath] = manifest
	files.SetProvenance(files.Subjects(), release.Source{Repository: releasetest.Repository, Commit: releasetest.Commit})
	files.UpdateChecksums(t)
	files[messageBundle] = w.Stack.SignMessage(w.Publisher, manifest)
	statement, err := attest.Complete(files[release.ProvenancePath], w.Run)
	if err != nil {
		t.Error(err)
	}
	files[provenanceBundle] = w.Stack.SignStatement(w.Publisher, statement)
	in.files = files
	return in
}

const (
	trustRoot = `trusted_root.json `
	logs      = trustRoot + `\.tlogs\[\]`
	authority = trustRoot + `\.(certificateAuthorities|timestampAuthorities)\[\]`
)

var rootRules = []rule{
	{pattern: `trusted_root.json, not the policy's .*`, steps: []verdict.Step{verdict.TrustRoot}},

	{pattern: trustRoot + `[^(]*: other way to write base64: .*`, reason: "the JSON of Protocol Buffers takes every way to write the same bytes"},
	{pattern: trustRoot + `\.\w+\[\]: doubled`, reason: "an authority twice is one"},
	{pattern: authority + `\.certChain\.certificates\[\](\.rawBytes(\(der\).*)?)?: .*`, either: true, steps: []verdict.Step{verdict.TrustRoot, verdict.Signature, verdict.Timestamp},
		reason: "that a root is trusted, and what else is in it than its name and key, its digest in the policy says, and no signature"},
	{pattern: authority + `\.(uri|subject.*): (removed|null|emptied|a character appended|a space appended|character flipped .*)`, reason: "names are for people: certificates have their own"},
	{pattern: authority + `\.validFor(\.start)?: (removed|null)`, reason: "an authority without validity has that of its certificates"},
	{pattern: trustRoot + `\.ctlogs\[\]\.baseUrl: (removed|null|emptied|a character appended|a space appended|character flipped .*)`, reason: "where a certificate log is does not matter: its key does"},
	{pattern: trustRoot + `\.(tlogs|ctlogs)\[\]\.publicKey\.rawBytes\(der\)/(1|0/1): doubled`, either: true, steps: []verdict.Step{verdict.TrustRoot},
		reason: "what follows the last element that ASN.1 asks for is not read"},
	{pattern: logs + `\.baseUrl: character flipped first`, reason: "the host is the origin of a log, over whatever it is served"},

	{pattern: logs + `.*`, steps: []verdict.Step{verdict.TrustRoot, verdict.Logged, verdict.Timestamp}},
	{pattern: trustRoot + `\.ctlogs.*`, steps: []verdict.Step{verdict.TrustRoot, verdict.Signature}},
	{pattern: trustRoot + `\.certificateAuthorities.*`, steps: []verdict.Step{verdict.TrustRoot, verdict.Signature, verdict.Timestamp}},
	{pattern: trustRoot + `\.timestampAuthorities.*`, steps: []verdict.Step{verdict.TrustRoot, verdict.Timestamp}},
	{pattern: trustRoot + `.*`, steps: []verdict.Step{verdict.TrustRoot}},
}

func TestEveryAlteredTrustRootIsRefused(t *testing.T) {
	in := inputOf(newWorld(t, "ann"))
	tb := newTable(t, newParsed().judge(in), rootRules)
	var all []mutation
	tree := parseJSON(t, in.root)
	n := 0
	walkJSON(tree, "", func(path, what string) {
		other := in
		other.root = tree.render()
		if n++; n%10 == 1 { // a digest is a digest
			kept := other
			all = append(all, mutation{"trusted_root.json, not the policy's", path, what, "", func(k *parsed) *verdict.Report { return k.judge(kept) }})
		}
		other.repin = true
		all = append(all, mutation{"trusted_root.json", path, what, "", func(k *parsed) *verdict.Report { return k.judge(other) }})
	})
	tb.run(all)
	tb.print()
}

var policyRules = []rule{
	{pattern: `policy (\.name|\.publishers\[\]\.name|\.rebuilders\.members\[\]\.name): .*character.*`, reason: "names are for reports", either: true, shows: true, steps: []verdict.Step{verdict.Rules}},
	{pattern: `policy \.witnesses\.keys\[\]: swapped .*`, reason: "witnesses have no order"},
	{pattern: `policy \.(maxAge|minimum|update\.delay): character flipped .*`, either: true, steps: []verdict.Step{verdict.Rules, verdict.Allowed}, reason: "who asks for less gets it"},
	{pattern: `policy \.witnesses\.threshold: -1`, reason: "who asks for less gets it"},
	{pattern: `policy \.update: removed`, reason: "an update rule is for apps", shows: true},
	{pattern: `policy \.revoked\[\](\.digest|\.reason)?: (removed|.*character.*)`, either: true, steps: []verdict.Step{verdict.Rules}, reason: "another release is revoked"},

	{pattern: `policy \.log.*`, steps: []verdict.Step{verdict.Rules, verdict.Logged}},
	{pattern: `policy \.witnesses.*`, steps: []verdict.Step{verdict.Rules, verdict.Witness}},
	{pattern: `policy \.rebuilders.*`, steps: []verdict.Step{verdict.Rules, verdict.Rebuilders, verdict.Signature}},
	{pattern: `policy \.publishers.*`, steps: []verdict.Step{verdict.Rules, verdict.Signature, verdict.Builder}},
	{pattern: `policy \.source.*`, steps: []verdict.Step{verdict.Rules, verdict.BuiltFrom, verdict.Rebuilders}},
	{pattern: `policy \.timestamps: .*`, steps: []verdict.Step{verdict.Rules, verdict.Timestamp}},
	{pattern: `policy \.trustRoot: .*`, steps: []verdict.Step{verdict.Rules, verdict.TrustRoot}},
	{pattern: `policy \.protocols.*`, steps: []verdict.Step{verdict.Rules, verdict.Allowed}},
	{pattern: `policy .*`, steps: []verdict.Step{verdict.Rules}},
}

// A policy is what its owner wants. That each demand in it is held is shown by
// altering it.
func TestEveryAlteredPolicyIsRefused(t *testing.T) {
	w := newWorld(t, "ann")
	w.Policy["update"] = map[string]any{"keys": []string{evidencetest.UpdateKey}, "delay": "7d"}
	w.Policy["revoked"] = []any{map[string]any{"digest": release.Digest(nil), "reason": "another"}}
	in := inputOf(w)
	tb := newTable(t, newParsed().judge(in), policyRules)
	var all []mutation
	tree := parseJSON(t, in.policy)
	walkJSON(tree, "", func(path, what string) {
		other := in
		other.policy = tree.render()
		all = append(all, mutation{"policy", path, what, "", func(k *parsed) *verdict.Report { return k.judge(other) }})
	})
	tb.run(all)
	tb.print()
}
