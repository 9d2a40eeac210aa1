// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// The bundles of the fixture.
const (
	messageBundle    = "release.json" + release.SignatureSuffix
	provenanceBundle = "provenance.intoto.json" + release.SignatureSuffix
	annBundle        = "rebuild-ann" + release.SignatureSuffix
	bobBundle        = "rebuild-bob" + release.SignatureSuffix
)

// stranger is nobody whom a policy names.
var stranger = sigtest.Signer{Issuer: evidencetest.Issuer, Subject: "https://forge.example/mallory/release.yml@" + evidencetest.Tag}

// newWorld returns a release whose policy asks for all that there is, each
// witness and rebuilder, so that nothing altered is made up for by something
// else. Its entries are not the first of the log.
func newWorld(t testing.TB, rebuilders ...string) *evidencetest.World {
	t.Helper()
	w := evidencetest.New(t)
	w.Stack.SignMessage(stranger, []byte("another"))
	return resigned(w, rebuilders...)
}

// realWorld is newWorld with the release that the environment names, as if it
// had been built from a commit; nil if there is none.
func realWorld(t testing.TB, rebuilders ...string) *evidencetest.World {
	t.Helper()
	if os.Getenv(releasetest.Variable) == "" {
		return nil
	}
	w := evidencetest.New(t)
	w.Files = releasetest.Load(t)
	m := w.Files.Manifest(t)
	if m.Version == "" {
		t.Skip("the release is of the first format, which no policy allows")
	}
	m.Source = release.Source{Repository: releasetest.Repository, Commit: releasetest.Commit}
	w.Files.SetManifest(t, m)
	w.Files.UpdateProvenance(t)
	w.Files.UpdateChecksums(t)
	w.Policy["protocols"], w.Policy["minimum"] = []int{int(m.Protocol)}, m.Version
	return resigned(w, rebuilders...)
}

// resigned has all of a world signed, and a policy that asks for all of it.
func resigned(w *evidencetest.World, rebuilders ...string) *evidencetest.World {
	w.Bundles = map[string][]byte{
		messageBundle:    w.Stack.SignMessage(w.Publisher, w.Files[release.ManifestPath]),
		provenanceBundle: w.Stack.SignStatement(w.Publisher, w.Provenance()),
	}
	for _, name := range rebuilders {
		w.Bundles["rebuild-"+name+release.SignatureSuffix] = w.Stack.SignStatement(evidencetest.Rebuilder(name), w.Summary(name, nil))
	}
	rule := w.Policy["rebuilders"].(map[string]any)
	rule["threshold"] = len(rebuilders)
	rule["members"] = slices.DeleteFunc(rule["members"].([]any), func(m any) bool {
		return !slices.Contains(rebuilders, m.(map[string]any)["name"].(string))
	})
	w.Policy["witnesses"].(map[string]any)["threshold"] = 3
	return w
}

// input is all that "kmsverify release --policy" reads.
type input struct {
	files  map[string][]byte // with the bundles
	policy []byte
	root   []byte
	now    time.Time
	// repin makes the policy name the root as it is, so that its content counts
	// and not its digest.
	repin bool
}

func inputOf(w *evidencetest.World) input {
	files := map[string][]byte(w.Files.Clone())
	maps.Copy(files, w.Bundles)
	return input{files: files, policy: w.PolicyJSON(), root: w.Root, now: w.Now}
}

// with returns the input with one file altered; removed if data is nil.
func (in input) with(name string, data []byte) input {
	in.files = maps.Clone(in.files)
	in.files[name] = data
	if data == nil {
		delete(in.files, name)
	}
	return in
}

// parsed keeps what costs time to read, by content.
type parsed struct {
	policies map[[32]byte]*policy.Policy
	roots    map[[32]byte]*trust.Root
}

func newParsed() *parsed {
	return &parsed{make(map[[32]byte]*policy.Policy), make(map[[32]byte]*trust.Root)}
}

// judge says what kmsverify says.
func (k *parsed) judge(in input) *verdict.Report {
	judged, root, early := k.read(in)
	if early != nil {
		return early
	}
	options := releasecheck.Options{Judged: true}
	report := verdict.New("release", "release", append(releasecheck.Required(options), evidence.Required(judged)...)...)
	set := artifact.NewSet(in.files)
	manifest := releasecheck.Check(report, set, options)
	evidence.Check(report, evidence.Input{
		Set: set, Manifest: manifest, Items: evidence.Items(set), Policy: judged, Trust: root, Now: in.now,
	})
	return report
}

// read reads policy and root, or returns the report that refuses one of them.
func (k *parsed) read(in input) (*policy.Policy, *trust.Root, *verdict.Report) {
	rootKey := sha256.Sum256(in.root)
	refused := verdict.New("release", "release", verdict.Rules)
	root, ok := k.roots[rootKey]
	if !ok {
		var err error
		if root, err = trust.Parse("trusted_root.json", in.root); err != nil {
			refused.Refute(verdict.TrustRoot, "trusted_root.json", "a trusted_root.json", err.Error(), "-")
			return nil, nil, refused
		}
		if len(k.roots) < 16 {
			k.roots[rootKey] = root
		}
	}
	policyKey := sha256.Sum256(in.policy)
	judged, ok := k.policies[policyKey]
	if !ok {
		var err error
		if judged, err = policy.Parse(in.policy); err != nil {
			refused.Refute(verdict.Rules, "policy", "a policy", err.Error(), "-")
			return nil, nil, refused
		}
		if len(k.policies) < 16 {
			k.policies[policyKey] = judged
		}
	}
	if in.repin {
		other := *judged
		other.TrustRoot = root.SHA256
		judged = &other
	}
	return judged, root, nil
}

// shown is all of a report that a person or program sees, except from which
// entry of the log it comes, which is another after each signature, and the
// digest of the trust root.
func shown(t testing.TB, report *verdict.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteJSON(&out); err != nil {
		t.Error(err)
	}
	n := parseJSON(t, out.Bytes())
	var lines []string
	walkValues(n, "", func(path, text string) {
		if !strings.HasSuffix(path, ".index") && !strings.HasSuffix(path, ".trustRoot") && !strings.Contains(path, "milliseconds") {
			lines = append(lines, path+"="+text)
		}
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// walkValues calls visit with each value that has no others in it.
func walkValues(n *node, path string, visit func(path, text string)) {
	if n.kind != '{' && n.kind != '[' {
		visit(path, n.text)
	}
	for i, item := range n.items {
		name := "[]"
		if n.kind == '{' {
			name = "." + n.names[i]
		}
		walkValues(item, path+name, visit)
	}
}

// text returns a report for failing tests: what is not right in it.
func text(report *verdict.Report) string {
	var b strings.Builder
	for _, c := range report.Checks() {
		if c.Result != verdict.OK {
			line, _ := json.Marshal(c)
			b.Write(append(line, '\n'))
		}
	}
	return string(report.Conclude()) + "\n" + b.String()
}
