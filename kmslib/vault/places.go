// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// Collections without a user.
const (
	usersCollection    = "users"
	oldVAPIDCollection = "vapid" // of the releases without users
)

func enrolmentsOf(user string) string   { return user + "/enrolments" }
func vapidOf(user string) string        { return user + "/vapid" }
func signalOf(user string) string       { return user + "/signal" }
func policyOf(user string) string       { return user + "/policy" }
func auditOf(user string) string        { return user + "/audit" }
func certificatesOf(user string) string { return user + "/certificates" }
func stateOf(user string) string        { return user + "/state" }

func userRef(user string) Ref          { return Ref{usersCollection, user} }
func enrolmentRef(user, id string) Ref { return Ref{enrolmentsOf(user), id} }
func policyRef(user, of string) Ref    { return Ref{policyOf(user), of} }
func headRef(user string) Ref          { return Ref{stateOf(user), "log-head"} }
func logKeyRef(user string) Ref        { return Ref{stateOf(user), "log-key"} }
func delegateRef(user string) Ref      { return Ref{stateOf(user), "delegate"} }
func throttleRef(user string) Ref      { return Ref{stateOf(user), "throttle"} }
func rosterRef(user string) Ref        { return Ref{stateOf(user), "roster"} }

func auditRef(user string, seq int64) Ref {
	return Ref{auditOf(user), record.SequenceKey(seq)}
}

func certificateRef(user string, n int64) Ref {
	return Ref{certificatesOf(user), record.SequenceKey(n)}
}

func vapidRef(user, origin, kid string) Ref {
	return Ref{vapidOf(user), record.VAPIDKeyName(origin, kid)}
}

// place returns where a record at ref lies once it has the version.
func place(ref Ref, version uint64) record.Place {
	return record.Place{Collection: ref.Collection, Key: ref.Key, Version: version}
}

// maxScan is how many records are read at once where all are wanted.
const maxScan = 256

// scanAll returns all records of a collection.
func (v *Vault) scanAll(ctx context.Context, collection string) ([]Entry, error) {
	return v.scanPrefix(ctx, collection, "")
}

// scanPrefix returns the records of a collection whose keys begin with prefix.
func (v *Vault) scanPrefix(ctx context.Context, collection, prefix string) ([]Entry, error) {
	var all []Entry
	from := prefix
	for {
		entries, err := v.config.Store.Scan(ctx, collection, from, maxScan)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Ref.Key, prefix) {
				return all, nil
			}
			all = append(all, e)
		}
		if len(entries) < maxScan {
			return all, nil
		}
		from = entries[len(entries)-1].Ref.Key + " " // the first key that can follow
	}
}

// get returns the record at ref, or one of version 0 if there is none.
func (v *Vault) get(ctx context.Context, ref Ref) (Record, error) {
	found, err := v.config.Store.Get(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return Record{}, nil
	}
	return found, err
}

// damaged returns err, which a parser gave, as a *RecordError.
func damaged(collection string, err error) error {
	return &RecordError{Collection: collection, Reason: err.Error()}
}

// random returns n random bytes.
func (v *Vault) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(v.config.Random, b); err != nil {
		return nil, during("reading randomness", err)
	}
	return b, nil
}

// newID returns a new id.
func (v *Vault) newID() (string, error) {
	b, err := v.random(16)
	return base64.RawURLEncoding.EncodeToString(b), err
}
