// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sessiontest

import (
	"context"
	"errors"
	"fmt"

	"ats.run/kms-enclave/kmslib/signal/session"
)

// accountLives has an account in the store write with one in a MemStore.
func accountLives(ctx context.Context, store Store) error {
	w := NewWorld(1)
	alice, err := w.NewDevice(ctx, session.Address{Name: "alice", Device: 1}, session.Policy{}, 3, store)
	if err != nil {
		return err
	}
	bob, err := w.NewDevice(ctx, session.Address{Name: "bob", Device: 2}, session.Policy{}, 3, new(MemStore))
	if err != nil {
		return err
	}
	for round := range 3 { // each time a session of its own
		if err := bob.Start(ctx, alice); err != nil {
			return err
		}
		for range 2 {
			if _, err := bob.Exchange(ctx, alice, "to alice"); err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
			if _, err := alice.Exchange(ctx, bob, "to bob"); err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
		}
	}
	info, err := alice.Info(ctx, bob.Address)
	if err != nil {
		return err
	}
	if !info.Active || !info.Acknowledged || info.Archived != 2 {
		return fmt.Errorf("three sessions are seen as %+v", info)
	}
	return alice.Do(ctx, func(a *session.Account) error {
		count, err := a.CountPreKeys(ctx)
		if err == nil && (count.OneTime != 0 || count.Kyber != 0) {
			err = fmt.Errorf("after three sessions %d and %d of three one-time prekeys are left", count.OneTime, count.Kyber)
		}
		return err
	})
}

func deletedAccount(ctx context.Context, store Store) error {
	if err := accountLives(ctx, store); err != nil {
		return err
	}
	d := &Device{Store: store, World: NewWorld(2)}
	err := d.Do(ctx, func(a *session.Account) error {
		_, err := a.CreateGroup(ctx, [16]byte{1})
		return errors.Join(err, a.DeleteIdentity(ctx))
	})
	for _, kind := range session.Kinds() {
		err = errors.Join(err, expectNames(ctx, store, kind))
	}
	return err
}
