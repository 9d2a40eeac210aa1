// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package tsa is an RFC 3161 timestamp authority. It is written over the two packages that Sigstore's
// timestamp-authority consists of where it matters: github.com/digitorus/timestamp makes the response, and
// timestamp-authority's own verification.VerifyRequest decides which requests are fit. Upstream's handler itself
// is not linked, because its package brings the clients of four cloud key services.
package tsa

import (
	"crypto"
	"encoding/asn1"
	"io"
	"net/http"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/timestamp-authority/v2/pkg/verification"

	"ats.run/kms-enclave/tools/sigstack/internal/pki"
)

// Path is where requests go, and Path+"/certchain" has the certificates, as upstream.
const Path = "/api/v1/timestamp"

// policy is upstream's default: an arc of Sigstore's own.
var policy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}

// New is the authority's HTTP API.
func New(authority *pki.Authority) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, func(w http.ResponseWriter, r *http.Request) { respond(w, r, authority) })
	mux.HandleFunc("GET "+Path+"/certchain", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(pki.PEM(authority.Chain...))
	})
	return mux
}

func respond(w http.ResponseWriter, r *http.Request, authority *pki.Authority) {
	if r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "expected Content-Type: application/timestamp-query", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request, err := timestamp.ParseRequest(body)
	if err == nil {
		err = verification.VerifyRequest(request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if len(request.TSAPolicyOID) > 0 && !request.TSAPolicyOID.Equal(policy) || len(request.Extensions) > 0 {
		http.Error(w, "no other policy than "+policy.String()+" and no extensions", http.StatusBadRequest)
		return
	}
	answer, err := (&timestamp.Timestamp{
		HashAlgorithm:     request.HashAlgorithm,
		HashedMessage:     request.HashedMessage,
		Time:              time.Now().UTC(),
		Nonce:             request.Nonce,
		Policy:            policy,
		Accuracy:          time.Second,
		AddTSACertificate: request.Certificates,
	}).CreateResponseWithOpts(authority.Chain[0], authority.Key, crypto.SHA256)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(answer)
}
