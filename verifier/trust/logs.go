// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"crypto/ed25519"
	"net/url"
	"slices"
	"time"

	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"
)

// Log is a key with which a log signs its checkpoints, as Rekor v2 does. A log
// that changed its key is there once for each.
type Log struct {
	Origin   string // of its checkpoints: the host of its address
	ID       string // as entries name it, raw bytes
	Verifier note.Verifier
	Key      string    // C2SP verifier key, "name+id+base64" of type 0x01; "" if it is not Ed25519
	From, To time.Time // when the key counts; To is zero if there is no end yet
}

// Logs returns the logs of a root that have an address, by origin and then from
// when.
func (r *Root) Logs() []Log {
	var logs []Log
	for _, instance := range r.Material.RekorLogs() {
		if log, ok := newLog(instance); ok {
			logs = append(logs, log)
		}
	}
	slices.SortFunc(logs, func(a, b Log) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), a.From.Compare(b.From), cmp.Compare(a.ID, b.ID))
	})
	return logs
}

// LogsOf returns those with an origin.
func (r *Root) LogsOf(origin string) []Log {
	return slices.DeleteFunc(r.Logs(), func(l Log) bool { return l.Origin != origin })
}

// Counts says whether the key counted at a time.
func (l Log) Counts(at time.Time) bool {
	return !at.Before(l.From) && (l.To.IsZero() || !at.After(l.To))
}

func newLog(instance *root.TransparencyLog) (Log, bool) {
	address, err := url.Parse(instance.BaseURL)
	if err != nil || address.Hostname() == "" {
		return Log{}, false
	}
	known, err := signature.LoadVerifier(instance.PublicKey, instance.SignatureHashFunc)
	if err != nil {
		return Log{}, false
	}
	verifier, err := rekornote.NewNoteVerifier(address.Hostname(), known)
	if err != nil {
		return Log{}, false
	}
	log := Log{Origin: address.Hostname(), ID: string(instance.ID), Verifier: verifier,
		From: instance.ValidityPeriodStart, To: instance.ValidityPeriodEnd}
	if key, ok := instance.PublicKey.(ed25519.PublicKey); ok {
		if log.Key, err = note.NewEd25519VerifierKey(log.Origin, key); err != nil {
			return Log{}, false
		}
	}
	return log, true
}
