// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"ats.run/kms-enclave/enclave/internal/idbstore"
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/webcrypto"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vapid"
	"ats.run/kms-enclave/kmslib/vault"
)

// schema is the version of the database that this release makes.
const schema = 3

// migrationCases open databases as the releases before this one left them.
func migrationCases(ops *webcrypto.Keys) []testCase {
	return []testCase{
		inDatabase("a database of schema 1 opens, and its key signs", func(ctx context.Context, s *named) error {
			s.Close()
			old, err := makeSchema(ctx, s.name, 1, ops)
			if err != nil {
				return err
			}
			old.database.Call("close")
			return wantMigrated(ctx, s.name, ops, old)
		}),
		inDatabase("the release before gives way and is then kept out", func(ctx context.Context, s *named) error {
			s.Close()
			old, err := makeSchema(ctx, s.name, 1, ops) // left open, as in another tab
			if err != nil {
				return err
			}
			if err := wantMigrated(ctx, s.name, ops, old); err != nil {
				return err
			}
			_, err = openVersion(ctx, s.name, 1)
			return wantName(err, "VersionError")
		}),
		inDatabase("a database of schema 2 opens with all its records, and the release that knows no more is kept out", func(ctx context.Context, s *named) error {
			s.Close()
			old, err := makeSchema(ctx, s.name, 2, ops)
			if err != nil {
				return err
			}
			if err := wantMigrated(ctx, s.name, ops, old); err != nil {
				return err
			}
			_, err = openVersion(ctx, s.name, 2)
			return wantName(err, "VersionError")
		}),
		inDatabase("the first user takes over the keys of the release before", func(ctx context.Context, s *named) error {
			s.Close()
			old, err := makeSchema(ctx, s.name, 1, ops)
			if err != nil {
				return err
			}
			return wantAdopted(ctx, s.name, old)
		}),
		inDatabase("a tab that does not give way loses nothing", func(ctx context.Context, s *named) error {
			s.Close()
			old, err := makeSchema(ctx, s.name, 1, ops)
			if err != nil {
				return err
			}
			old.database.Set("onversionchange", nil)
			_, err = idbstore.Open(ctx, s.name)
			if failed, ok := errors.AsType[*vault.StorageError](err); !ok || failed.Kind != vault.StorageUnavailable {
				return errors.New("want *vault.StorageError of kind unavailable while the old tab is open")
			}
			old.database.Call("close")
			return wantMigrated(ctx, s.name, ops, old)
		}),
	}
}

// former is a database as an earlier release makes it, with one key.
type former struct {
	database jsbridge.Value
	ref      vault.Ref
	value    []byte
	point    []byte
}

// makeSchema does what the release with that schema did, 1 or 2: its object
// stores, its transaction and a record that was there from the beginning,
// "kms-enclave-vapid-key/1", whose handle is the private key.
func makeSchema(ctx context.Context, name string, version int, ops *webcrypto.Keys) (*former, error) {
	if err := idbstore.Delete(ctx, name); err != nil {
		return nil, err
	}
	database, err := upgrade(ctx, name, version, func(database jsbridge.Value) {
		database.Call("createObjectStore", "records")
		database.Call("createObjectStore", "probe", map[string]any{"autoIncrement": true})
	})
	if err != nil {
		return nil, err
	}
	database.Set("onversionchange", jsbridge.Callback(func(jsbridge.Value) { database.Call("close") }).Value)
	handle, point, err := ops.GenerateP256(ctx)
	if err != nil {
		return nil, err
	}
	key, err := vapid.NewPublicKey(point)
	if err != nil {
		return nil, err
	}
	old := &former{database: database, point: point}
	old.ref = vault.Ref{Collection: "vapid", Key: "https://app.example " + key.KeyID()}
	old.value = []byte(`{"created":1790000000,"format":"kms-enclave-vapid-key/1","kid":"` + key.KeyID() +
		`","origin":"https://app.example","publicKey":"` + key.String() + `"}`)
	record := map[string]any{"version": float64(1), "value": jsbridge.Bytes(old.value), "handle": handle}
	transaction, err := jsbridge.Call(database, "transaction", "records", "readwrite", map[string]any{"durability": "strict"})
	if err != nil {
		return nil, err
	}
	request, err := jsbridge.Call(transaction.Call("objectStore", "records"), "put", record, []any{old.ref.Collection, old.ref.Key})
	if err != nil {
		return nil, err
	}
	_, err = settle(ctx, request)
	return old, err
}

// wantMigrated opens the database as this release does and wants all of the old
// one in it.
func wantMigrated(ctx context.Context, name string, ops *webcrypto.Keys, old *former) error {
	store, err := idbstore.Open(ctx, name)
	if err != nil {
		return err
	}
	defer store.Close()
	record, err := store.Get(ctx, old.ref)
	switch {
	case err != nil:
		return err
	case record.Version != 1 || !bytes.Equal(record.Value, old.value) || record.Handle == nil:
		return errors.New("the old record came back altered")
	}
	if err := wantSigns(ctx, ops, record.Handle, old.point); err != nil {
		return err
	}
	if err := store.Commit(ctx, []vault.Change{{Ref: old.ref, IfVersion: 1, Value: record.Value, Handle: record.Handle}}); err != nil {
		return err
	}
	reopened, err := openVersion(ctx, name, 0)
	if err != nil {
		return err
	}
	defer reopened.Call("close")
	if reopened.Get("version").Int() != schema {
		return errors.New("the database does not have the schema of this release")
	}
	return nil
}

// wantAdopted sets up the first user and wants that the old key is theirs and
// signs, and is at its old place no more.
func wantAdopted(ctx context.Context, name string, old *former) error {
	s, err := openScene(ctx, name, nil)
	if err != nil {
		return err
	}
	_, err = s.vault.CreateUser(ctx, asker("vault.setup"), "Ada", []vault.NamedEnroller{
		{Label: "on paper", Enroller: unlock.WithRecovery(bytes.Clone(entropy))},
	})
	if err != nil {
		return err
	}
	found, err := s.vault.VAPIDList(ctx, asker("vapid.list"))
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0].Protection != vault.ProtectionBrowser || !strings.Contains(string(old.value), found[0].KID) {
		return errors.New("the key of the release before was not taken over")
	}
	if _, err := s.vault.VAPIDSign(ctx, asker("vapid.sign"), signRequest(found[0].KID)); err != nil {
		return err
	}
	if _, err := s.store.Get(ctx, old.ref); !errors.Is(err, vault.ErrNotFound) {
		return errors.New("the old record is still there")
	}
	return s.vault.Lock(ctx, asker("vault.lock"))
}
