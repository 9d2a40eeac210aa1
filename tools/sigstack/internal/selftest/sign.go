// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package selftest signs with a running stack as any client would, by sigstore-go, and verifies offline.
package selftest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"ats.run/kms-enclave/tools/sigstack/internal/stack"
)

// PayloadType of an in-toto statement.
const PayloadType = "application/vnd.in-toto+json"

// Token asks the stack's issuer for a token.
func Token(ctx context.Context, oidcURL string, query url.Values) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, oidcURL+"/token?"+query.Encode(), nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the issuer answered %d: %s", response.StatusCode, strings.TrimSpace(string(body)))
	}
	return strings.TrimSpace(string(body)), nil
}

// Signer signs with the services of a stack: keyless if Token is set, else by Key.
type Signer struct {
	Info  *stack.Info
	Token string
	Key   sign.Keypair
}

// Message signs bytes; the answer is a bundle.
func (s Signer) Message(ctx context.Context, data []byte) ([]byte, error) {
	return s.bundle(ctx, &sign.PlainData{Data: data})
}

// Statement signs an in-toto statement as DSSE.
func (s Signer) Statement(ctx context.Context, statement []byte) ([]byte, error) {
	return s.bundle(ctx, &sign.DSSEData{Data: statement, PayloadType: PayloadType})
}

func (s Signer) bundle(ctx context.Context, content sign.Content) ([]byte, error) {
	config, err := root.NewSigningConfigFromPath(s.Info.SigningConfig)
	if err != nil {
		return nil, err
	}
	key := s.Key
	if key == nil {
		if key, err = sign.NewEphemeralKeypair(nil); err != nil {
			return nil, err
		}
	}
	options := sign.BundleOptions{
		Context:              ctx,
		TimestampAuthorities: []*sign.TimestampAuthority{sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: config.TimestampAuthorityURLs()[0].URL})},
		TransparencyLogs:     []sign.Transparency{sign.NewRekor(&sign.RekorOptions{BaseURL: config.RekorLogURLs()[0].URL, Version: 2})},
	}
	if s.Token != "" {
		options.CertificateProvider = sign.NewFulcio(&sign.FulcioOptions{BaseURL: config.FulcioCertificateAuthorityURLs()[0].URL})
		options.CertificateProviderOptions = &sign.CertificateProviderOptions{IDToken: s.Token}
	}
	made, err := sign.Bundle(content, key, options)
	if err != nil {
		return nil, err
	}
	// protojson's own spacing is random on purpose.
	text, err := protojson.Marshal(made)
	if err != nil {
		return nil, err
	}
	var plain json.RawMessage = text
	return json.Marshal(plain)
}
