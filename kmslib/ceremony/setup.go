// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

// maxName is the longest name of a user or a way in, in Unicode code points.
const maxName = 64

// The names that ways in get; the person can change them.
const (
	labelPassphrase = "Passphrase"
	labelPasskey    = "Passkey"
	labelRecovery   = "Recovery words"
)

// SetUp makes a user with the person, who chooses a name and a way in and may
// write down a recovery key. The vault is then open for the asking origin.
// Until the last step nothing is stored. Besides the errors of a Stage and a
// Dialog it returns those of vault.CreateUser.
func (c *Ceremonies) SetUp(ctx context.Context, asker vault.Asker) error {
	// A person is not asked to open a window when nothing can be stored.
	if _, err := (&talk{vault: c.config.Vault}).users(ctx); err != nil {
		return err
	}
	t, err := c.begin(ctx, asker, "")
	if err != nil {
		return err
	}
	defer t.end()
	return t.setUp(ctx)
}

// draft is what a person wants to set up.
type draft struct {
	name, method string
}

func (t *talk) setUp(ctx context.Context) error {
	var d draft
	for {
		if err := t.welcome(ctx, &d); err != nil {
			return err
		}
		t.subject.User = d.name
		enrol, err := t.firstEnrolments(ctx, d)
		if errors.Is(err, errBack) {
			t.subject.User = ""
			continue
		}
		if err != nil {
			return err
		}
		if err := t.create(ctx, d.name, enrol); err != nil {
			return err
		}
		t.tell(ctx, DoneCreated)
		return nil
	}
}

// welcome asks for the name and the way in.
func (t *talk) welcome(ctx context.Context, d *draft) error {
	var why notice
	for {
		users, err := t.users(ctx)
		if err != nil {
			return err
		}
		data := []wire.Member{number("users", int64(len(users))), flag("passkeys", t.dialog.Passkeys())}
		if d.name != "" {
			data = append(data, text("name", d.name))
		}
		in, err := t.ask(ctx, ScreenWelcome, why, data)
		if err != nil {
			return err
		}
		r := &reader{screen: ScreenWelcome, in: in}
		d.method = r.oneOf("method", "passphrase", "passkey")
		if r.err != nil {
			return r.err
		}
		name, usable := cleanName(in.Fields["name"])
		if usable {
			d.name = name
		}
		switch {
		case !usable:
			why = notice{problem: ProblemBadName}
		case slices.ContainsFunc(users, func(u vault.User) bool { return u.Label == name }):
			why = notice{problem: ProblemNameTaken}
		case d.method == "passkey" && !t.dialog.Passkeys():
			why = notice{problem: ProblemPasskeysMissing}
		default:
			return nil
		}
	}
}

// firstEnrolments asks for the way in that was chosen, and then for a recovery
// key.
func (t *talk) firstEnrolments(ctx context.Context, d draft) ([]vault.NamedEnroller, error) {
	for {
		first, err := t.firstWay(ctx, d)
		if err != nil {
			return nil, err
		}
		recovery, err := t.newRecovery(ctx, true)
		if errors.Is(err, errBack) {
			continue
		}
		if err != nil || recovery == nil {
			return []vault.NamedEnroller{first}, err
		}
		return []vault.NamedEnroller{first, {Label: labelRecovery, Enroller: recovery}}, nil
	}
}

func (t *talk) firstWay(ctx context.Context, d draft) (vault.NamedEnroller, error) {
	if d.method == "passkey" {
		enroller, err := t.newPasskey(ctx, d.name, nil)
		return vault.NamedEnroller{Label: labelPasskey, Enroller: enroller}, err
	}
	enroller, err := t.newPassphrase(ctx, d.name, "")
	return vault.NamedEnroller{Label: labelPassphrase, Enroller: enroller}, err
}

// create stores the user, again if that failed and the person wants so.
func (t *talk) create(ctx context.Context, name string, enrol []vault.NamedEnroller) error {
	for {
		t.dialog.Busy(BusySaving)
		_, err := t.vault.CreateUser(ctx, t.asker, name, enrol)
		if err == nil {
			return nil
		}
		if err := t.fail(ctx, err); err != nil {
			return err
		}
	}
}

// newPassphrase asks for a new passphrase.
func (t *talk) newPassphrase(ctx context.Context, user, purpose string) (unlock.Enroller, error) {
	data := []wire.Member{number("min", unlock.MinPassphrase), text("name", user)}
	if purpose != "" {
		data = append(data, text("purpose", purpose))
	}
	var why notice
	for {
		in, err := t.ask(ctx, ScreenNewPassphrase, why, data)
		if err != nil {
			return nil, err
		}
		if in.Action == "back" {
			return nil, errBack
		}
		if err := unlock.CheckPassphrase(in.Secrets[0]); err != nil {
			in.wipe()
			var known bool
			if why, known = problemOf(err); !known {
				return nil, err
			}
			continue
		}
		t.dialog.Busy(BusySaving)
		kdf, err := t.ceremonies.kdf(ctx)
		if err != nil {
			return nil, err
		}
		return unlock.WithPassphrase(in.Secrets[0], kdf), nil
	}
}

// users returns the users who have a vault.
func (t *talk) users(ctx context.Context) ([]vault.User, error) {
	users, err := t.vault.Users(ctx)
	return slices.DeleteFunc(users, func(u vault.User) bool { return u.Reset }), err
}

// cleanName returns a name without white space around it, or false if it is
// empty, too long, or does not show as what it is.
func cleanName(name string) (string, bool) {
	name = strings.TrimSpace(name)
	length := utf8.RuneCountInString(name)
	return name, length > 0 && length <= maxName && utf8.ValidString(name) && !strings.ContainsFunc(name, isHidden)
}

// isHidden reports whether a character is a control, or changes the order in
// which others are shown, or takes no room. The two joiners, which scripts and
// emoji need, are none.
func isHidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f,
		r == 0x200b, r == 0x200e, r == 0x200f,
		r >= 0x2028 && r <= 0x202e,
		r >= 0x2060 && r <= 0x206f,
		r == 0xfeff, r >= 0xfff9 && r <= 0xfffb:
		return true
	}
	return false
}
