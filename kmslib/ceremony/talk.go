// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

// errBack is returned inside of this package when the person went back.
var errBack = errors.New("the person went back")

// talk is one open dialogue of one flow.
type talk struct {
	ceremonies *Ceremonies
	vault      *vault.Vault
	dialog     Dialog
	subject    Subject
	asker      vault.Asker
	secrets    [][]byte // all that were given, to be wiped at the end at the latest
}

// end closes the dialogue, wipes what was given, and lets others begin.
func (t *talk) end() {
	for _, secret := range t.secrets {
		clear(secret)
	}
	t.dialog.Close()
	t.ceremonies.open.Store(false)
}

// notice is why a screen is shown again. The zero notice is none.
type notice struct {
	problem    string
	word       int64 // with ProblemRecoveryWord
	retryAfter int64 // milliseconds
}

func (n notice) members() []wire.Member {
	var members []wire.Member
	if n.problem != "" {
		members = append(members, text("problem", n.problem))
	}
	if n.word > 0 {
		members = append(members, number("word", n.word))
	}
	if n.retryAfter > 0 {
		members = append(members, number("retryAfter", n.retryAfter))
	}
	return members
}

// ask shows a screen and returns what the person did with it, which has the
// shape that the screen takes. Actions of the screen that are not offered now
// are refused too.
func (t *talk) ask(ctx context.Context, name string, why notice, data []wire.Member, notOffered ...string) (Input, error) {
	members := append(why.members(), data...)
	members = append(members, wire.Member{Name: "subject", Value: wire.Object(
		text("operation", t.subject.Operation), text("origin", t.subject.Origin), text("user", t.subject.User),
	)})
	in, err := t.dialog.Show(ctx, Screen{Name: name, Data: wire.Object(members...)})
	t.secrets = append(t.secrets, in.Secrets...)
	if err != nil {
		in.wipe()
		return Input{}, err
	}
	if err := checkInput(name, in, notOffered); err != nil {
		in.wipe()
		return Input{}, err
	}
	return in, nil
}

// tell shows the last screen of a flow. The person has nothing more to decide,
// so it does not matter how the screen ends.
func (t *talk) tell(ctx context.Context, message string) {
	_, _ = t.ask(ctx, ScreenDone, notice{}, []wire.Member{text("message", message)})
}

// fail shows what went wrong. It returns nil if the person wants to try again,
// else cause.
func (t *talk) fail(ctx context.Context, cause error) error {
	why, known := problemOf(cause)
	if !known {
		return cause
	}
	in, err := t.ask(ctx, ScreenError, why, []wire.Member{flag("retry", true)})
	if err == nil && in.Action == "retry" {
		return nil
	}
	return cause
}

func text(name, value string) wire.Member {
	return wire.Member{Name: name, Value: wire.String(value)}
}

func number(name string, value int64) wire.Member {
	return wire.Member{Name: name, Value: wire.Int(value)}
}

func flag(name string, value bool) wire.Member {
	return wire.Member{Name: name, Value: wire.Bool(value)}
}

func bytesMember(name string, value []byte) wire.Member {
	return text(name, encode(value))
}

func list[T any](name string, items []T, each func(T) wire.Value) wire.Member {
	values := make([]wire.Value, len(items))
	for i, item := range items {
		values[i] = each(item)
	}
	return wire.Member{Name: name, Value: wire.Array(values...)}
}
