// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// add makes another way in: first the proof, then what is new.
func (m *manager) add(ctx context.Context, in Input) error {
	r := &reader{screen: ScreenManage, in: in}
	method := r.oneOf("method", "passphrase", "passkey", "recovery")
	if r.err != nil {
		return r.err
	}
	enrolments, err := m.vault.Enrolments(ctx, m.session.User)
	if err != nil {
		return err
	}
	if !slices.Contains(m.addable(enrolments), method) {
		return &ProtocolError{ScreenManage, "the method was not offered"}
	}
	proof, err := m.prove(ctx, PurposeAdd, "")
	if err != nil {
		return err
	}
	label, enroller, err := m.newWay(ctx, method, enrolments)
	if err != nil {
		return err
	}
	return m.done(DoneAdded, m.use(ctx, proof, PurposeAdd, "", func(p *vault.Proven, ctx context.Context) error {
		_, err := p.AddEnrolment(ctx, label, enroller)
		return err
	}))
}

// use makes a change with a proof, or with another if it is over by now: the
// person took a while to write words down.
func (m *manager) use(
	ctx context.Context, proof *vault.Proven, purpose, without string, change func(*vault.Proven, context.Context) error,
) error {
	m.dialog.Busy(BusySaving)
	err := change(proof, ctx)
	if errors.Is(err, vault.ErrProofExpired) {
		return m.proven(ctx, purpose, without, change)
	}
	return err
}

// addable returns the methods of which there can be another way in: several
// passkeys, but one passphrase and one recovery key.
func (m *manager) addable(enrolments []vault.EnrolmentInfo) []string {
	has := func(method unlock.Method) bool {
		return slices.ContainsFunc(enrolments, func(e vault.EnrolmentInfo) bool {
			return e.Method == method && e.Damaged == ""
		})
	}
	var methods []string
	if !has(unlock.Passphrase) {
		methods = append(methods, "passphrase")
	}
	if m.dialog.Passkeys() {
		methods = append(methods, "passkey")
	}
	if !has(unlock.Recovery) {
		methods = append(methods, "recovery")
	}
	return methods
}

// newWay asks for a new way in and returns it with a label.
func (m *manager) newWay(ctx context.Context, method string, others []vault.EnrolmentInfo) (string, unlock.Enroller, error) {
	switch method {
	case "passphrase":
		enroller, err := m.newPassphrase(ctx, m.session.Label, PurposeAdd)
		return labelPassphrase, enroller, err
	case "recovery":
		enroller, err := m.newRecovery(ctx, false)
		return labelRecovery, enroller, err
	}
	enroller, err := m.newPasskey(ctx, m.session.Label, others)
	return nextLabel(labelPasskey, others), enroller, err
}

// nextLabel returns "Passkey", or "Passkey 2" if that is taken, and so on.
func nextLabel(label string, others []vault.EnrolmentInfo) string {
	next := label
	for n := 2; slices.ContainsFunc(others, func(e vault.EnrolmentInfo) bool { return e.Label == next }); n++ {
		next = label + " " + strconv.Itoa(n)
	}
	return next
}

// remove removes a way in, which another one has to prove.
func (m *manager) remove(ctx context.Context, id string) error {
	if _, err := m.enrolment(ctx, id); err != nil {
		return err
	}
	return m.done(DoneRemoved, m.proven(ctx, PurposeRemove, id, func(p *vault.Proven, ctx context.Context) error {
		return p.RemoveEnrolment(ctx, id)
	}))
}

func (m *manager) rename(ctx context.Context, id, label string) error {
	label, usable := cleanName(label)
	if !usable {
		m.why = notice{problem: ProblemBadName}
		return nil
	}
	if _, err := m.enrolment(ctx, id); err != nil {
		return err
	}
	return m.done(DoneRenamed, m.proven(ctx, PurposeRename, "", func(p *vault.Proven, ctx context.Context) error {
		return p.RenameEnrolment(ctx, id, label)
	}))
}

// change replaces the passphrase or the recovery key.
func (m *manager) change(ctx context.Context, id string) error {
	old, err := m.enrolment(ctx, id)
	switch {
	case err != nil:
		return err
	case old.Method == unlock.Passphrase:
		return m.changePassphrase(ctx, id)
	case old.Method == unlock.Recovery:
		return m.changeRecovery(ctx, old)
	}
	return &ProtocolError{ScreenManage, "a passkey cannot be changed"}
}

func (m *manager) changePassphrase(ctx context.Context, id string) error {
	proof, err := m.prove(ctx, PurposeChange, "")
	if err != nil {
		return err
	}
	enroller, err := m.newPassphrase(ctx, m.session.Label, PurposeChange)
	if err != nil {
		return err
	}
	return m.done(DoneChanged, m.use(ctx, proof, PurposeChange, "", func(p *vault.Proven, ctx context.Context) error {
		return p.ChangePassphrase(ctx, id, enroller)
	}))
}

// changeRecovery adds another recovery key and then removes the old one. If it
// ends in between, there are two, of which the newer is asked for; the screen
// shows both.
func (m *manager) changeRecovery(ctx context.Context, old vault.EnrolmentInfo) error {
	proof, err := m.prove(ctx, PurposeChange, old.ID)
	if err != nil {
		return err
	}
	enroller, err := m.newRecovery(ctx, false)
	if err != nil {
		return err
	}
	err = m.use(ctx, proof, PurposeChange, old.ID, func(p *vault.Proven, ctx context.Context) error {
		if _, err := p.AddEnrolment(ctx, old.Label, enroller); err != nil {
			return err
		}
		return p.RemoveEnrolment(ctx, old.ID)
	})
	return m.done(DoneChanged, err)
}

// reset deletes the user, once the name was typed and proved.
func (m *manager) reset(ctx context.Context) error {
	var why notice
	for {
		typed, err := m.askReset(ctx, m.session.Label, true, why)
		if err != nil {
			return err
		}
		if typed == m.session.Label {
			break
		}
		why = notice{problem: ProblemWrongConfirmation}
	}
	if err := m.proven(ctx, PurposeReset, "", (*vault.Proven).Reset); err != nil {
		return err
	}
	m.tell(ctx, DoneReset)
	return errDone
}

// policy makes, changes or removes a rule.
func (m *manager) policy(ctx context.Context, in Input) error {
	name, class := in.Fields["method"], vault.Consent(in.Fields["class"])
	i := slices.IndexFunc(m.about.Methods, func(method Method) bool { return method.Name == name })
	if i < 0 {
		return &ProtocolError{ScreenManage, "the field method names none of those shown"}
	}
	message := DonePolicy
	switch own := m.about.Methods[i].Class; {
	case class == "" || class == own:
		class, message = vault.ConsentNone, DonePolicyOff
	case !stricter(class, own):
		m.why = notice{problem: ProblemBadPolicy}
		return nil
	}
	m.dialog.Busy(BusySaving)
	return m.done(message, m.vault.SetPolicy(ctx, m.asker, in.Fields["origin"], name, class))
}

// stricter reports whether a rule can make a class of another.
func stricter(class, own vault.Consent) bool {
	switch class {
	case vault.ConsentConfirm:
		return own != vault.ConsentConfirm
	case vault.ConsentUnlocked:
		return own == vault.ConsentNone
	}
	return false
}
