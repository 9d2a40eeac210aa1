// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"sync"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/unlock"
)

// Config is what a Vault is made of. All but Notify are required.
type Config struct {
	Store   Store
	Clock   Clock
	Random  Random
	Keys    KeyOps
	Locks   Locker
	Release func() string // digest of the running release, "" until it is known
	Millis  func() int64  // a clock that only measures, in milliseconds
	Notify  func(Event)   // called without locks held; must not wait
}

// Vault holds the keys of the users of one Store. Any number of goroutines,
// and of Vaults over one Store, may work at once. A Vault remembers the open
// session and what can be read again from the Store.
//
// Errors may also be the context's, a *StorageError, or ErrConflict after
// several attempts.
type Vault struct {
	config Config

	mutex    sync.Mutex // guards what follows, for moments only
	session  *session
	cache    *userState
	refusals map[refusal]*tally
	streams  map[string]*stream // attachments of the open session, by id
}

// New returns a Vault. It panics if a part of config is missing.
func New(config Config) *Vault {
	c := &config
	if c.Store == nil || c.Clock == nil || c.Random == nil || c.Keys == nil ||
		c.Locks == nil || c.Release == nil || c.Millis == nil {
		panic("vault: internal error: incomplete Config")
	}
	return &Vault{config: config, refusals: make(map[refusal]*tally)}
}

func (v *Vault) env() unlock.Env { return unlock.Env{Keys: v.config.Keys, Random: v.config.Random} }

func (v *Vault) notify(e Event) {
	if v.config.Notify != nil {
		v.config.Notify(e)
	}
}

// announce tells of a new head of a log.
func (v *Vault) announce(head auditlog.Head) {
	if v.config.Notify == nil {
		return
	}
	if checkpoint, err := head.Checkpoint(); err == nil {
		v.notify(Event{Kind: EventCheckpoint, User: head.User, Size: head.Size(), Checkpoint: checkpoint})
	}
}

// checkOrigin returns an *InputError if text is not an origin.
func checkOrigin(text string) error {
	if _, err := origin.Parse(text); err != nil {
		return &InputError{"origin", err.Error()}
	}
	return nil
}
