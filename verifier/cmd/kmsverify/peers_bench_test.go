// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
)

// peerRuns is how often each process is run; the median counts.
const peerRuns = 31

// BenchmarkBesidePeers times whole processes, each offline, beside cosign (the
// binary that KMS_COSIGN names; left out without it) and a plain program with
// sigstore-go. It builds what it needs with the go command, so it is not for
// Bazel:
//
//	KMS_COSIGN=/path/to/cosign go test ./cmd/kmsverify -run '^$' -bench BesidePeers -benchtime 1x
//
// A round runs each once, so that all have their share of what else the machine
// does. Ratios are to kmsverify with one bundle.
func BenchmarkBesidePeers(b *testing.B) {
	w := newPeerWorld(b)
	for b.Loop() {
		for range peerRuns {
			for _, p := range w.peers {
				p.run(b, w.folder)
			}
		}
	}
	w.tell(b)
}

// peer is a process to time.
type peer struct {
	name    string
	bundles int // that one run verifies
	path    string
	command []string
	wall    []time.Duration
	cpu     []time.Duration
}

func (p *peer) run(b *testing.B, folder string) {
	b.Helper()
	command := exec.CommandContext(b.Context(), p.path, p.command...)
	command.Dir = folder
	command.Env = append(os.Environ(), "HOME="+folder)
	start := time.Now()
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", p.name, err, out)
	}
	p.wall = append(p.wall, time.Since(start))
	p.cpu = append(p.cpu, command.ProcessState.UserTime()+command.ProcessState.SystemTime())
}

type peerWorld struct {
	folder string
	peers  []*peer
}

func newPeerWorld(b *testing.B) *peerWorld {
	b.Helper()
	world := evidencetest.New(b)
	w := &peerWorld{folder: b.TempDir()}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(w.folder, name), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	write("policy.json", world.PolicyJSON())
	write("root.json", world.Root)
	write("statement.json", world.Bundles["provenance.intoto.json.sigstore.json"])
	write("release.json", world.Files[release.ManifestPath])
	write("release.json.sigstore.json", world.Bundles["release.json.sigstore.json"])
	var list strings.Builder
	for i := range 1000 {
		name := "f" + strconv.Itoa(i)
		write(name, []byte(name))
		write(name+release.SignatureSuffix, world.Stack.SignMessage(world.Publisher, []byte(name)))
		list.WriteString(name + release.SignatureSuffix + "\n")
	}
	write("list", []byte(list.String()))
	if err := os.Mkdir(filepath.Join(w.folder, "release"), 0o700); err != nil {
		b.Fatal(err)
	}
	world.Files.WriteTo(b, filepath.Join(w.folder, "release"))
	for name, data := range world.Bundles {
		write("release/"+name, data)
	}
	w.add(b, world)
	return w
}

func (w *peerWorld) add(b *testing.B, world *evidencetest.World) {
	b.Helper()
	ours, plain := w.build(b, "ats.run/kms-enclave/verifier/cmd/kmsverify"), w.build(b, "ats.run/kms-enclave/verifier/internal/plainverify")
	judged := []string{"--policy", "policy.json", "--trusted-root", "root.json"}
	subject, issuer := world.Publisher.Subject, world.Publisher.Issuer
	w.peers = []*peer{
		{name: "kmsverify, one message", bundles: 1, path: ours, command: append([]string{"bundle", "release.json.sigstore.json"}, judged...)},
		{name: "kmsverify, one statement", bundles: 1, path: ours, command: append([]string{"bundle", "--artifact", "release.json", "statement.json"}, judged...)},
		{name: "kmsverify, 1000 messages", bundles: 1000, path: ours, command: append([]string{"bundle", "--files-from", "list"}, judged...)},
		{name: "kmsverify, a whole release", bundles: 4, path: ours, command: append([]string{"release", "--now", now, "release"}, judged...)},
		{name: "kmsverify, only starting", path: ours, command: []string{"version"}},
		{name: "plain sigstore-go, one message", bundles: 1, path: plain, command: []string{"root.json", "release.json.sigstore.json", "release.json", subject, issuer}},
		{name: "plain sigstore-go, one statement", bundles: 1, path: plain, command: []string{"root.json", "statement.json", "release.json", subject, issuer}},
	}
	cosign := os.Getenv("KMS_COSIGN")
	if cosign == "" {
		return
	}
	flags := []string{"--trusted-root", "root.json", "--use-signed-timestamps", "--certificate-identity", subject, "--certificate-oidc-issuer", issuer, "release.json"}
	w.peers = append(w.peers,
		&peer{name: "cosign verify-blob", bundles: 1, path: cosign, command: append([]string{"verify-blob", "--bundle", "release.json.sigstore.json"}, flags...)},
		&peer{name: "cosign verify-blob-attestation", bundles: 1, path: cosign,
			command: append([]string{"verify-blob-attestation", "--type", "slsaprovenance1", "--bundle", "statement.json"}, flags...)},
		&peer{name: "cosign, only starting", path: cosign, command: []string{"version"}})
}

// build returns the path of a program, built as small as releases are.
func (w *peerWorld) build(b *testing.B, pkg string) string {
	b.Helper()
	path := filepath.Join(w.folder, filepath.Base(pkg)+".exe")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w -buildid=", "-o", path, pkg).CombinedOutput()
	if err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

func median(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[len(times)/2]
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }

// tell writes a table, with the ratios to the first.
func (w *peerWorld) tell(b *testing.B) {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "process\tmedian ms\tmin ms\tCPU ms\tms per bundle\tratio\tCPU ratio\tMB\tratio\n")
	size := func(p *peer) float64 {
		info, err := os.Stat(p.path)
		if err != nil {
			b.Fatal(err)
		}
		return float64(info.Size()) / 1e6
	}
	first := w.peers[0]
	for _, p := range w.peers {
		each := "-"
		if p.bundles > 0 {
			each = milliseconds(median(p.wall) / time.Duration(p.bundles))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%.2f\t%.2f\t%.1f\t%.2f\n", p.name, milliseconds(median(p.wall)), milliseconds(slices.Min(p.wall)),
			milliseconds(median(p.cpu)), each, float64(median(p.wall))/float64(median(first.wall)),
			float64(median(p.cpu))/float64(median(first.cpu)), size(p), size(p)/size(first))
		b.ReportMetric(float64(median(p.wall).Microseconds())/1000, strings.NewReplacer(" ", "_", ",", "").Replace(p.name)+"_ms")
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d runs of each, %s/%s, %d processors\n%s", peerRuns, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), text.String())
}
