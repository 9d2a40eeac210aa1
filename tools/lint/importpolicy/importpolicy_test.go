// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package importpolicy

import (
	"strings"
	"testing"
)

func TestRefusalNamesTheReason(t *testing.T) {
	for _, c := range []struct {
		name, from, imported, want string
	}{
		{"a leaf imports nothing of ours", "kmslib/wire", own + "kmslib/secret", "a leaf"},
		{"features do not import each other", "kmslib/vapid", own + "kmslib/release", "features"},
		{"the vault composes features", "kmslib/vault", own + "kmslib/vapid", ""},
		{"kmslib does not import the enclave", "kmslib/vault", own + "enclave/rpc", "composes"},
		{"the verifier does not import the vault", "verifier/site", own + "kmslib/vault", "judges"},
		{"the verifier reads the release format", "verifier/site", own + "kmslib/release", ""},
		{"no reflection in the WebAssembly", "kmslib/vapid", "encoding/json", "reflection"},
		{"a ban covers what lies below", "kmslib/vault", "net/http", "no I/O"},
		{"a test package may do what is native", "kmslib/vault/vaulttest", "fmt", ""},
		{"only jsbridge reaches JavaScript", "enclave/cmd/enclave", "syscall/js", "jsbridge"},
		{"jsbridge reaches JavaScript", "enclave/internal/jsbridge", "syscall/js", ""},
		{"sigstore stays in the verifier", "tools/sbom", "github.com/sigstore/sigstore-go/pkg/bundle", "verifier"},
		{"a new folder needs a layer", "gadgets", own + "kmslib/wire", "no layer"},
		{"prefixes end at a slash", "kmslib/wireless", own + "kmslib/secret", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := refusal(c.from, c.imported)
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("refusal(%q, %q) = %q, want it to contain %q", c.from, c.imported, got, c.want)
			}
		})
	}
}
