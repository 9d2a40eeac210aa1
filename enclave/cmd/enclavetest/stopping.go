// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

// stopping is a store that stops for good at one commit, so that the worker can
// be killed there.
type stopping struct {
	vault.Store
	armed   bool // whether commits count
	commits int64
	stop    int64  // number of the commit to stop at; 0: none
	when    string // "before", "during" or "after"
}

// arm begins to count commits.
func (s *stopping) arm(stop int64, when string) error {
	if stop > 0 && when != "before" && when != "during" && when != "after" {
		return errors.New("when: expected before, during or after")
	}
	s.armed, s.stop, s.when = true, stop, when
	return nil
}

// Commit implements vault.Store.
func (s *stopping) Commit(ctx context.Context, changes []vault.Change) error {
	if !s.armed {
		return s.Store.Commit(ctx, changes)
	}
	s.commits++
	if s.commits != s.stop {
		return s.Store.Commit(ctx, changes)
	}
	switch s.when {
	case "before":
		s.hang()
	case "during":
		go func() { _ = s.Store.Commit(ctx, changes) }() // asks the browser before s.hang posts
		go s.hang()
		select {}
	}
	err := s.Store.Commit(ctx, changes)
	if err == nil {
		s.hang()
	}
	return err
}

// hang tells that the commit has come, and never returns.
func (s *stopping) hang() {
	post(wire.Member{Name: "stopped", Value: wire.Int(s.commits)})
	select {}
}
