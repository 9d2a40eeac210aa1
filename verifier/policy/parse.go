// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strconv"

	"ats.run/kms-enclave/kmslib/wire"
)

// Error says which member of a policy was refused, and what to write instead.
type Error struct {
	Field  string // path such as "publishers[0].identity"; "" for the whole
	Reason string
}

// Error describes the refusal.
func (e *Error) Error() string {
	if e.Field == "" {
		return "policy: " + e.Reason
	}
	return "policy: " + e.Field + ": " + e.Reason
}

// Parse reads a policy and refuses one that cannot be held or that allows what
// nobody means to allow. Every error is an *Error.
func Parse(data []byte) (*Policy, error) {
	v, err := wire.Parse(data)
	if err != nil {
		return nil, &Error{Reason: err.Error()}
	}
	p, err := decode(v)
	if err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

// decode reads the shape of a policy, without what check checks.
func decode(v wire.Value) (*Policy, error) {
	p := &Policy{}
	rest, update := takeOut(v, "update")
	r := wire.NewObjectReader(rest)
	if r.String("format") != Format {
		r.Refuse("format", "expected "+Format)
	}
	p.Name, p.TrustRoot = r.String("name"), r.String("trustRoot")
	source := r.Object("source")
	p.Source = Source{source.String("repository"), source.Strings("refs"), source.String("target"), source.String("buildType")}
	publishers := r.Array("publishers")
	p.Require = r.Strings("require")
	log := r.Object("log")
	p.Log = LogRule{number(log, "threshold"), log.Strings("origins")}
	witnesses := r.Object("witnesses")
	p.Witnesses = WitnessRule{number(witnesses, "threshold"), witnesses.Strings("keys")}
	p.Timestamps = number(r, "timestamps")
	rebuilders := r.Object("rebuilders")
	p.Rebuilders.Threshold = number(rebuilders, "threshold")
	members := rebuilders.Array("members")
	p.MaxAge = duration(r, "maxAge")
	protocols := r.Array("protocols")
	p.Minimum = r.String("minimum")
	revoked := r.Array("revoked")
	if err := r.Done(); err != nil {
		return nil, &Error{Reason: err.Error()}
	}
	return p, firstOf(
		func() (err error) { p.Publishers, err = each(publishers, "publishers", decodePublisher); return },
		func() (err error) {
			p.Rebuilders.Members, err = each(members, "rebuilders.members", decodeRebuilder)
			return
		},
		func() (err error) { p.Revoked, err = each(revoked, "revoked", decodeRevocation); return },
		func() (err error) { p.Protocols, err = decodeProtocols(protocols); return },
		func() (err error) { p.Update, err = decodeUpdate(update); return },
	)
}

// takeOut returns v without a member that may be missing, and that member.
func takeOut(v wire.Value, name string) (rest wire.Value, taken *wire.Value) {
	member, ok := v.Get(name)
	if !ok {
		return v, nil
	}
	members, _ := v.Members()
	return wire.Object(slices.DeleteFunc(members, func(m wire.Member) bool { return m.Name == name })...), &member
}

func firstOf(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// each reads the elements of an array of objects.
func each[T any](values []wire.Value, field string, decode func(*wire.ObjectReader) T) ([]T, error) {
	var list []T
	for i, v := range values {
		r := wire.NewObjectReader(v)
		item := decode(r)
		if err := r.Done(); err != nil {
			return nil, &Error{at(field, i), err.Error()}
		}
		list = append(list, item)
	}
	return list, nil
}

func at(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }

func decodePublisher(r *wire.ObjectReader) Publisher {
	return Publisher{r.String("name"), decodeIdentity(r.Object("identity")), r.String("builder")}
}

func decodeRebuilder(r *wire.ObjectReader) Rebuilder {
	return Rebuilder{r.String("name"), decodeIdentity(r.Object("identity")), r.String("verifier")}
}

func decodeIdentity(r *wire.ObjectReader) Identity {
	var i Identity
	i.Issuer, _ = r.OptionalString("issuer")
	i.Subject, _ = r.OptionalString("subject")
	i.SubjectPattern, _ = r.OptionalString("subjectPattern")
	i.Key, _ = r.OptionalString("key")
	return i
}

func decodeRevocation(r *wire.ObjectReader) Revocation {
	return Revocation{r.String("digest"), r.String("reason")}
}

func decodeProtocols(values []wire.Value) ([]int, error) {
	var list []int
	for i, v := range values {
		n, ok := v.AsInt()
		if !ok || n < 1 || n > maxProtocol {
			return nil, &Error{at("protocols", i), "expected an integer from 1 to 1000000"}
		}
		list = append(list, int(n))
	}
	return list, nil
}

func decodeUpdate(v *wire.Value) (*UpdateRule, error) {
	if v == nil {
		return nil, nil
	}
	r := wire.NewObjectReader(*v)
	rule := &UpdateRule{Keys: r.Strings("keys"), Delay: duration(r, "delay")}
	if err := r.Done(); err != nil {
		return nil, &Error{"update", err.Error()}
	}
	return rule, nil
}

// number reads a count.
func number(r *wire.ObjectReader, name string) int {
	n := r.Int(name)
	if n < 0 || n > maxList {
		r.Refuse(name, "expected an integer from 0 to "+strconv.Itoa(maxList))
		return 0
	}
	return int(n)
}
