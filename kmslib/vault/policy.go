// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// Policy makes a method stricter for an origin than the method table does.
type Policy struct {
	Origin string
	Method string
	Class  Consent
}

// setPolicies remembers the digests of a roster.
func (s *session) setPolicies(roster record.Roster) {
	s.policies = make(map[string]string, len(roster.Policies))
	for _, p := range roster.Policies {
		s.policies[p.Origin] = string(p.Digest)
	}
}

// Policies returns the policies of the open user, sorted by origin and method.
// ErrPolicy: what is stored is not what the vault remembers.
func (v *Vault) Policies(ctx context.Context) ([]Policy, error) {
	s := v.open()
	if s == nil {
		return nil, v.whyLocked(ctx)
	}
	roster, _, err := v.readRoster(ctx, s.ring)
	if err != nil {
		return nil, err
	}
	entries, err := v.scanAll(ctx, policyOf(s.user))
	if err != nil {
		return nil, during("reading the policies", err)
	}
	if len(entries) != len(roster.Policies) {
		return nil, ErrPolicy
	}
	var policies []Policy
	for i, e := range entries {
		ruled := roster.Policies[i]
		if ruled.Origin != e.Ref.Key || !bytes.Equal(ruled.Digest, record.Digest(e.Value)) {
			return nil, ErrPolicy
		}
		p, err := record.ParsePolicy(e.Ref.Key, e.Value)
		if err != nil {
			return nil, damaged(e.Ref.Collection, err)
		}
		for _, m := range p.Methods {
			policies = append(policies, Policy{p.Origin, m.Name, Consent(m.Class)})
		}
	}
	return policies, nil
}

// SetPolicy sets the class of a method for an origin in the open user's
// policy; ConsentNone removes it. If the stored policy of that origin is not the
// one the vault remembers, it is replaced by this one method.
func (v *Vault) SetPolicy(ctx context.Context, a Asker, origin, method string, class Consent) error {
	if err := checkPolicy(origin, method, class); err != nil {
		return err
	}
	s := v.open()
	if s == nil {
		return v.whyLocked(ctx)
	}
	var roster record.Roster
	err := v.within(ctx, s, func(t *transaction) error {
		current, version, err := v.readRoster(ctx, t.ring)
		if err != nil {
			return err
		}
		if err := t.setPolicy(ctx, &current, origin, method, class); err != nil {
			return err
		}
		change, err := v.sealRoster(ctx, t.ring, current, version)
		if err != nil {
			return err
		}
		t.put(change)
		t.log(a, auditlog.Entry{Method: "policy.set", Key: method, Detail: string(class)})
		roster = current
		return nil
	})
	if err == nil {
		v.mutex.Lock()
		s.setPolicies(roster)
		v.mutex.Unlock()
	}
	return err
}

func checkPolicy(origin, method string, class Consent) error {
	if err := checkOrigin(origin); err != nil {
		return err
	}
	if !record.IsMethod(method) {
		return &InputError{"method", "expected the name of a method"}
	}
	if !slices.Contains([]Consent{ConsentNone, ConsentUnlocked, ConsentConfirm}, class) {
		return &InputError{"class", "expected none, unlocked or confirm"}
	}
	return nil
}

// setPolicy adds the change of a policy record, and notes it in the roster.
func (t *transaction) setPolicy(
	ctx context.Context, roster *record.Roster, origin, method string, class Consent,
) error {
	ref := policyRef(t.state.user.ID, origin)
	stored, err := t.v.get(ctx, ref)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(roster.Policies, func(r record.Ruled) bool { return r.Origin == origin })
	p := record.Policy{Origin: origin}
	if i >= 0 && stored.Version != 0 && bytes.Equal(roster.Policies[i].Digest, record.Digest(stored.Value)) {
		if p, err = record.ParsePolicy(origin, stored.Value); err != nil {
			return damaged(ref.Collection, err)
		}
	}
	p.Methods = slices.DeleteFunc(p.Methods, func(m record.MethodClass) bool { return m.Name == method })
	if class != ConsentNone {
		p.Methods = append(p.Methods, record.MethodClass{Name: method, Class: string(class)})
		slices.SortFunc(p.Methods, func(a, b record.MethodClass) int { return cmp.Compare(a.Name, b.Name) })
	}
	roster.Policies = slices.DeleteFunc(roster.Policies, func(r record.Ruled) bool { return r.Origin == origin })
	if len(p.Methods) == 0 {
		if stored.Version != 0 {
			t.put(Change{Ref: ref, IfVersion: stored.Version, Delete: true})
		}
		return nil
	}
	if len(p.Methods) > record.MaxMethods || len(roster.Policies) >= record.MaxPolicies {
		return &InputError{"origin", "there are too many policies; remove one first"}
	}
	value := p.Marshal()
	t.put(Change{Ref: ref, IfVersion: stored.Version, Value: value})
	roster.Policies = append(roster.Policies, record.Ruled{Origin: origin, Digest: record.Digest(value)})
	slices.SortFunc(roster.Policies, func(a, b record.Ruled) int { return cmp.Compare(a.Origin, b.Origin) })
	return nil
}
