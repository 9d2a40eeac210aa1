// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/webcat"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/stacktest"
	"ats.run/kms-enclave/verifier/sign"
)

// world is a folder with a release and a policy for the stack.
type world struct {
	t      *testing.T
	folder string
	stack  *stacktest.Stack
	common []string // flags that name the instance
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, folder: t.TempDir(), stack: stacktest.Start(t)}
	files := releasetest.Build(t)
	if err := os.Mkdir(w.path("release"), 0o700); err != nil {
		t.Fatal(err)
	}
	files.WriteTo(t, w.path("release"))
	w.write("statement.json", statement(t, files))
	w.write("deployment.json", []byte(`{"format":"kms-enclave-deployment/1","embedders":["https://app.example"]}`))
	w.common = []string{"--signing-config", w.stack.SigningConfig, "--trusted-root", w.stack.TrustedRoot, "--policy", w.path("policy.json")}
	key := w.must("keygen", "--out", w.path("update.pem"))
	spki, _, _ := strings.Cut(key, "\n")
	w.writePolicy(spki)
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.folder, name) }

func (w *world) write(name string, data []byte) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), data, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

const (
	workflow  = "https://github.com/acme/kms-enclave/.github/workflows/release.yml@refs/tags/v1.2.3"
	rebuilder = "https://rebuilder.example/north"
)

func (w *world) writePolicy(updateKey string) {
	w.t.Helper()
	var hints struct {
		TrustRoot string
		Log       json.RawMessage
		Witnesses json.RawMessage
	}
	data, err := os.ReadFile(w.stack.PolicyHints)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal(data, &hints); err != nil {
		w.t.Fatal(err)
	}
	type object = map[string]any
	policy, err := json.Marshal(object{
		"format": "kms-enclave-trust-policy/1", "name": "end to end", "trustRoot": hints.TrustRoot,
		"source": object{"repository": releasetest.Repository, "refs": []string{"refs/tags/*"}, "target": "//enclave:release",
			"buildType": releasetest.Repository + "/build/v1"},
		"publishers": []object{{"name": "ci", "builder": workflow, "identity": object{"issuer": w.stack.Issuers.URI, "subject": workflow}}},
		"require":    []string{attest.ProvenanceType}, "log": hints.Log, "witnesses": hints.Witnesses, "timestamps": 1,
		"rebuilders": object{"threshold": 1, "members": []object{{"name": "north", "verifier": "https://rebuilder.example",
			"identity": object{"issuer": w.stack.Issuers.URI, "subject": rebuilder}}}},
		"maxAge": "90d", "protocols": []int{1}, "minimum": "0.0.1", "revoked": []object{},
		"update": object{"keys": []string{updateKey}, "delay": "3d"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("policy.json", policy)
}

// run runs kmssign in this process.
func (w *world) run(arguments ...string) (code int, stdout, stderr string) {
	var out, errors strings.Builder
	p := &program{stdout: &out, stderr: &errors, getenv: func(string) string { return "" }, now: time.Now, transport: http.DefaultTransport}
	start := time.Now()
	code = p.run(w.t.Context(), arguments)
	w.t.Logf("%-12s exit %d in %v", arguments[0], code, time.Since(start).Round(time.Millisecond))
	return code, out.String(), errors.String()
}

func (w *world) must(arguments ...string) string {
	w.t.Helper()
	code, stdout, stderr := w.run(arguments...)
	if code != 0 {
		w.t.Fatalf("%q: exit code %d: %s", arguments, code, stderr)
	}
	return stdout
}

func (w *world) signRelease(more ...string) []string {
	return append(append([]string{
		"release", w.path("release"), "--builder-id", workflow, "--invocation-id", "https://github.com/acme/kms-enclave/actions/runs/1",
		"--ref", "refs/tags/v1.2.3", "--token-url", w.stack.OIDC + "/token?subject=" + workflow,
	}, w.common...), more...)
}

func TestReleaseIsSignedAndPublishedWithARealSigstore(t *testing.T) {
	w := newWorld(t)
	signatures := w.path("signatures")
	text := w.must(w.signRelease("--out", signatures)...)
	if !strings.Contains(text, "SIGNED by "+workflow+" of "+w.stack.Issuers.URI) || !strings.Contains(text, "2 witnesses") {
		t.Errorf("said %s", text)
	}
	w.must(append([]string{"update-proof", w.path("release"), "--out", signatures, "--key", w.path("update.pem")}, w.common...)...)
	w.must(append([]string{"statement", w.path("statement.json"), "--name", "north", "--out", signatures,
		"--token-url", w.stack.OIDC + "/token?subject=" + rebuilder}, w.common...)...)
	w.must(append([]string{"publish", w.path("release"), "--signatures", signatures, "--out", w.path("site"), "--webcat-max-age", "30",
		"--deployment", w.path("deployment.json"), "--token-url", w.stack.OIDC + "/token?subject=" + workflow}, w.common...)...)
	w.wantSite()
	w.must("publish", w.path("site"))
}

// wantSite looks at the folder to host.
func (w *world) wantSite() {
	w.t.Helper()
	data, err := os.ReadFile(w.path("site/" + release.AttestationsPath))
	if err != nil || bytes.Count(data, []byte("\n")) != 3 {
		w.t.Errorf("%d attestations, %v", bytes.Count(data, []byte("\n")), err)
	}
	for _, path := range release.CompanionPaths() {
		if _, err := os.Stat(w.path("site/" + path)); err != nil {
			w.t.Error(err)
		}
	}
	data, err = os.ReadFile(w.path("site/" + release.WebcatBundlePath))
	if err != nil {
		w.t.Fatal(err)
	}
	bundle, err := webcat.ParseBundle(data)
	if err != nil {
		w.t.Fatal(err)
	}
	if bundle.Enrollment.Claims[webcat.ClaimSubject] != workflow || len(bundle.Signatures) != 1 {
		w.t.Errorf("enrolled %q with %d signatures", bundle.Enrollment.Claims, len(bundle.Signatures))
	}
}

func TestPartsOfARealSigstoreThatAreDownLeaveNothingBehind(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		part string
		code int
		want string
	}{
		{"fulcio", 2, "certificate authority"},
		{"tsa", 2, "timestamp authority"},
		{"rekor", 2, "transparency log"},
		{"witness", 1, "found 0 cosignatures"},
	} {
		t.Run(c.part, func(t *testing.T) {
			w.stack.Set(t, c.part, false)
			defer w.stack.Set(t, c.part, true)
			code, _, stderr := w.run(w.signRelease("--out", w.path("out"))...)
			if code != c.code || !strings.Contains(stderr, c.want) {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			if _, err := os.Stat(w.path("out")); err == nil {
				t.Error("something was written")
			}
		})
	}
	w.must(w.signRelease("--out", w.path("out"))...)
}

func TestWrongIdentityAtARealSigstoreIsRefused(t *testing.T) {
	w := newWorld(t)
	arguments := w.signRelease("--out", w.path("out"))
	for i, argument := range arguments {
		arguments[i] = strings.Replace(argument, "subject=https://github.com/acme/", "subject=https://github.com/evil/", 1)
	}
	code, _, stderr := w.run(arguments...)
	if code != sign.Refused.ExitCode() || !strings.Contains(stderr, "evil/kms-enclave") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if _, err := os.Stat(w.path("out")); err == nil {
		t.Error("something was written")
	}
}
