// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package fulcio is Fulcio's own server, certificate authority and HTTP gateway, with a root and an
// intermediate made at start. Of upstream's program only the command line and the gRPC port are missing: the
// gateway calls the server in the same process.
package fulcio

import (
	"context"
	"crypto"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/certificate-transparency-go/client"
	"github.com/google/certificate-transparency-go/jsonclient"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/sigstore/fulcio/pkg/ca"
	"github.com/sigstore/fulcio/pkg/ca/baseca"
	"github.com/sigstore/fulcio/pkg/config"
	fulciopb "github.com/sigstore/fulcio/pkg/generated/protobuf"
	"github.com/sigstore/fulcio/pkg/server"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/grpc/metadata"

	"ats.run/kms-enclave/tools/sigstack/internal/oidc"
	"ats.run/kms-enclave/tools/sigstack/internal/pki"
)

// The templates of "github-workflow" are the ones that the public instance has, see config/identity/config.yaml
// of Fulcio. "plain" makes the subject the name, with no restriction to the issuer's domain.
const configuration = `
oidc-issuers:
  CI:
    issuer-url: CI
    client-id: AUDIENCE
    type: ci-provider
    ci-provider: github-workflow
  EMAIL:
    issuer-url: EMAIL
    client-id: AUDIENCE
    type: email
  URI:
    issuer-url: URI
    client-id: AUDIENCE
    type: ci-provider
    ci-provider: plain
ci-issuer-metadata:
  plain:
    subject-alternative-name-template: "sub"
  github-workflow:
    default-template-values:
      url: "https://github.com"
      environment: ""
    subject-alternative-name-template: "{{ .url }}/{{ .job_workflow_ref }}"
    extension-templates:
      github-workflow-trigger: "event_name"
      github-workflow-sha: "sha"
      github-workflow-name: "workflow"
      github-workflow-repository: "repository"
      github-workflow-ref: "ref"
      build-signer-uri: "{{ .url }}/{{ .job_workflow_ref }}"
      build-signer-digest: "job_workflow_sha"
      runner-environment: "runner_environment"
      source-repository-uri: "{{ .url }}/{{ .repository }}"
      source-repository-digest: "sha"
      source-repository-ref: "ref"
      source-repository-identifier: "repository_id"
      source-repository-owner-uri: "{{ .url }}/{{ .repository_owner }}"
      source-repository-owner-identifier: "repository_owner_id"
      build-config-uri: "{{ .url }}/{{ .workflow_ref }}"
      build-config-digest: "workflow_sha"
      build-trigger: "event_name"
      run-invocation-uri: "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}"
      source-repository-visibility-at-signing: "repository_visibility"
      deployment-environment: "environment"
`

// New is Fulcio's HTTP API. The issuer must answer already, since Fulcio asks it for its keys.
func New(ctx context.Context, authority *pki.Authority, issuer *oidc.Issuer, ctURL string, ctKey crypto.PublicKey) (http.Handler, error) {
	text := strings.NewReplacer("CI:", issuer.CI()+":", "EMAIL:", issuer.Email()+":", "URI:", issuer.URI()+":",
		": CI", ": "+issuer.CI(), ": EMAIL", ": "+issuer.Email(), ": URI", ": "+issuer.URI(),
		"AUDIENCE", oidc.Audience).Replace(configuration)
	settings, err := config.Read([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("fulcio's configuration: %w", err)
	}
	ctPEM, err := cryptoutils.MarshalPublicKeyToPEM(ctKey)
	if err != nil {
		return nil, err
	}
	ct, err := client.New(ctURL, http.DefaultClient, jsonclient.Options{PublicKey: string(ctPEM)})
	if err != nil {
		return nil, fmt.Errorf("fulcio's client of the CT log: %w", err)
	}
	algorithms, err := signature.NewAlgorithmRegistryConfig([]protocommon.PublicKeyDetails{
		protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256,
		protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384,
		protocommon.PublicKeyDetails_PKIX_ED25519,
	})
	if err != nil {
		return nil, err
	}
	issuing := &baseca.BaseCA{SignerWithChain: &ca.SignerCerts{Signer: authority.Key, Certs: authority.Chain}}
	api := server.NewGRPCCAServer(ct, issuing, algorithms, server.NewIssuerPool(settings))

	mux := runtime.NewServeMux(runtime.WithMetadata(func(_ context.Context, r *http.Request) metadata.MD {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return metadata.Pairs(server.MetadataOIDCTokenKey, token)
	}))
	if err := fulciopb.RegisterCAHandlerServer(ctx, mux, api); err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(config.With(r.Context(), settings)))
	}), nil
}
