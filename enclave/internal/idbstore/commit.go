// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package idbstore

import (
	"context"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
)

// Commit implements vault.Store.
func (s *Store) Commit(ctx context.Context, changes []vault.Change) error {
	if err := vault.CheckChanges(changes); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil || len(changes) == 0 {
		return err
	}
	records, err := encodeAll(changes)
	if err != nil {
		return err
	}
	transaction, err := jsbridge.Call(s.database, "transaction", recordStore, "readwrite",
		map[string]any{"durability": "strict"})
	if err != nil {
		return fault("commit", err)
	}
	c := &commit{
		transaction: transaction,
		store:       transaction.Call("objectStore", recordStore),
		changes:     changes,
		records:     records,
	}
	return c.run(ctx)
}

func encodeAll(changes []vault.Change) ([]map[string]any, error) {
	records := make([]map[string]any, len(changes))
	for i := range changes {
		if changes[i].Delete {
			continue
		}
		record, err := encode(&changes[i])
		if err != nil {
			return nil, err
		}
		records[i] = record
	}
	return records, nil
}

// commit is one transaction.
//
//	get each record ── all at their version ──▶ put and delete ──▶ complete
//	      └───────────── one is not ──────────▶ abort
//
// All of it happens in the events of the transaction, not in a goroutine, so
// that the transaction is active whenever a request is made.
type commit struct {
	transaction jsbridge.Value
	store       jsbridge.Value
	changes     []vault.Change
	records     []map[string]any // what to put; nil where to delete
	read        int              // how many records were read
	err         error            // why the transaction was aborted
}

func (c *commit) run(ctx context.Context) error {
	finished := make(chan error, 1)
	complete := jsbridge.Callback(func(jsbridge.Value) { report(finished, nil) })
	aborted := jsbridge.Callback(func(jsbridge.Value) { report(finished, c.reason()) })
	compare := jsbridge.Callback(c.compare)
	defer complete.Release()
	defer aborted.Release()
	defer compare.Release()
	c.transaction.Set("oncomplete", complete.Value)
	c.transaction.Set("onabort", aborted.Value)
	for i := range c.changes {
		request, err := jsbridge.Call(c.store, "get", keyOf(c.changes[i].Ref))
		if err != nil {
			c.abort(fault("commit", err))
			break
		}
		request.Set("onsuccess", compare.Value)
	}
	select {
	case err := <-finished:
		return err
	case <-ctx.Done():
		c.abort(ctx.Err())
		return <-finished // nil if it was too late to abort
	}
}

// compare is called with each record in the order of changes, and writes after
// the last.
func (c *commit) compare(event jsbridge.Value) {
	if c.err != nil {
		return
	}
	change := &c.changes[c.read]
	version, err := versionOf(change.Ref, event.Get("target").Get("result"))
	if err == nil && version != change.IfVersion {
		err = vault.ErrConflict
	}
	if err != nil {
		c.abort(err)
		return
	}
	if c.read++; c.read == len(c.changes) {
		c.write()
	}
}

func (c *commit) write() {
	for i := range c.changes {
		var err error
		if key := keyOf(c.changes[i].Ref); c.changes[i].Delete {
			_, err = jsbridge.Call(c.store, "delete", key)
		} else {
			_, err = jsbridge.Call(c.store, "put", c.records[i], key)
		}
		if err != nil {
			c.abort(fault("commit", err))
			return
		}
	}
}

// abort ends the transaction. If it has ended already, nothing happens.
func (c *commit) abort(why error) {
	if c.err == nil {
		c.err = why
	}
	_, _ = jsbridge.Call(c.transaction, "abort")
}

// reason says why the transaction was aborted, by us or by the browser.
func (c *commit) reason() error {
	if c.err != nil {
		return c.err
	}
	return fault("commit", jsbridge.ErrorOf(c.transaction.Get("error")))
}
