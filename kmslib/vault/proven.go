// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// ProofLifetime is how long a Proven can be used, in seconds.
const ProofLifetime = 300

// Proven is the authority to change a user's enrolments, which Prove gives.
// Its methods return ErrProofExpired after ProofLifetime, and also when the
// enrolment that proved is gone or the vault key was rotated meanwhile.
type Proven struct {
	v         *Vault
	asker     Asker
	user      string
	enrolment string
	ends      int64 // Unix seconds

	mutex  sync.Mutex // guards what Rotate replaces
	ring   *keyring
	secret Handle // the vault key, to be wrapped for enrolments
}

// User returns the id of the user who proved.
func (p *Proven) User() string { return p.user }

// Enrolment returns the id of the enrolment that proved.
func (p *Proven) Enrolment() string { return p.enrolment }

// proof is a Proven during one change.
type proof struct {
	*transaction
	secret        Handle
	roster        record.Roster
	rosterVersion uint64
	found         []storedEnrolment
}

// change makes a change with the authority of p.
func (p *Proven) change(ctx context.Context, build func(*proof) error) error {
	p.mutex.Lock()
	ring, secret := p.ring, p.secret
	p.mutex.Unlock()
	return p.v.change(ctx, p.user, ring, func(t *transaction) error {
		if t.now >= p.ends || t.now < p.ends-ProofLifetime-maxSkew || t.state.user.Generation != ring.generation {
			return ErrProofExpired
		}
		in := &proof{transaction: t, secret: secret}
		var err error
		if in.roster, in.rosterVersion, err = p.v.readRoster(ctx, ring); err != nil {
			return err
		}
		if in.found, err = p.v.scanEnrolments(ctx, p.user); err != nil {
			return err
		}
		own := in.find(p.enrolment)
		if own == nil || !own.isIn(in.roster) {
			return ErrProofExpired
		}
		return build(in)
	})
}

// find returns a stored enrolment, or nil.
func (p *proof) find(id string) *storedEnrolment {
	i := slices.IndexFunc(p.found, func(f storedEnrolment) bool { return f.id == id })
	if i < 0 {
		return nil
	}
	return &p.found[i]
}

// putRoster adds the change of the roster.
func (p *proof) putRoster(ctx context.Context) error {
	change, err := p.v.sealRoster(ctx, p.ring, p.roster, p.rosterVersion)
	if err == nil {
		p.put(change)
	}
	return err
}

// enlist puts an enrolment on the roster, or replaces it there.
func (p *proof) enlist(id string, e *unlock.Enrolment) {
	p.strike(id)
	p.roster.Enrolments = append(p.roster.Enrolments, record.Enrolled{ID: id, Point: e.PointHash()})
	slices.SortFunc(p.roster.Enrolments, func(a, b record.Enrolled) int { return cmp.Compare(a.ID, b.ID) })
}

// strike takes an enrolment off the roster.
func (p *proof) strike(id string) {
	p.roster.Enrolments = slices.DeleteFunc(p.roster.Enrolments, func(e record.Enrolled) bool { return e.ID == id })
}

// AddEnrolment makes another enrolment and returns it. What is enrolled is the
// vault key that the proof opened.
func (p *Proven) AddEnrolment(ctx context.Context, label string, enroller unlock.Enroller) (EnrolmentInfo, error) {
	if enroller == nil {
		return EnrolmentInfo{}, &InputError{"enroller", "expected one"}
	}
	p.mutex.Lock()
	ring, secret := p.ring, p.secret
	p.mutex.Unlock()
	made, err := p.v.enrol(ctx, p.user, "", label, secret, ring.generation, enroller)
	if err != nil {
		return EnrolmentInfo{}, err
	}
	err = p.change(ctx, func(in *proof) error {
		if in.ring != ring {
			return ErrProofExpired
		}
		if err := compare(in.roster, in.found); err != nil {
			return err
		}
		if len(in.found) >= record.MaxEnrolments {
			return &InputError{"enroller", "there are 32 enrolments already; remove one first"}
		}
		if in.hasCredential(made.enrolment.Credential()) {
			return &InputError{"enroller", "this passkey is enrolled already"}
		}
		in.enlist(made.id, made.enrolment)
		in.put(made.change(p.user, 0))
		in.log(p.asker, auditlog.Entry{Method: "enrolment.add", Key: made.id, Detail: string(made.enrolment.Method)})
		return in.putRoster(ctx)
	})
	if err != nil {
		return EnrolmentInfo{}, err
	}
	return enrolmentInfo(made.id, made.enrolment, made.deviceKey), nil
}

func (p *proof) hasCredential(c *unlock.Credential) bool {
	return c != nil && slices.ContainsFunc(p.found, func(f storedEnrolment) bool {
		return f.enrolment != nil && f.enrolment.Credential() != nil && bytes.Equal(f.enrolment.Credential().ID, c.ID)
	})
}

// RemoveEnrolment deletes an enrolment, also one that cannot be read or that
// nobody added here. ErrSameEnrolment: it is the one that proved;
// ErrLastEnrolment: no other could open the vault.
func (p *Proven) RemoveEnrolment(ctx context.Context, id string) error {
	return p.change(ctx, func(in *proof) error {
		target := in.find(id)
		listed := slices.ContainsFunc(in.roster.Enrolments, func(e record.Enrolled) bool { return e.ID == id })
		if target == nil && !listed {
			return ErrNotFound
		}
		if id == p.enrolment {
			if in.usable() < 2 {
				return ErrLastEnrolment
			}
			return ErrSameEnrolment
		}
		detail := ""
		if target != nil {
			in.put(Change{Ref: enrolmentRef(p.user, id), IfVersion: target.Version, Delete: true})
			if target.enrolment != nil {
				detail = string(target.enrolment.Method)
			}
		}
		in.strike(id)
		in.log(p.asker, auditlog.Entry{Method: "enrolment.remove", Key: keyName(id), Detail: detail})
		return in.putRoster(ctx)
	})
}

// usable returns how many enrolments could open the vault.
func (p *proof) usable() int {
	n := 0
	for _, f := range p.found {
		if f.isIn(p.roster) {
			n++
		}
	}
	return n
}

// keyName returns id for an entry: what somebody else put into storage may have
// any name.
func keyName(id string) string {
	if !record.IsID(id) {
		return ""
	}
	return id
}

// RenameEnrolment changes the label of an enrolment.
func (p *Proven) RenameEnrolment(ctx context.Context, id, label string) error {
	return p.change(ctx, func(in *proof) error {
		target, err := in.readable(p.user, id)
		if err != nil {
			return err
		}
		renamed, err := target.enrolment.WithLabel(label)
		if err != nil {
			return err
		}
		in.put(Change{
			Ref: enrolmentRef(p.user, id), IfVersion: target.Version,
			Value: renamed.Marshal(), Handle: target.Handle,
		})
		in.log(p.asker, auditlog.Entry{Method: "enrolment.rename", Key: id, Detail: string(target.enrolment.Method)})
		return nil
	})
}

// readable returns an enrolment that is on the roster and can be read.
func (p *proof) readable(user, id string) (*storedEnrolment, error) {
	target := p.find(id)
	switch {
	case target == nil:
		return nil, ErrNotFound
	case target.enrolment == nil:
		return nil, &RecordError{enrolmentsOf(user), target.damaged}
	case !target.isIn(p.roster):
		return nil, &RosterError{Changed: []string{id}}
	}
	return target, nil
}

// ChangePassphrase replaces a passphrase enrolment by a new one under the same
// id and label, which may be the one that proved.
func (p *Proven) ChangePassphrase(ctx context.Context, id string, enroller unlock.Enroller) error {
	if !record.IsID(id) {
		return ErrNotFound
	}
	p.mutex.Lock()
	ring, secret := p.ring, p.secret
	p.mutex.Unlock()
	made, err := p.v.enrol(ctx, p.user, id, "passphrase", secret, ring.generation, enroller)
	if err != nil {
		return err
	}
	if made.enrolment.Method != unlock.Passphrase {
		return &InputError{"enroller", "expected a passphrase"}
	}
	return p.change(ctx, func(in *proof) error {
		if in.ring != ring {
			return ErrProofExpired
		}
		target, err := in.readable(p.user, id)
		if err != nil {
			return err
		}
		if target.enrolment.Method != unlock.Passphrase {
			return &InputError{"id", "expected the enrolment of a passphrase"}
		}
		changed, err := made.enrolment.WithLabel(target.enrolment.Label)
		if err != nil {
			return err
		}
		in.enlist(id, changed)
		in.put(Change{Ref: enrolmentRef(p.user, id), IfVersion: target.Version, Value: changed.Marshal()})
		in.log(p.asker, auditlog.Entry{Method: "enrolment.change", Key: id, Detail: string(unlock.Passphrase)})
		return in.putRoster(ctx)
	})
}
