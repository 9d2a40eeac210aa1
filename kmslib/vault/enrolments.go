// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// EnrolmentInfo is what a user's list of enrolments shows of one.
type EnrolmentInfo struct {
	ID         string
	Method     unlock.Method
	Label      string
	Created    int64              // Unix seconds
	Used       int64              // last used, Unix seconds; 0: never
	Credential *unlock.Credential // of a passkey, else nil
	PRFSalt    []byte             // of a passkey with PRF, else nil
	KDF        *unlock.KDF        // of a passphrase, else nil
	DeviceKey  Handle             // of a gate, else nil: for unlock.ByGate, after the assertion was verified
	Damaged    string             // why it cannot be used, in fixed words; "" if it can
}

func enrolmentInfo(id string, e *unlock.Enrolment, deviceKey Handle) EnrolmentInfo {
	return EnrolmentInfo{
		ID: id, Method: e.Method, Label: e.Label, Created: e.Created, Used: e.Used,
		Credential: e.Credential(), PRFSalt: e.PRFSalt(), KDF: e.KDF(), DeviceKey: deviceKey,
	}
}

// Enrolments returns the enrolments of a user in the order of their ids, also
// those that cannot be read. It needs no session: the ceremony shows them to
// whoever wants to unlock. While the user's vault is open, an enrolment that
// is not on the sealed roster is reported as damaged.
func (v *Vault) Enrolments(ctx context.Context, user string) ([]EnrolmentInfo, error) {
	if _, _, err := v.readUser(ctx, user); err != nil {
		return nil, err
	}
	found, err := v.scanEnrolments(ctx, user)
	if err != nil {
		return nil, err
	}
	var roster *record.Roster
	if ring := v.openRing(user); ring != nil {
		r, _, err := v.readRoster(ctx, ring)
		_, unreadable := errors.AsType[*RecordError](err) // which Status reports
		if err != nil && !unreadable {
			return nil, err
		}
		if err == nil {
			roster = &r
		}
	}
	infos := make([]EnrolmentInfo, len(found))
	for i, f := range found {
		switch {
		case f.damaged != "":
			infos[i] = EnrolmentInfo{ID: f.id, Damaged: f.damaged}
		default:
			infos[i] = enrolmentInfo(f.id, f.enrolment, f.Handle)
			if roster != nil && !f.isIn(*roster) {
				infos[i].Damaged = "it is not one that was added here"
			}
		}
	}
	return infos, nil
}

// storedEnrolment is an enrolment as it was found.
type storedEnrolment struct {
	id        string
	enrolment *unlock.Enrolment // nil if damaged
	damaged   string
	Record
}

func (s storedEnrolment) isIn(roster record.Roster) bool {
	return s.enrolment != nil && slices.ContainsFunc(roster.Enrolments, func(e record.Enrolled) bool {
		return e.ID == s.id && bytes.Equal(e.Point, s.enrolment.PointHash())
	})
}

func (v *Vault) scanEnrolments(ctx context.Context, user string) ([]storedEnrolment, error) {
	entries, err := v.scanAll(ctx, enrolmentsOf(user))
	if err != nil {
		return nil, during("reading the enrolments", err)
	}
	found := make([]storedEnrolment, len(entries))
	for i, e := range entries {
		found[i] = storedEnrolment{id: e.Ref.Key, Record: e.Record}
		found[i].enrolment, err = unlock.Parse(unlock.Slot{User: user, ID: e.Ref.Key}, e.Value)
		switch {
		case err != nil:
			found[i].damaged = err.Error()
		case found[i].enrolment.Method == unlock.PasskeyGate && e.Handle == nil:
			found[i].enrolment, found[i].damaged = nil, "its device key is missing"
		}
	}
	return found, nil
}

// compare returns nil if the enrolments are exactly those of the roster, else a
// *RosterError.
func compare(roster record.Roster, found []storedEnrolment) error {
	var e RosterError
	for _, f := range found {
		i := slices.IndexFunc(roster.Enrolments, func(r record.Enrolled) bool { return r.ID == f.id })
		switch {
		case i < 0:
			e.Added = append(e.Added, f.id)
		case f.enrolment != nil && !f.isIn(roster):
			e.Changed = append(e.Changed, f.id)
		}
	}
	for _, r := range roster.Enrolments {
		if !slices.ContainsFunc(found, func(f storedEnrolment) bool { return f.id == r.ID }) {
			e.Missing = append(e.Missing, r.ID)
		}
	}
	if len(e.Added)+len(e.Changed)+len(e.Missing) == 0 {
		return nil
	}
	return &e
}
