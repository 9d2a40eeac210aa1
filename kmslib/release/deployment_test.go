// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"os"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/internal/vectors"
	"ats.run/kms-enclave/kmslib/release"
)

func deploymentVectors(t testing.TB) []vectors.Vector {
	t.Helper()
	data, err := os.ReadFile(vectorPath("deployments.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := vectors.Parse(string(data))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDeploymentVectors(t *testing.T) {
	for _, v := range deploymentVectors(t) {
		d, err := release.ParseDeployment([]byte(v.Text("input")))
		if v.Expect == "refuse" {
			expectTyped(t, v.Name, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		if got := d.Expand("frame-ancestors {embedders}"); got != v.Text("expanded") {
			t.Errorf("%s: expanded to %q, want %q", v.Name, got, v.Text("expanded"))
		}
	}
}

func TestExpandReplacesEveryPlaceholderOnly(t *testing.T) {
	d := release.Deployment{Embedders: []string{"https://a.example", "https://b.example"}}
	for value, want := range map[string]string{
		"no-cache":                          "no-cache",
		"a {embedders} b {embedders}":       "a https://a.example https://b.example b https://a.example https://b.example",
		"{embedder} {EMBEDDERS} embedders}": "{embedder} {EMBEDDERS} embedders}",
	} {
		if got := d.Expand(value); got != want {
			t.Errorf("Expand(%q) = %q, want %q", value, got, want)
		}
	}
}

func TestDeploymentIsReadBackInItsOrder(t *testing.T) {
	d := release.Deployment{Embedders: []string{"https://b.example", "https://a.example"}}
	data, err := d.Marshal()
	const want = `{"embedders":["https://b.example","https://a.example"],"format":"kms-enclave-deployment/1"}`
	if err != nil || string(data) != want {
		t.Errorf("Marshal = %s, %v; want %s", data, err, want)
	}
	if _, err := (release.Deployment{}).Marshal(); err == nil {
		t.Error("a deployment without embedders was written")
	}
}

func TestChecksumsAreReadBack(t *testing.T) {
	a, b := strings.Repeat("0a", 32), strings.Repeat("0b", 32)
	data := release.MarshalChecksums([]release.Checksum{{Path: "b.txt", SHA256: b}, {Path: "a.txt", SHA256: a}})
	if want := a + "  a.txt\n" + b + "  b.txt\n"; string(data) != want {
		t.Errorf("MarshalChecksums = %q, want %q", data, want)
	}
	sums, err := release.ParseChecksums(data)
	if err != nil || len(sums) != 2 || sums[0].Path != "a.txt" || sums[1].SHA256 != b {
		t.Errorf("ParseChecksums = %v, %v", sums, err)
	}
	for n := 1; n < len(data); n++ {
		if n != len(data)/2 && !strings.HasSuffix(string(data[:n]), "\n") {
			if _, err := release.ParseChecksums(data[:n]); err == nil {
				t.Errorf("accepted the first %d bytes", n)
			}
		}
	}
}

func TestMalformedChecksumsAreRefused(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for name, data := range map[string]string{
		"one space":       sum + " a\n",
		"three spaces":    sum + "   a\n",
		"binary mark":     sum + " *a\n",
		"upper case":      strings.ToUpper(sum) + "  a\n",
		"short digest":    sum[2:] + "  a\n",
		"no path":         sum + "  \n",
		"path outside":    sum + "  ../a\n",
		"absolute path":   sum + "  /a\n",
		"carriage return": sum + "  a\r\n",
		"empty line":      sum + "  a\n\n",
		"twice":           sum + "  a\n" + sum + "  a\n",
		"not sorted":      sum + "  b\n" + sum + "  a\n",
		"escaped":         "\\" + sum + "  a\n",
		"too long":        strings.Repeat("a", 1<<20+1),
	} {
		if _, err := release.ParseChecksums([]byte(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
