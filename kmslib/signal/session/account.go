// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"ats.run/kms-enclave/kmslib/secret"
)

// Account is one unit of work on one account: its methods read through what
// they changed before, and none of it is stored until the caller stores Changes.
// Each method does all it says or, if it returns an error, nothing. An Account is
// not for concurrent use. Nothing prints what is in it.
type Account struct{ box secret.Box[unit] }

// unit is what an Account hides.
type unit struct {
	reader  Reader
	env     Env
	pending layer
}

// Open begins a unit of work. Nothing is read yet.
func Open(r Reader, env Env) *Account {
	env.Now = max(env.Now, 0)
	return &Account{secret.NewBox(&unit{r, env, layer{}})}
}

// Changes returns what there is to store, all of it or nothing: sorted, at most
// one for each key. To delete what is not there is not an error. The values are
// the caller's, who clears them after sealing; the Account must not be used any
// more then.
func (a *Account) Changes() []Change {
	pending := a.box.Expose().pending
	changes := make([]Change, 0, len(pending))
	for key, value := range pending {
		changes = append(changes, Change{key, value})
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Key.Kind, b.Key.Kind), cmp.Compare(a.Key.Name, b.Key.Name))
	})
	return changes
}

// layer is changes by key; nil deletes.
type layer map[Key][]byte

// set puts a value, nil to delete, and clears the one it replaces.
func (l layer) set(k Key, value []byte) {
	clear(l[k])
	l[k] = value
}

// tx is one operation: changes over those that are pending. It is dropped, or
// all of it becomes pending.
type tx struct {
	ctx     context.Context
	reader  Reader
	env     Env
	pending layer
	own     layer
}

// do runs an operation and keeps its changes if it returns no error.
func (a *Account) do(ctx context.Context, operation func(*tx) error) error {
	u := a.box.Expose()
	t := &tx{ctx, u.reader, u.env, u.pending, layer{}}
	if err := operation(t); err != nil {
		for _, value := range t.own {
			clear(value)
		}
		return err
	}
	for key, value := range t.own {
		t.pending.set(key, value)
	}
	return nil
}

// get returns a value, the caller's own copy, or ErrNotFound.
func (t *tx) get(kind Kind, name string) ([]byte, error) {
	k := Key{kind, name}
	for _, l := range []layer{t.own, t.pending} {
		if value, ok := l[k]; ok && value == nil {
			return nil, ErrNotFound
		} else if ok {
			return slices.Clone(value), nil
		}
	}
	return t.reader.Get(t.ctx, k)
}

// put sets a value, which is t's from now on.
func (t *tx) put(kind Kind, name string, value []byte) { t.own.set(Key{kind, name}, value) }

// delete deletes a value.
func (t *tx) delete(kind Kind, name string) { t.own.set(Key{kind, name}, nil) }

// names returns the names of a kind, sorted.
func (t *tx) names(kind Kind) ([]string, error) {
	stored, err := t.reader.Names(t.ctx, kind)
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool, len(stored))
	for _, name := range stored {
		set[name] = true
	}
	for _, l := range []layer{t.pending, t.own} {
		for key, value := range l {
			if key.Kind == kind && value != nil {
				set[key.Name] = true
			} else if key.Kind == kind {
				delete(set, key.Name)
			}
		}
	}
	return slices.Sorted(maps.Keys(set)), nil
}

// load reads a value with parse, and clears the copy. It returns ErrNotFound, or
// a *StateError if parse refuses.
func load[T any](t *tx, kind Kind, name string, parse func([]byte) (T, error)) (T, error) {
	var none T
	value, err := t.get(kind, name)
	if err != nil {
		return none, err
	}
	defer clear(value)
	v, err := parse(value)
	if err != nil {
		return none, &StateError{Kind: kind, Reason: err.Error()}
	}
	return v, nil
}

// isMissing says that there is no such value.
func isMissing(err error) bool { return errors.Is(err, ErrNotFound) }

// elapsed says whether more than span seconds have passed since a time.
func (t *tx) elapsed(since, span int64) bool { return t.env.Now-since > span }
