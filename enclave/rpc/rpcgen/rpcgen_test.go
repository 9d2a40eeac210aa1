// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpcgen_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"ats.run/kms-enclave/enclave/rpc/rpcgen"
)

func TestCommittedFilesAreWhatTheTableSays(t *testing.T) {
	for _, file := range []struct {
		path string
		want []byte
	}{
		{"../../sdk/api.ts", rpcgen.TypeScript()},
		{"../../../docs/api.md", rpcgen.Markdown()},
	} {
		t.Run(filepath.Base(file.path), func(t *testing.T) {
			got, err := os.ReadFile(filepath.FromSlash(file.path))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, file.want) {
				t.Errorf("%s differs from the method table at line %d; to write it anew: tools/bazel run //:fix",
					filepath.Base(file.path), differingLine(got, file.want))
			}
		})
	}
}

func TestNoTypeIsWrittenTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^export (?:interface|type|const) (\w+)`).FindAllSubmatch(rpcgen.TypeScript(), -1) {
		if name := string(found[1]); seen[name] {
			t.Errorf("api.ts declares %s twice", name)
		} else {
			seen[name] = true
		}
	}
	for _, name := range []string{"SignalSessionStartBundle", "SignalDecryptBatchResult", "VapidListKey", "Bytes"} {
		if !seen[name] {
			t.Errorf("api.ts does not declare %s", name)
		}
	}
}

func differingLine(a, b []byte) int {
	line := 1
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '\n' {
			line++
		}
	}
	return line
}
