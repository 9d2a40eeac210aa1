// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// User is a person who has, or had, a vault on this device.
type User struct {
	ID      string // 22 characters of base64url
	Label   string // the name the person chose
	Created int64  // Unix seconds
	Opened  int64  // last unlocked, Unix seconds
	Reset   bool   // the vault is gone, its log is not
	Damaged string // why the record cannot be read, in fixed words; "" if it can
}

// Users returns the users of this device in the order of their ids, also those
// whose records cannot be read and those who were reset.
func (v *Vault) Users(ctx context.Context) ([]User, error) {
	entries, err := v.scanAll(ctx, usersCollection)
	if err != nil {
		return nil, during("reading the users", err)
	}
	users := make([]User, len(entries))
	for i, e := range entries {
		u, err := record.ParseUser(e.Ref.Key, e.Value)
		if err != nil {
			users[i] = User{ID: e.Ref.Key, Damaged: err.Error()}
			continue
		}
		users[i] = publicUser(u)
	}
	return users, nil
}

func publicUser(u record.User) User {
	return User{ID: u.ID, Label: u.Label, Created: u.Created, Opened: u.Opened, Reset: u.Reset}
}

// likelyUser returns the id of the user of whom a request without a session is:
// the only one, or the one who opened a vault last. "" if there is none.
func (v *Vault) likelyUser(ctx context.Context) (string, error) {
	users, err := v.Users(ctx)
	if err != nil {
		return "", err
	}
	id, opened := "", int64(-1)
	for _, u := range users {
		if u.Damaged == "" && !u.Reset && u.Opened > opened {
			id, opened = u.ID, u.Opened
		}
	}
	return id, nil
}
