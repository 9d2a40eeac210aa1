// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// Consent says what a method needs before it runs. Each includes the one
// before.
type Consent string

// The classes of consent.
const (
	ConsentNone     Consent = "none"     // public data
	ConsentUnlocked Consent = "unlocked" // an open session that is granted to the origin
	ConsentConfirm  Consent = "confirm"  // and the person's word, each time
)

// rank returns how strict c is. What is not a class is the strictest.
func (c Consent) rank() int {
	switch c {
	case ConsentNone:
		return 0
	case ConsentUnlocked:
		return 1
	}
	return 2
}

// Authorize says whether the asking origin may call a method of the class now,
// and if so whether the person has to confirm it first. The open user's policy
// can only make the class stricter; without a session that of every user
// counts, as it is found. It counts as use of the session. Errors: ErrNotSetUp,
// ErrLocked, ErrNotGranted, ErrPolicy.
func (v *Vault) Authorize(ctx context.Context, a Asker, class Consent) (needConfirm bool, err error) {
	if err := checkOrigin(a.Origin); err != nil {
		return false, err
	}
	s := v.open()
	found := ConsentNone
	if s != nil {
		found, err = v.policyOf(ctx, s, a)
	} else {
		found, err = v.lockedPolicy(ctx, a)
	}
	if err != nil {
		return false, err
	}
	if found.rank() > class.rank() {
		class = found
	}
	if class == ConsentNone {
		return false, nil
	}
	if s, err = v.require(ctx, a); err != nil {
		return false, err
	}
	v.touch(s)
	return class != ConsentUnlocked, nil
}

// lockedPolicy returns the strictest class that any user set.
func (v *Vault) lockedPolicy(ctx context.Context, a Asker) (Consent, error) {
	users, err := v.Users(ctx)
	if err != nil {
		return ConsentConfirm, err
	}
	strictest := ConsentNone
	for _, u := range users {
		if u.Damaged != "" || u.Reset {
			continue
		}
		stored, err := v.get(ctx, policyRef(u.ID, a.Origin))
		if err != nil {
			return ConsentConfirm, err
		}
		if class := classIn(a, stored); class.rank() > strictest.rank() {
			strictest = class
		}
	}
	return strictest, nil
}

// classIn returns the class in a stored policy, ConsentNone if it has none, and
// the strictest if it cannot be read.
func classIn(a Asker, stored Record) Consent {
	if stored.Version == 0 {
		return ConsentNone
	}
	p, err := record.ParsePolicy(a.Origin, stored.Value)
	if err != nil {
		return ConsentConfirm
	}
	for _, m := range p.Methods {
		if m.Name == a.Method {
			return Consent(m.Class)
		}
	}
	return ConsentNone
}

// policyOf returns the class that the user of s set, or ErrPolicy if what is
// stored is not what the roster says.
func (v *Vault) policyOf(ctx context.Context, s *session, a Asker) (Consent, error) {
	for try := range 2 {
		stored, err := v.get(ctx, policyRef(s.user, a.Origin))
		if err != nil {
			return ConsentConfirm, err
		}
		digest := ""
		if stored.Version != 0 {
			digest = string(record.Digest(stored.Value))
		}
		v.mutex.Lock()
		same := s.policies[a.Origin] == digest
		v.mutex.Unlock()
		if same {
			return classIn(a, stored), nil
		}
		if try > 0 {
			break
		}
		// Another tab may have changed both.
		roster, _, err := v.readRoster(ctx, s.ring)
		if err != nil {
			return ConsentConfirm, err
		}
		v.mutex.Lock()
		s.setPolicies(roster)
		v.mutex.Unlock()
	}
	return ConsentConfirm, ErrPolicy
}
