// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package e2etest

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/releasetest"
)

// TestReleaseIsSignedRebuiltPublishedAndBelieved is the way of a release from the
// build to somebody who asks whether to believe it.
func TestReleaseIsSignedRebuiltPublishedAndBelieved(t *testing.T) {
	w := newWorld(t)
	defer w.tell()
	signatures := w.path("signatures")
	deployment := w.write("deployment.json", []byte(`{"format":"kms-enclave-deployment/1","embedders":["https://app.example"]}`))
	key, _, _ := strings.Cut(w.expect(0, "KMS_SIGN", "keygen", "--out", w.path("update.pem")), "\n")
	policy := w.policy("policy.json", 2, key)

	w.timed("kmssign release, keyless", func() {
		w.signRelease(w.path("release"), signatures, "--policy", policy)
	})
	for _, rebuilder := range rebuilders {
		w.timed("kmssign statement, "+rebuilder, func() {
			w.sign("statement", w.statement(rebuilder), "--name", rebuilder, "--out", signatures, "--policy", policy,
				"--token-url", w.stack.OIDC+"/token?subject="+identityOf(rebuilder))
		})
	}
	w.timed("kmssign update-proof", func() {
		w.sign("update-proof", w.path("release"), "--out", signatures, "--policy", policy, "--key", w.path("update.pem"))
	})
	w.timed("kmssign publish", func() {
		_, _, token := w.publisher()
		w.sign("publish", w.path("release"), "--signatures", signatures, "--out", w.path("site"), "--policy", policy,
			"--webcat-max-age", "30", "--deployment", deployment, "--token-url", token)
	})

	judged := []string{"--policy", policy, "--trusted-root", w.stack.TrustedRoot}
	w.timed("kmsverify release", func() { w.expect(0, "KMS_VERIFY", append([]string{"release", w.path("site")}, judged...)...) })
	w.watch(judged)
	w.timed("the stack ends", w.stop)
	w.timed("kmsverify release, offline", func() {
		output := w.expect(0, "KMS_VERIFY", append([]string{"release", w.path("site"), "--verbose"}, judged...)...)
		for _, want := range append([]string{"VERIFIED:", "acme-ci"}, rebuilders...) {
			if !strings.Contains(output, want) {
				t.Errorf("not told: %s\n%s", want, output)
			}
		}
		t.Log(output)
	})
	w.visit(judged)
	w.refuse(judged, key)
}

// stop ends the stack: what follows has nobody to ask.
func (w *world) stop() {
	response, err := http.Post(w.stack.Control+"/stop", "", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response.Body.Close()
}

// watch lets a monitor follow the log: it knows the release, and alarms about
// what the publisher signs besides.
func (w *world) watch(judged []string) {
	w.t.Helper()
	command := append([]string{"log", w.stack.RekorRead, "--state", w.path("monitor.json"), "--known", w.path("site")}, judged...)
	w.timed("kmsverify log, from the start", func() {
		w.expect(0, "KMS_VERIFY", append(command, "--from", "0")...)
	})
	w.timed("kmsverify log, nothing new", func() { w.expect(0, "KMS_VERIFY", command...) })
	other := w.files.Clone()
	other["LICENSE.txt"] = append(other["LICENSE.txt"], '\n')
	other.Redescribe(w.t)
	other.UpdateBrowserManifests(w.t)
	other.UpdateAll(w.t)
	if err := os.Mkdir(w.path("other"), 0o700); err != nil {
		w.t.Fatal(err)
	}
	other.WriteTo(w.t, w.path("other"))
	w.signRelease(w.path("other"), w.path("unseen"))
	w.timed("kmsverify log, an unknown release", func() {
		output := w.expect(1, "KMS_VERIFY", command...)
		if !strings.Contains(output, "acme-ci") {
			w.t.Errorf("the alarm does not say who signed:\n%s", output)
		}
	})
}

// visit checks what a host serves, and that it is refuted once the host answers
// one visitor otherwise.
func (w *world) visit(judged []string) {
	w.t.Helper()
	published, err := releasetest.Read(w.path("site"))
	if err != nil {
		w.t.Fatal(err)
	}
	host := &releasetest.Host{Files: published}
	site := host.Start(w.t)
	w.timed("kmsverify site", func() {
		w.expect(0, "KMS_VERIFY", append([]string{"site", site}, judged...)...)
	})
	evil := &releasetest.Host{Files: published, Tamper: func(r *releasetest.Response) {
		if strings.HasPrefix(r.Path, "worker.") && r.Dest == "worker" {
			r.Body = append(r.Body, '\n')
		}
	}}
	w.timed("kmsverify site, another for some", func() {
		output := w.expect(1, "KMS_VERIFY", append([]string{"site", evil.Start(w.t)}, judged...)...)
		if !strings.Contains(output, "equivocation") {
			w.t.Errorf("equivocation was not told:\n%s", output)
		}
	})
}

// refuse takes one thing away at a time; each must be missed.
func (w *world) refuse(judged []string, key string) {
	w.t.Helper()
	published, err := releasetest.Read(w.path("site"))
	if err != nil {
		w.t.Fatal(err)
	}
	const manifestSignature = release.ManifestPath + ".sigstore.json"
	for _, c := range []struct {
		name, step string
		change     func(files releasetest.Release)
	}{
		{"no provenance", "required", func(f releasetest.Release) { delete(f, release.ProvenancePath+".sigstore.json") }},
		{"no signature", "required", func(f releasetest.Release) { delete(f, manifestSignature) }},
		{"an altered signature", "timestamp", func(f releasetest.Release) { f[manifestSignature] = tamper(w.t, f[manifestSignature]) }},
		{"one rebuilder", "rebuilders", func(f releasetest.Release) {
			delete(f, "rebuild-north.sigstore.json")
			delete(f, "rebuild-south.sigstore.json")
		}},
	} {
		files := published.Clone()
		delete(files, release.AttestationsPath)
		c.change(files)
		folder := w.path(strings.ReplaceAll(c.name, " ", "-"))
		if err := os.Mkdir(folder, 0o700); err != nil {
			w.t.Fatal(err)
		}
		files.WriteTo(w.t, folder)
		output := w.expect(1, "KMS_VERIFY", append([]string{"release", folder}, judged...)...)
		if !strings.Contains(output, "wrong "+c.step) {
			w.t.Errorf("%s: not told at step %s:\n%s", c.name, c.step, output)
		}
	}
	all := w.policy("three.json", 3, key)
	three := append([]string{"release", w.path("site"), "--trusted-root", w.stack.TrustedRoot}, "--policy", all)
	w.expect(0, "KMS_VERIFY", three...)
	if err := os.Remove(filepath.Join(w.path("site"), "rebuild-east.sigstore.json")); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(w.path("site"), release.AttestationsPath)); err != nil {
		w.t.Fatal(err)
	}
	w.expect(1, "KMS_VERIFY", three...)
	w.expect(0, "KMS_VERIFY", append([]string{"release", w.path("site")}, judged...)...)
}
