// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// ErrUnknownUser says that no user has the id that was asked for.
var ErrUnknownUser = errors.New("no user has this id")

// Config is what Ceremonies are made of. All are required.
type Config struct {
	Vault  *vault.Vault
	Stage  Stage
	Keys   keys.Ops     // verifies passkeys and stretches passphrases
	Random io.Reader    // cryptographically secure
	Millis func() int64 // a clock that only measures, in milliseconds
}

// Ceremonies holds conversations with the person about one vault, one at a
// time: while one is open, each of its methods that needs another returns
// ErrBusy at once, and the open one goes on as it was. Any number of goroutines
// may use it.
type Ceremonies struct {
	config     Config
	open       atomic.Bool
	iterations atomic.Int64 // of PBKDF2, 0 until measured
}

// New returns Ceremonies. It panics if a part of config is missing.
func New(config Config) *Ceremonies {
	if config.Vault == nil || config.Stage == nil || config.Keys == nil || config.Random == nil || config.Millis == nil {
		panic("ceremony: internal error: incomplete Config")
	}
	return &Ceremonies{config: config}
}

// Detail is one line of what a person is asked to approve.
type Detail struct{ Name, Value string }

// Method is a method for which a person can make a stricter rule.
type Method struct {
	Name  string
	Class vault.Consent // its own class
}

// About is what the screen "manage" shows and the vault does not know.
type About struct {
	Methods []Method
	Storage string // whether the browser may evict what is stored
}

// begin opens a dialogue about what asker wants, or returns ErrBusy.
func (c *Ceremonies) begin(ctx context.Context, asker vault.Asker, user string) (*talk, error) {
	if !c.open.CompareAndSwap(false, true) {
		return nil, ErrBusy
	}
	subject := Subject{Operation: asker.Method, Origin: asker.Origin, User: user}
	dialog, err := c.config.Stage.Open(ctx, subject)
	if err != nil {
		c.open.Store(false)
		return nil, err
	}
	return &talk{ceremonies: c, vault: c.config.Vault, dialog: dialog, subject: subject, asker: asker}, nil
}

func (c *Ceremonies) env() unlock.Env {
	return unlock.Env{Keys: c.config.Keys, Random: c.config.Random}
}

// kdf returns how a new passphrase is stretched, measured once.
func (c *Ceremonies) kdf(ctx context.Context) (unlock.KDF, error) {
	if iterations := c.iterations.Load(); iterations > 0 {
		return unlock.PBKDF2(int(iterations)), nil
	}
	iterations, err := unlock.Calibrate(ctx, c.env(), c.config.Millis, unlock.DefaultTarget)
	if err != nil {
		return unlock.KDF{}, err
	}
	c.iterations.Store(int64(iterations))
	return unlock.PBKDF2(iterations), nil
}
