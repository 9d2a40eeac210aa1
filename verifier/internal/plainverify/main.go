// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command plainverify is the least that verifies a bundle with sigstore-go: what
// kmsverify's time and size are compared with. It checks no witness, no policy
// and no validity of the log's key; do not use it for anything else.
//
//	plainverify TRUSTED_ROOT BUNDLE ARTIFACT IDENTITY ISSUER
package main

import (
	"fmt"
	"os"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "plainverify TRUSTED_ROOT BUNDLE ARTIFACT IDENTITY ISSUER")
		os.Exit(64)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, "plainverify:", err)
		os.Exit(1)
	}
}

func run(rootPath, bundlePath, artifactPath, identity, issuer string) error {
	trusted, err := root.NewTrustedRootFromPath(rootPath)
	if err != nil {
		return err
	}
	signed, err := bundle.LoadJSONFromPath(bundlePath)
	if err != nil {
		return err
	}
	verifier, err := verify.NewVerifier(trusted, verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1), verify.WithSignedCertificateTimestamps(1))
	if err != nil {
		return err
	}
	who, err := verify.NewShortCertificateIdentity(issuer, "", identity, "")
	if err != nil {
		return err
	}
	artifact, err := os.Open(artifactPath)
	if err != nil {
		return err
	}
	defer artifact.Close() // only read
	_, err = verifier.Verify(signed, verify.NewPolicy(verify.WithArtifact(artifact), verify.WithCertificateIdentity(who)))
	return err
}
