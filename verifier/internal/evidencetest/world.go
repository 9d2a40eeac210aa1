// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package evidencetest is a release with all its signatures, and a policy that it
// fulfils, for tests that alter one thing.
package evidencetest

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/vsa"
)

// What the policy asks for.
const (
	Builder   = "https://forge.example/runners/hosted"
	BuildType = "https://git.example/kms-enclave/build/v1"
	Tag       = "refs/tags/v1.2.3"
	Issuer    = "https://issuer.example"
	Target    = "//enclave:release"
	// UpdateKey is a P-256 key that signs nothing here, base64 of its DER.
	UpdateKey = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXsvk0aYzCkTI9++VHUvxZebGtyHvramF+0FmG8bn/WyHNGQMSZj/fjdLBs4aZKLs2CqwNjhPuD2aebEnon1QMg=="
)

// World is a release, its signatures and a policy that it fulfils. Tests alter
// one thing.
type World struct {
	t      testing.TB
	Stack  *sigtest.Stack
	Files  releasetest.Release
	Policy map[string]any
	Root   []byte    // trusted_root.json
	Now    time.Time // a day after the signatures

	Publisher sigtest.Signer
	Run       attest.Run
	Bundles   map[string][]byte // by the name of the file
}

// New returns a signed release and its policy.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{t: t, Stack: sigtest.New(t), Files: releasetest.Build(t), Now: sigtest.Epoch.Add(24 * time.Hour)}
	w.Publisher = sigtest.Signer{
		Issuer: Issuer, Subject: "https://forge.example/acme/release.yml@" + Tag,
		Repository: releasetest.Repository, Ref: Tag, Commit: releasetest.Commit,
	}
	w.Run = attest.Run{
		Builder: Builder, InvocationID: "https://forge.example/runs/7", Ref: Tag,
		Started: sigtest.Epoch.Add(-time.Hour), Finished: sigtest.Epoch.Add(-time.Minute),
	}
	w.Policy = w.goodPolicy()
	w.Root = w.Stack.TrustedRoot()
	w.Bundles = map[string][]byte{
		"release.json.sigstore.json":           w.Stack.SignMessage(w.Publisher, w.Files[release.ManifestPath]),
		"provenance.intoto.json.sigstore.json": w.Stack.SignStatement(w.Publisher, w.Provenance()),
		"rebuild-ann.sigstore.json":            w.Stack.SignStatement(Rebuilder("ann"), w.Summary("ann", nil)),
		"rebuild-bob.sigstore.json":            w.Stack.SignStatement(Rebuilder("bob"), w.Summary("bob", nil)),
	}
	return w
}

func (w *World) goodPolicy() map[string]any {
	member := func(name string) map[string]any {
		return map[string]any{"name": name, "verifier": "https://rebuild.example/" + name,
			"identity": map[string]any{"issuer": Issuer, "subject": Rebuilder(name).Subject}}
	}
	return map[string]any{
		"format": policy.Format, "name": "test", "trustRoot": release.Digest(w.Stack.TrustedRoot()),
		"source": map[string]any{"repository": releasetest.Repository, "refs": []string{"refs/tags/*"}, "target": Target, "buildType": BuildType},
		"publishers": []any{map[string]any{"name": "acme", "builder": Builder, "identity": map[string]any{
			"issuer": Issuer, "subjectPattern": `^https://forge\.example/acme/release\.yml@refs/(tags|heads)/.+$`}}},
		"require":    []string{attest.ProvenanceType},
		"log":        map[string]any{"threshold": 1, "origins": []string{w.Stack.LogOrigin()}},
		"witnesses":  map[string]any{"threshold": 2, "keys": w.Stack.WitnessKeys()},
		"timestamps": 1,
		"rebuilders": map[string]any{"threshold": 2, "members": []any{member("ann"), member("bob"), member("eve")}},
		"maxAge":     "30d", "protocols": []int{1}, "minimum": "1.0.0", "revoked": []any{},
	}
}

// Rebuilder returns the signer of that name.
func Rebuilder(name string) sigtest.Signer {
	return sigtest.Signer{Issuer: Issuer, Subject: "https://forge.example/" + name + "/rebuild"}
}

// Provenance returns the completed statement.
func (w *World) Provenance() []byte {
	w.t.Helper()
	data, err := attest.Complete(w.Files[release.ProvenancePath], w.Run)
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

// Summary returns the statement of a rebuilder, altered.
func (w *World) Summary(name string, alter func(*vsa.Summary)) []byte {
	w.t.Helper()
	s := &vsa.Summary{
		Verifier: "https://rebuild.example/" + name, Versions: map[string]string{"go": "1.26.8"},
		Time:      sigtest.Epoch,
		Resource:  vsa.Resource(releasetest.Repository, releasetest.Commit),
		PolicyURI: vsa.PolicyURI(releasetest.Repository, Target), PolicySHA256: release.Digest(w.Files[release.ProvenancePath]),
		Passed: true, Levels: []string{vsa.Level},
	}
	subjects := w.Files.Subjects()
	for _, path := range slices.Sorted(maps.Keys(subjects)) {
		s.Subjects = append(s.Subjects, attest.Subject{Name: path, SHA256: subjects[path]})
	}
	if alter != nil {
		alter(s)
	}
	data, err := s.Marshal()
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

// Failed makes a statement say FAILED.
func Failed(s *vsa.Summary) { s.Passed, s.Levels = false, nil }

// Parsed returns the policy.
func (w *World) Parsed() *policy.Policy {
	w.t.Helper()
	p, err := policy.Parse(w.PolicyJSON())
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// PolicyJSON returns the policy as a file.
func (w *World) PolicyJSON() []byte {
	w.t.Helper()
	data, err := json.Marshal(w.Policy)
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}
