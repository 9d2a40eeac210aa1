// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"

	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

// Confirm shows the person one request and returns nil if it was approved,
// ErrDenied if not. The errors of a Stage and a Dialog are returned as they
// are. What is approved is what the caller made details of: nothing of it can
// be replaced while the screen is shown.
func (c *Ceremonies) Confirm(ctx context.Context, asker vault.Asker, details []Detail) error {
	session, _ := c.config.Vault.Session()
	t, err := c.begin(ctx, asker, session.Label)
	if err != nil {
		return err
	}
	defer t.end()
	data := []wire.Member{list("details", details, func(d Detail) wire.Value {
		return wire.Object(text("name", d.Name), text("value", d.Value))
	})}
	return t.approve(ctx, ScreenConfirm, data)
}

// approve shows a screen that has only yes and no.
func (t *talk) approve(ctx context.Context, screen string, data []wire.Member) error {
	in, err := t.ask(ctx, screen, notice{}, data)
	switch {
	case err != nil:
		return err
	case in.Action != "approve":
		return ErrDenied
	}
	return nil
}
