// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"
	"strings"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// State says how far a vault is open.
type State string

// The states of a vault.
const (
	StateEmpty    State = "empty"    // nobody has set up
	StateLocked   State = "locked"   // somebody has
	StateUnlocked State = "unlocked" // there is a session
)

// RecordReport tells of a record that is kept but cannot be read.
type RecordReport struct {
	Ref    Ref
	Reason string // fixed words
}

// Status is how the vault is.
type Status struct {
	State   State
	Users   int // set up and not reset
	Session *SessionInfo
	Damaged []RecordReport
}

// CheckState returns the state and the number of users alone. A user whose
// record cannot be read counts.
func (v *Vault) CheckState(ctx context.Context) (State, int, error) {
	users, err := v.Users(ctx)
	if err != nil {
		return "", 0, err
	}
	n := 0
	for _, u := range users {
		if !u.Reset {
			n++
		}
	}
	switch {
	case v.open() != nil:
		return StateUnlocked, n, nil
	case n > 0:
		return StateLocked, n, nil
	}
	return StateEmpty, 0, nil
}

// Status returns how the vault is. Damaged has the records of all users, which
// costs a reading of everything but the log; CheckState is cheaper. Records of
// Signal accounts are also opened if their vault is.
func (v *Vault) Status(ctx context.Context) (Status, error) {
	state, n, err := v.CheckState(ctx)
	if err != nil {
		return Status{}, err
	}
	status := Status{State: state, Users: n}
	if info, ok := v.Session(); ok {
		status.Session = &info
	}
	entries, err := v.scanAll(ctx, usersCollection)
	if err != nil {
		return Status{}, during("reading the users", err)
	}
	users := []string{""}
	for _, e := range entries {
		users = append(users, e.Ref.Key)
		if _, err := record.ParseUser(e.Ref.Key, e.Value); err != nil {
			status.Damaged = append(status.Damaged, RecordReport{e.Ref, err.Error()})
		}
	}
	for _, user := range users {
		reports, err := v.inspect(ctx, user)
		if err != nil {
			return Status{}, err
		}
		status.Damaged = append(status.Damaged, reports...)
	}
	return status, nil
}

// inspect reads the records of a user, or those without one if user is "".
func (v *Vault) inspect(ctx context.Context, user string) ([]RecordReport, error) {
	collections := []string{
		enrolmentsOf(user), vapidOf(user), signalOf(user), policyOf(user), certificatesOf(user), stateOf(user),
	}
	if user == "" {
		collections = []string{oldVAPIDCollection}
	}
	var reports []RecordReport
	for _, collection := range collections {
		entries, err := v.scanAll(ctx, collection)
		var unreadable *RecordError
		if errors.As(err, &unreadable) {
			reports = append(reports, RecordReport{Ref{collection, "?"}, unreadable.Reason})
			continue
		}
		if err != nil {
			return nil, during("reading all records", err)
		}
		for _, e := range entries {
			if err := parseAny(user, e); err != nil {
				reports = append(reports, RecordReport{e.Ref, err.Error()})
			}
		}
	}
	unsealed, err := v.inspectSignal(ctx, user)
	return append(reports, unsealed...), err
}

// parseAny reads a record as its place demands.
func parseAny(user string, e Entry) error {
	var err error
	key := e.Ref.Key
	_, kind, _ := strings.Cut(e.Ref.Collection, "/")
	switch kind {
	case "":
		_, err = record.ParseOldVAPID(key, e.Value)
	case "enrolments":
		_, err = unlock.Parse(unlock.Slot{User: user, ID: key}, e.Value)
	case "vapid":
		_, err = record.ParseVAPID(key, e.Value)
	case "signal":
		_, err = record.ParseSignal(key, e.Value)
	case "policy":
		_, err = record.ParsePolicy(key, e.Value)
	case "certificates":
		_, err = auditlog.ParseCertificate(user, e.Value)
	case "state":
		err = parseState(user, e)
	}
	return err
}

func parseState(user string, e Entry) error {
	var err error
	switch e.Ref {
	case headRef(user):
		_, err = auditlog.ParseHead(user, e.Value)
	case logKeyRef(user):
		_, err = record.ParseLogKey(e.Value)
	case delegateRef(user):
		_, err = record.ParseDelegate(e.Value)
	case throttleRef(user):
		_, err = record.ParseThrottle(e.Value)
	case rosterRef(user):
		_, err = record.ParseSealedRoster(e.Value)
	default:
		err = &record.Error{Reason: "this release knows no such record"}
	}
	return err
}
