// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// exitRefused is what verify-bundle ends with if a bundle does not verify.
const exitRefused = 1

// verifyBundleCommand is the protocol of sigstore-conformance, so that its suite
// can be run on this program. Who judges releases has no use for it.
var verifyBundleCommand = command{
	name:     "verify-bundle",
	argument: "FILE_OR_DIGEST",
	summary:  "verify one bundle as Sigstore's conformance suite asks, without any policy",
	hidden:   true,
	flags: `  --bundle FILE      the bundle
  --certificate-identity ID  the subject of the signer's certificate, with
  --certificate-oidc-issuer URL  who vouched for it; or else
  --key FILE         the signer's public key in PEM
  --trusted-root FILE  a trusted_root.json instead of the embedded public-good one
`,
	bind: func(set *flag.FlagSet) runner {
		var bundle, identity, issuer, key, root text
		set.Var(&bundle, "bundle", "")
		set.Var(&identity, "certificate-identity", "")
		set.Var(&issuer, "certificate-oidc-issuer", "")
		set.Var(&key, "key", "")
		set.Var(&root, "trusted-root", "")
		return func(_ context.Context, p *program, target string) (*verdict.Report, error) {
			call := sigbundle.Conformance{Identity: identity.value, Issuer: issuer.value, Target: target}
			if !strings.HasPrefix(target, "sha") || !strings.Contains(target, ":") {
				call.Target = fromCaller(target)
			}
			if err := readConformance(&call, bundle, key, root); err != nil {
				return nil, p.refuse(err)
			}
			if err := sigbundle.VerifyConformance(call); err != nil {
				return nil, p.refuse(err)
			}
			return nil, nil
		}
	},
}

// readConformance reads the files that the flags name.
func readConformance(call *sigbundle.Conformance, bundle, key, root text) error {
	if !bundle.set {
		return fmt.Errorf("--bundle: expected the bundle's file")
	}
	for _, file := range []struct {
		flag string
		path text
		into *[]byte
	}{{"--bundle", bundle, &call.Bundle}, {"--key", key, &call.Key}, {"--trusted-root", root, &call.TrustedRoot}} {
		if !file.path.set {
			continue
		}
		data, err := readFile(file.path.value)
		if err != nil {
			return fmt.Errorf("%s: %s", file.flag, reason(err))
		}
		*file.into = data
	}
	if root.set {
		return nil
	}
	embedded, err := trust.Named(publicGood)
	if err != nil {
		return err
	}
	call.TrustedRoot = embedded.JSON
	return nil
}

// publicGood is the embedded trust root of Sigstore's public instance.
const publicGood = "public-good"

// refuse says why a bundle does not verify.
func (p *program) refuse(err error) error {
	fmt.Fprintf(p.stderr, "kmsverify: verify-bundle: %s\n", verdict.Plain(reasonOf(err)))
	return exitCode(exitRefused)
}

// reasonOf returns what is wrong, without paths that are in it twice.
func reasonOf(err error) string {
	if os.IsNotExist(err) || os.IsPermission(err) {
		return "the artifact: " + reason(err)
	}
	return err.Error()
}
