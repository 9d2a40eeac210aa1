// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

// method is a method of the vault that changes what is stored.
type method struct {
	name   string
	begin  func(context.Context, *scene) error // before commits count; nil: unlocks
	call   func(context.Context, *scene) error
	proven func(context.Context, *scene, *vault.Proven) error // in place of call, after a proof
}

// methods is every mutating method of the vault.
func methods() []method {
	return []method{
		{name: "create-user", begin: nothing, call: func(ctx context.Context, s *scene) error {
			_, err := s.vault.CreateUser(ctx, asker("vault.setup"), "Bob", []vault.NamedEnroller{
				{Label: "of Bob", Enroller: withPassphrase(newPassphrase)},
			})
			return err
		}},
		{name: "unlock", begin: nothing, call: func(ctx context.Context, s *scene) error {
			return s.unlock(ctx, "Ada", oldPassphrase)
		}},
		{name: "unlock-wrong", begin: nothing, call: func(ctx context.Context, s *scene) error {
			_, err := s.prove(ctx, newPassphrase)
			return err
		}},
		{name: "record-failure", begin: nothing, call: func(ctx context.Context, s *scene) error {
			ada, err := s.user(ctx, "Ada")
			if err != nil {
				return err
			}
			return s.vault.RecordFailure(ctx, asker("vault.unlock"), ada.ID, "wrong_credential")
		}},
		{name: "lock", call: func(ctx context.Context, s *scene) error { return s.vault.Lock(ctx, asker("vault.lock")) }},
		{name: "grant", call: func(ctx context.Context, s *scene) error {
			return s.vault.Grant(ctx, vault.Asker{Origin: otherOrigin, Method: "vault.unlock"})
		}},
		{name: "set-policy", call: func(ctx context.Context, s *scene) error {
			return s.vault.SetPolicy(ctx, asker("vault.manage"), appOrigin, "vapid.delete", vault.ConsentConfirm)
		}},
		{name: "refuse", begin: nothing, call: func(ctx context.Context, s *scene) error {
			s.vault.Refused(ctx, asker("vapid.sign"), "locked")
			return nil
		}},
		{name: "vapid-generate", call: func(ctx context.Context, s *scene) error {
			_, err := s.vault.VAPIDGenerate(ctx, asker("vapid.generate"))
			return err
		}},
		{name: "vapid-sign", call: func(ctx context.Context, s *scene) error {
			key, err := s.key(ctx)
			if err != nil {
				return err
			}
			_, err = s.vault.VAPIDSign(ctx, asker("vapid.sign"), signRequest(key))
			return err
		}},
		{name: "vapid-delete", call: func(ctx context.Context, s *scene) error {
			key, err := s.key(ctx)
			if err != nil {
				return err
			}
			return s.vault.VAPIDDelete(ctx, asker("vapid.delete"), key)
		}},
		{name: "audit-prune", call: func(ctx context.Context, s *scene) error {
			_, err := s.vault.AuditPrune(ctx, asker("audit.prune"), 2)
			return err
		}},
		{name: "add-enrolment", proven: func(ctx context.Context, _ *scene, p *vault.Proven) error {
			_, err := p.AddEnrolment(ctx, "a second one", withPassphrase(newPassphrase))
			return err
		}},
		{name: "remove-enrolment", proven: onRecovery((*vault.Proven).RemoveEnrolment)},
		{name: "rename-enrolment", proven: onRecovery(func(p *vault.Proven, ctx context.Context, id string) error {
			return p.RenameEnrolment(ctx, id, "in the safe")
		})},
		{name: "change-passphrase", proven: func(ctx context.Context, s *scene, p *vault.Proven) error {
			return p.ChangePassphrase(ctx, p.Enrolment(), withPassphrase(newPassphrase))
		}},
		{name: "rotate", proven: func(ctx context.Context, _ *scene, p *vault.Proven) error { return p.Rotate(ctx) }},
		{name: "reset", proven: func(ctx context.Context, _ *scene, p *vault.Proven) error { return p.Reset(ctx) }},
		{name: "reset-unproven", begin: nothing, call: func(ctx context.Context, s *scene) error {
			ada, err := s.user(ctx, "Ada")
			if err != nil {
				return err
			}
			return s.vault.ResetUnproven(ctx, asker("vault.manage"), ada.ID, "Ada")
		}},
	}
}

func nothing(context.Context, *scene) error { return nil }

// onRecovery returns a change of Ada's recovery enrolment.
func onRecovery(change func(*vault.Proven, context.Context, string) error) func(context.Context, *scene, *vault.Proven) error {
	return func(ctx context.Context, s *scene, p *vault.Proven) error {
		id, err := s.enrolment(ctx, p.User(), unlock.Recovery)
		if err != nil {
			return err
		}
		return change(p, ctx, id)
	}
}

// key returns the id of a VAPID key of the app.
func (s *scene) key(ctx context.Context) (string, error) {
	found, err := s.vault.VAPIDList(ctx, asker("vapid.list"))
	if err == nil && len(found) == 0 {
		err = errors.New("there is no VAPID key")
	}
	if err != nil {
		return "", err
	}
	return found[0].KID, nil
}

func signRequest(kid string) vault.VAPIDRequest {
	return vault.VAPIDRequest{KID: kid, Audience: "https://push.example", Subject: "mailto:ops@app.example"}
}

// runMethod is the command "run".
func runMethod(ctx context.Context, c command) error {
	for _, m := range methods() {
		if m.name == c.method {
			return m.run(ctx, c)
		}
	}
	return errors.New("method: expected one of those that the command methods lists")
}

func (m method) run(ctx context.Context, c command) error {
	s, err := openScene(ctx, c.database, nil)
	if err != nil {
		return err
	}
	begin := m.begin
	if begin == nil {
		begin = func(ctx context.Context, s *scene) error { return s.unlock(ctx, "Ada", oldPassphrase) }
	}
	if err := begin(ctx, s); err != nil {
		return err
	}
	if m.proven != nil {
		proof, err := s.prove(ctx, bytes.Clone(oldPassphrase))
		if err != nil {
			return err
		}
		m.call = func(ctx context.Context, s *scene) error { return m.proven(ctx, s, proof) }
	}
	outcome := "ok"
	if c.when == "instead" {
		m.call = nothing
	} else if err := s.store.arm(c.stop, c.when); err != nil {
		return err
	}
	if err := m.call(ctx, s); err != nil {
		outcome = err.Error()
	}
	post(flag("done"), wire.Member{Name: "commits", Value: wire.Int(s.store.commits)},
		wire.Member{Name: "outcome", Value: wire.String(outcome)})
	return nil
}

// postMethods is the command "methods".
func postMethods() error {
	var names []string
	for _, m := range methods() {
		names = append(names, m.name)
	}
	post(flag("done"), wire.Member{Name: "methods", Value: wire.String(strings.Join(names, " "))})
	return nil
}
