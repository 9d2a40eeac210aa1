// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package gomodules

import (
	"bytes"
	"strings"
	"testing"
)

const sum = "example.com/a v1.0.0 h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=\n" +
	"example.com/a v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

func program(info string) []byte {
	return bytes.Join([][]byte{[]byte("before"), startMarker, []byte(info), endMarker, []byte("after")}, nil)
}

func TestModulesAreReadWithTheirHash(t *testing.T) {
	modules, err := Of(program("path\tours.example/cmd\ndep\tours.example/lib\t(devel)\t\ndep\texample.com/a\tv1.0.0\t\n"),
		"ours.example", []byte(sum))
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) != 1 || modules[0].PURL() != "pkg:golang/example.com/a@v1.0.0" || len(modules[0].H1) != 32 || modules[0].H1[0] != 0x64 {
		t.Errorf("Of = %+v, want example.com/a v1.0.0 with the hash of its content, and none of our own", modules)
	}
}

func TestProgramWhoseModulesAreNotPinnedIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		program    []byte
	}{
		{"no module data", "no module data", []byte("just bytes")},
		{"no end", "no end", append(bytes.Clone(startMarker), "path\tx\n"...)},
		{"a module without a hash", "no go.sum pins it", program("dep\texample.com/b\tv2.0.0\t\n")},
		{"another version", "no go.sum pins it", program("dep\texample.com/a\tv1.0.1\t\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Of(c.program, "ours.example", []byte(sum)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Of = %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestMalformedHashIsRefused(t *testing.T) {
	if _, err := Of(program("path\tx\n"), "ours.example", []byte("example.com/a v1.0.0 h1:!\n")); err == nil {
		t.Error("Of = nil error for a go.sum with a malformed hash")
	}
}
