// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
)

// TestSignedTranscripts runs testdata/signed/*.txt. Each starts with a signed
// release in v1, its policy.json and trusted_root.json, and $NOW, a day later.
func TestSignedTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/signed",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup:               func(env *testscript.Env) error { return setUpSigned(t, env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"many":   manyBundles,
			"faulty": faultyBundles,
			"keyed":  keyedBundle,
			"plain":  plain,
			"edit":   editFile,
			"failed": failedOnly,
		},
	})
}

func setUpSigned(t *testing.T, env *testscript.Env) error {
	w := evidencetest.New(t)
	env.Values["t"], env.Values["signed"] = t, w
	folder := filepath.Join(env.WorkDir, "v1")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	w.Files.WriteTo(t, folder)
	files := map[string][]byte{"policy.json": w.PolicyJSON(), "trusted_root.json": w.Root}
	for name, data := range w.Bundles {
		files["v1/"+name] = data
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), data, 0o600); err != nil {
			return err
		}
	}
	env.Setenv("NOW", now)
	env.Setenv("DIGEST", w.Files.Digest())
	env.Setenv("ISSUER", w.Publisher.Issuer)
	env.Setenv("SUBJECT", w.Publisher.Subject)
	return nil
}

func signedWorld(ts *testscript.TestScript) *evidencetest.World {
	return ts.Value("signed").(*evidencetest.World)
}

// manyBundles is "many N FOLDER": N signed files with their bundles, their
// names in FOLDER.list.
func manyBundles(ts *testscript.TestScript, _ bool, arguments []string) {
	n, err := strconv.Atoi(arguments[0])
	ts.Check(err)
	w := signedWorld(ts)
	ts.Check(os.MkdirAll(ts.MkAbs(arguments[1]), 0o700))
	var list strings.Builder
	for i := range n {
		name := arguments[1] + "/" + strconv.Itoa(i)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(name), 0o600))
		ts.Check(os.WriteFile(ts.MkAbs(name+release.SignatureSuffix), w.Stack.SignMessage(w.Publisher, []byte(name)), 0o600))
		list.WriteString(name + release.SignatureSuffix + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(arguments[1]+".list"), []byte(list.String()), 0o600))
}

// keyedBundle is "keyed FILE": signs it with a key, which is in key.pub.
func keyedBundle(ts *testscript.TestScript, _ bool, arguments []string) {
	w := signedWorld(ts)
	key := w.Stack.Key("signer")
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	ts.Check(err)
	bundle := w.Stack.SignMessage(sigtest.Signer{Key: key}, []byte(ts.ReadFile(arguments[0])))
	ts.Check(os.WriteFile(ts.MkAbs("key.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(arguments[0]+release.SignatureSuffix), bundle, 0o600))
}

// editFile is "edit FILE OLD NEW", which must change something.
func editFile(ts *testscript.TestScript, _ bool, arguments []string) {
	before := []byte(ts.ReadFile(arguments[0]))
	after := bytes.Replace(before, []byte(arguments[1]), []byte(arguments[2]), 1)
	if bytes.Equal(before, after) {
		ts.Fatalf("%s is not in %s", arguments[1], arguments[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(arguments[0]), after, 0o600))
}

// failedOnly is "failed FILE": the refusals of stdout, without the rest of the report.
func failedOnly(ts *testscript.TestScript, _ bool, arguments []string) {
	var kept []string
	for _, part := range strings.Split(ts.ReadFile("stdout"), "\n\n") {
		if strings.HasPrefix(part, "  wrong ") || strings.HasPrefix(part, "  not seen ") {
			kept = append(kept, part+"\n")
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(arguments[0]), []byte(strings.Join(kept, "\n")), 0o600))
}
