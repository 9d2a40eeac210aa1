// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// The kinds of authority.
const (
	KindCertificateAuthority = "certificate-authority"
	KindTimestampAuthority   = "timestamp-authority"
	KindLog                  = "log"
	KindCTLog                = "ct-log"
)

// Authority is one key or chain in a root.
type Authority struct {
	Kind     string
	Name     string    // its URI or base URL, else the subject of its certificate
	ID       string    // SHA-256 of its certificate, or the log's ID; hexadecimal
	Key      string    // of a log with an Ed25519 key: its C2SP verifier key; else ""
	From, To time.Time // when it counts; To is zero if there is no end yet
}

// Authorities returns what a root trusts: by kind, then from when, then ID.
func (r *Root) Authorities() []Authority {
	var list []Authority
	for _, ca := range r.Material.FulcioCertificateAuthorities() {
		if f, ok := ca.(*root.FulcioCertificateAuthority); ok {
			list = append(list, chain(KindCertificateAuthority, f.URI, f.Root, f.ValidityPeriodStart, f.ValidityPeriodEnd))
		}
	}
	for _, tsa := range r.Material.TimestampingAuthorities() {
		if s, ok := tsa.(*root.SigstoreTimestampingAuthority); ok {
			list = append(list, chain(KindTimestampAuthority, s.URI, cmp.Or(s.Leaf, s.Root), s.ValidityPeriodStart, s.ValidityPeriodEnd))
		}
	}
	list = append(list, logs(KindLog, r.Material.RekorLogs())...)
	list = append(list, logs(KindCTLog, r.Material.CTLogs())...)
	order := []string{KindCertificateAuthority, KindTimestampAuthority, KindLog, KindCTLog}
	slices.SortStableFunc(list, func(a, b Authority) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)),
			a.From.Compare(b.From), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func chain(kind, uri string, certificate *x509.Certificate, from, to time.Time) Authority {
	a := Authority{Kind: kind, Name: uri, From: from.UTC(), To: to.UTC()}
	if certificate != nil {
		sum := sha256.Sum256(certificate.Raw)
		a.ID = hex.EncodeToString(sum[:])
		if a.Name == "" {
			a.Name = certificate.Subject.String()
		}
	}
	return a
}

func logs(kind string, byID map[string]*root.TransparencyLog) []Authority {
	var list []Authority
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		log := byID[id]
		a := Authority{Kind: kind, Name: log.BaseURL, ID: hex.EncodeToString(log.ID), From: log.ValidityPeriodStart.UTC()}
		if !log.ValidityPeriodEnd.IsZero() {
			a.To = log.ValidityPeriodEnd.UTC()
		}
		if known, ok := newLog(log); ok && kind == KindLog {
			a.Key = known.Key
		}
		list = append(list, a)
	}
	return list
}
