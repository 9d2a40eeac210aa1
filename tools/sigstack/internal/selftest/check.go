// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package selftest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"time"

	"github.com/sigstore/sigstore-go/pkg/sign"

	"ats.run/kms-enclave/tools/sigstack/internal/stack"
)

// Line is one step of a check.
type Line struct {
	What      string
	Took      time.Duration
	Index     int64
	Witnesses int
}

// Identity that the check signs as.
const (
	Repository = "acme/kms-enclave"
	Ref        = "refs/tags/v1.0.0"
	Subject    = "https://github.com/acme/kms-enclave/.github/workflows/release.yml@refs/tags/v1.0.0"
)

// Statement is an in-toto statement about one file.
func Statement(artifact []byte) []byte {
	digest := sha256.Sum256(artifact)
	return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"file","digest":{"sha256":%q}}],`+
		`"predicateType":"https://example.org/sigstack-check/v1","predicate":{}}`, hex.EncodeToString(digest[:]))
}

// Check signs a message and a statement, keyless and with a key, and verifies each offline. It fails if fewer
// witnesses than the quorum cosigned.
func Check(ctx context.Context, info *stack.Info) ([]Line, error) {
	token, err := Token(ctx, info.OIDC, url.Values{"repository": {Repository}, "ref": {Ref}})
	if err != nil {
		return nil, err
	}
	key, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, err
	}
	keyless := Wanted{Info: info, Issuer: info.Issuers.CI, Subject: Subject}
	keyed := Wanted{Info: info, Key: key}
	var lines []Line
	for _, c := range []struct {
		what      string
		signer    Signer
		wanted    Wanted
		statement bool
	}{
		{"message, keyless", Signer{Info: info, Token: token}, keyless, false},
		{"statement, keyless", Signer{Info: info, Token: token}, keyless, true},
		{"message, with a key", Signer{Info: info, Key: key}, keyed, false},
		{"statement, with a key", Signer{Info: info, Key: key}, keyed, true},
	} {
		artifact := []byte(rand.Text())
		start := time.Now()
		var signed []byte
		if c.statement {
			signed, err = c.signer.Statement(ctx, Statement(artifact))
		} else {
			signed, err = c.signer.Message(ctx, artifact)
		}
		if err != nil {
			return lines, fmt.Errorf("%s: signing: %w", c.what, err)
		}
		took := time.Since(start)
		c.wanted.Artifact = artifact
		found, err := Verify(signed, c.wanted)
		if err != nil {
			return lines, fmt.Errorf("%s: verifying: %w", c.what, err)
		}
		if len(found.Witnesses) < info.Quorum {
			return lines, fmt.Errorf("%s: expected cosignatures of %d witnesses, found %d", c.what, info.Quorum, len(found.Witnesses))
		}
		lines = append(lines, Line{c.what, took, found.Index, len(found.Witnesses)})
	}
	return lines, nil
}
