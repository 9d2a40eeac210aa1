// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// NamedEnroller is an enrolment to make, with the name the person gave it.
type NamedEnroller struct {
	Label    string
	Enroller unlock.Enroller
}

// newUser is a user who is being set up.
type newUser struct {
	record     record.User
	ring       *keyring
	logKey     record.LogKey
	enrolments []newEnrolment
	roster     record.Roster
}

// newEnrolment is an enrolment that is not stored yet.
type newEnrolment struct {
	id        string
	enrolment *unlock.Enrolment
	deviceKey Handle
}

// CreateUser sets up a vault for a new user with at least one enrolment, opens
// a session by the first of them and grants it to the asking origin. Nothing
// that exists is changed, except that the first user takes over the keys of
// the previous release. The vault key is made by the platform; nobody supplies
// it.
func (v *Vault) CreateUser(ctx context.Context, a Asker, name string, enrol []NamedEnroller) (User, error) {
	if err := checkSetup(a, name, enrol); err != nil {
		return User{}, err
	}
	n, err := v.prepareUser(ctx, name, enrol)
	if err != nil {
		return User{}, err
	}
	id, err := v.newID()
	if err != nil {
		return User{}, err
	}
	first := n.enrolments[0]
	s := v.newSession(id, n.record, n.ring, first.id, first.enrolment.Method, a)
	var head *auditlog.Head
	err = v.locked(ctx, func() (err error) {
		head, err = v.storeUser(ctx, a, n, s)
		return err
	})
	if err != nil {
		return User{}, err
	}
	s.setPolicies(n.roster)
	v.begin(ctx, s)
	v.announce(*head)
	return publicUser(n.record), nil
}

func checkSetup(a Asker, name string, enrol []NamedEnroller) error {
	if err := checkOrigin(a.Origin); err != nil {
		return err
	}
	if !record.IsLabel(name) {
		return &InputError{"label", "expected 1 to 64 characters without control characters or spaces at the ends"}
	}
	if len(enrol) == 0 || len(enrol) > record.MaxEnrolments {
		return &InputError{"enrol", "expected 1 to 32 enrolments"}
	}
	for _, e := range enrol {
		if e.Enroller == nil {
			return &InputError{"enrol", "expected an enroller"}
		}
	}
	return nil
}

// prepareUser makes all keys of a new user.
func (v *Vault) prepareUser(ctx context.Context, name string, enrol []NamedEnroller) (*newUser, error) {
	id, err := v.newID()
	if err != nil {
		return nil, err
	}
	now := v.config.Clock.Now()
	n := &newUser{record: record.User{ID: id, Label: name, Created: now, Opened: now, Generation: 1}}
	secret, err := v.config.Keys.GenerateSecret(ctx)
	if err != nil {
		return nil, during("making the vault key", err)
	}
	if n.ring, err = v.ringOf(ctx, id, 1, secret); err != nil {
		return nil, err
	}
	if n.logKey, err = v.newLogKey(ctx, n.ring, now); err != nil {
		return nil, err
	}
	n.record.Log = n.logKey.Point
	for _, e := range enrol {
		made, err := v.enrol(ctx, id, "", e.Label, secret, 1, e.Enroller)
		if err != nil {
			return nil, err
		}
		n.enrolments = append(n.enrolments, made)
		n.roster.Enrolments = append(n.roster.Enrolments, record.Enrolled{ID: made.id, Point: made.enrolment.PointHash()})
	}
	slices.SortFunc(n.roster.Enrolments, func(a, b record.Enrolled) int { return cmp.Compare(a.ID, b.ID) })
	return n, nil
}

// ringOf returns the keys of a vault key that this device just made.
func (v *Vault) ringOf(ctx context.Context, user string, generation int64, secret Handle) (*keyring, error) {
	nonce, err := v.random(keys.NonceSize)
	if err != nil {
		return nil, err
	}
	passing, err := v.config.Keys.GenerateAES(ctx)
	if err != nil {
		return nil, during("making the vault key", err)
	}
	wrapped, err := v.config.Keys.WrapSecret(ctx, secret, passing, nonce, nil)
	if err != nil {
		return nil, during("making the vault key", err)
	}
	base, err := v.config.Keys.UnwrapBase(ctx, passing, nonce, nil, wrapped)
	if err != nil {
		return nil, during("making the vault key", err)
	}
	return v.newKeyring(ctx, user, generation, base)
}

// enrol makes an enrolment, with a new id if id is "".
func (v *Vault) enrol(
	ctx context.Context, user, id, name string, secret Handle, generation int64, how unlock.Enroller,
) (newEnrolment, error) {
	if id == "" {
		var err error
		if id, err = v.newID(); err != nil {
			return newEnrolment{}, err
		}
	}
	slot := unlock.Slot{User: user, ID: id}
	now := v.config.Clock.Now()
	e, deviceKey, err := unlock.Enrol(ctx, v.env(), slot, name, now, secret, generation, how)
	return newEnrolment{id, e, deviceKey}, err
}

func (n newEnrolment) change(user string, ifVersion uint64) Change {
	return Change{
		Ref: enrolmentRef(user, n.id), IfVersion: ifVersion,
		Value: n.enrolment.Marshal(), Handle: n.deviceKey,
	}
}

// storeUser commits a new user, with the keys of the previous release if it is
// the first.
func (v *Vault) storeUser(ctx context.Context, a Asker, n *newUser, s *session) (*auditlog.Head, error) {
	var head *auditlog.Head
	err := ErrConflict
	for i := 0; i < maxTries && errors.Is(err, ErrConflict); i++ {
		state := &userState{user: n.record, head: auditlog.NewHead(n.record.ID), vapid: make(map[string]vapidKey)}
		head, err = v.attemptChange(ctx, state, n.ring, func(t *transaction) error {
			return v.buildUser(ctx, t, a, n, s)
		})
	}
	return head, err
}

func (v *Vault) buildUser(ctx context.Context, t *transaction, a Asker, n *newUser, s *session) error {
	id := n.record.ID
	t.session = s.id
	t.putUser()
	t.put(Change{Ref: logKeyRef(id), Value: n.logKey.Marshal()})
	roster, err := v.sealRoster(ctx, n.ring, n.roster, 0)
	if err != nil {
		return err
	}
	t.put(roster)
	for i, e := range n.enrolments {
		t.put(e.change(id, 0))
		method := "vault.setup"
		if i > 0 {
			method = "enrolment.add"
		}
		t.log(a, auditlog.Entry{Method: method, Key: e.id, Detail: string(e.enrolment.Method)})
	}
	handle, err := v.config.Keys.Unwrap(ctx, keys.UseSign, n.ring.logWrap, n.logKey.Nonce,
		n.logKey.Data(place(logKeyRef(id), 1)), n.logKey.Wrapped)
	if err != nil {
		return during("unwrapping the log key", err)
	}
	signer, err := n.ring.remember(v.config.Keys, handle, n.logKey.Point)
	if err != nil {
		return err
	}
	if err := t.renewDelegate(ctx, signer); err != nil {
		return err
	}
	return v.adoptOldKeys(ctx, t, a, n.ring)
}

// adoptOldKeys moves the VAPID keys of the previous release, which had no users,
// to the first user. What cannot be read is kept where it is.
func (v *Vault) adoptOldKeys(ctx context.Context, t *transaction, a Asker, ring *keyring) error {
	users, err := v.config.Store.List(ctx, usersCollection)
	if err != nil {
		return during("reading the users", err)
	}
	if len(users) > 0 {
		return nil
	}
	old, err := v.scanAll(ctx, oldVAPIDCollection)
	if err != nil {
		return during("reading the old keys", err)
	}
	for _, e := range old {
		r, err := record.ParseOldVAPID(e.Ref.Key, e.Value)
		if err != nil || e.Handle == nil || !v.signsFor(ctx, e.Handle, r.Key.Point()) {
			continue
		}
		adopted := record.VAPID{Origin: r.Origin, Key: r.Key, Created: r.Created, Protection: record.Browser}
		change, err := v.sealVAPID(ctx, ring, adopted, e.Handle, 0)
		if err != nil {
			return err
		}
		t.put(change)
		t.put(Change{Ref: e.Ref, IfVersion: e.Version, Delete: true})
		t.log(a, auditlog.Entry{Method: "vapid.adopt", Key: r.Key.KeyID()})
	}
	return nil
}

// signsFor says whether handle is the private key of point.
func (v *Vault) signsFor(ctx context.Context, handle Handle, point []byte) bool {
	message := append([]byte(label.FreshKey+"\n"), point...)
	spki, err := keys.SPKI(point)
	if err != nil {
		return false
	}
	signature, err := v.config.Keys.SignP256(ctx, handle, message)
	return err == nil && v.config.Keys.Verify(ctx, keys.ES256, spki, message, signature) == nil
}

// newSession returns a session that begins now.
func (v *Vault) newSession(
	id string, user record.User, ring *keyring, enrolment string, method unlock.Method, a Asker,
) *session {
	now := v.config.Clock.Now()
	return &session{
		id: id, user: user.ID, label: user.Label, method: method, enrolment: enrolment, epoch: user.Epoch,
		started: now, used: now, told: now, ends: now + limitOf(method),
		grants: map[string]bool{a.Origin: true}, ring: ring,
	}
}

// begin makes s the open session. One of another user is ended, since only one
// can be open.
func (v *Vault) begin(ctx context.Context, s *session) {
	before := v.setSession(s)
	if before != nil && before.user != s.user {
		// Its keys are forgotten here whether or not this can be logged.
		_ = v.endSession(ctx, before, Asker{}, "other-user", true)
	}
	v.notify(Event{Kind: EventState, User: s.user})
}
