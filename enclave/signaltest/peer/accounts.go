// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// accounts is the store of each account, by its name in the commands.
type accounts map[string]*sessiontest.MemStore

// handler runs one command on the store of its account.
type handler func(ctx context.Context, store *sessiontest.MemStore, params []byte) (any, error)

var methods = map[string]handler{
	"create":        step(create),
	"publish":       step(publish),
	"rotate":        step(rotate),
	"count":         step(count),
	"start":         step(start),
	"sessions":      step(sessions),
	"close":         step(closeSession),
	"archive":       step(archive),
	"encrypt":       step(encrypt),
	"decrypt":       step(decrypt),
	"retry":         step(retry),
	"group.create":  step(createGroup),
	"group.rotate":  step(rotateGroup),
	"group.process": step(processDistribution),
	"group.encrypt": step(encryptGroup),
	"group.decrypt": step(decryptGroup),
	"safetyNumber":  step(safetyNumber),
	"scanned":       step(scanned),
	"contact":       step(contact),
	"accept":        step(accept),
	"size":          size,
	"sign":          plain(sign),
	"verify":        plain(verify),
	"bench":         plain(bench),
}

func (a accounts) run(ctx context.Context, r request) (any, error) {
	do, ok := methods[r.Method]
	if !ok {
		return nil, fmt.Errorf("there is no method %q", r.Method)
	}
	store, ok := a[r.Account]
	if !ok {
		store = new(sessiontest.MemStore)
		a[r.Account] = store
	}
	return do(ctx, store, r.Params)
}

// step is a unit of work: what do changed is stored if it succeeds.
func step[P, R any](do func(context.Context, *session.Account, P) (R, error)) handler {
	return func(ctx context.Context, store *sessiontest.MemStore, raw []byte) (any, error) {
		var params P
		if err := decode(raw, &params); err != nil {
			return nil, err
		}
		account := session.Open(store, session.Env{Now: time.Now().Unix(), Random: rand.Reader})
		result, err := do(ctx, account, params)
		if err != nil {
			return nil, err
		}
		return result, store.Apply(ctx, account.Changes())
	}
}

// plain is a method that needs no account.
func plain[P, R any](do func(P) (R, error)) handler {
	return func(_ context.Context, _ *sessiontest.MemStore, raw []byte) (any, error) {
		var params P
		if err := decode(raw, &params); err != nil {
			return nil, err
		}
		return do(params)
	}
}

// size tells how much the account stores.
func size(ctx context.Context, store *sessiontest.MemStore, _ []byte) (any, error) {
	var total struct {
		Records int `json:"records"`
		Bytes   int `json:"bytes"`
	}
	for _, kind := range session.Kinds() {
		names, err := store.Names(ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			value, err := store.Get(ctx, session.Key{Kind: kind, Name: name})
			if err != nil {
				return nil, err
			}
			total.Records++
			total.Bytes += len(value)
		}
	}
	return total, nil
}

// decode reads params, in which every field must be known.
func decode(raw []byte, to any) error {
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(to)
}
