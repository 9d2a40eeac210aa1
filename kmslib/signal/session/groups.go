// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"ats.run/kms-enclave/kmslib/signal/message"
)

// GroupInfo describes the keys of one group.
type GroupInfo struct {
	Group   [16]byte
	Own     bool      // there is a key to send with
	Created int64     // of that key, Unix seconds
	Senders []Address // whose messages can be decrypted
}

// CreateGroup makes our key to send to a group with and returns the message that
// gives it to the members, each of whom must get it encrypted. If there is a key
// already, the message gives its present state: later messages only.
//
// Its error is ErrNoIdentity.
func (a *Account) CreateGroup(ctx context.Context, group [16]byte) (distribution []byte, err error) {
	err = a.do(ctx, func(t *tx) error {
		own, err := t.ownKey(group)
		if errors.Is(err, ErrNoGroup) {
			own, err = t.newOwnKey(group)
		}
		if err != nil {
			return err
		}
		distribution, err = own.record.Distribution()
		return err
	})
	return distribution, err
}

// RotateGroup replaces our key of a group, as is due when somebody has left, and
// returns the message that gives the new one to the members who stay.
//
// Its errors are ErrNoIdentity and ErrNoGroup.
func (a *Account) RotateGroup(ctx context.Context, group [16]byte) (distribution []byte, err error) {
	err = a.do(ctx, func(t *tx) error {
		if _, err := t.ownKey(group); err != nil {
			return err
		}
		own, err := t.newOwnKey(group)
		if err != nil {
			return err
		}
		distribution, err = own.record.Distribution()
		return err
	})
	return distribution, err
}

// LeaveGroup erases all keys of a group. It returns ErrNoGroup if there are none.
func (a *Account) LeaveGroup(ctx context.Context, group [16]byte) error {
	return a.do(ctx, func(t *tx) error {
		names, err := t.names(KindSenderKey)
		if err != nil {
			return err
		}
		found := false
		for _, name := range names {
			if strings.HasPrefix(name, hex.EncodeToString(group[:])+"/") {
				t.delete(KindSenderKey, name)
				found = true
			}
		}
		if !found {
			return ErrNoGroup
		}
		return nil
	})
}

// Groups returns the groups there are keys of, sorted, with their senders.
func (a *Account) Groups(ctx context.Context) (all []GroupInfo, err error) {
	err = a.do(ctx, func(t *tx) error {
		names, err := t.names(KindSenderKey)
		if err != nil {
			return err
		}
		for _, name := range names {
			group, sender, ok := parseSenderName(name)
			if !ok {
				return &StateError{KindSenderKey, "its name is not a group and a sender"}
			}
			if len(all) == 0 || all[len(all)-1].Group != group {
				all = append(all, GroupInfo{Group: group})
			}
			info := &all[len(all)-1]
			if sender != (Address{}) {
				info.Senders = append(info.Senders, sender)
				continue
			}
			own, err := t.ownKey(group)
			if err != nil {
				return err
			}
			info.Own, info.Created = true, own.created
		}
		return nil
	})
	return all, err
}

// ProcessDistribution keeps the key of a sender of a group, out of a message that
// came from that device: the caller has decrypted it.
//
// Errors: *InputError, ErrNoIdentity, ErrSyntax, ErrUnsupported, ErrLimit.
func (a *Account) ProcessDistribution(ctx context.Context, from Address, body []byte) (group [16]byte, err error) {
	err = a.do(ctx, func(t *tx) error {
		if err := t.checkSender(from); err != nil {
			return err
		}
		m, err := message.ParseSenderKeyDistribution(body)
		if err != nil {
			return syntaxError(err)
		}
		name := senderName(m.Distribution, from)
		key, err := load(t, KindSenderKey, name, parseSenderKey)
		if isMissing(err) {
			key = senderKey{created: t.env.Now}
			err = t.roomForSender()
		}
		if err != nil {
			return err
		}
		if key.record, err = key.record.Process(m); err != nil {
			return groupError(err)
		}
		t.put(KindSenderKey, name, key.marshal())
		group = m.Distribution
		return nil
	})
	return group, err
}

// EncryptGroup returns a plaintext as a message to all members of a group. As with
// Encrypt, it must not be sent before Changes are stored.
//
// Errors: *InputError, ErrNoIdentity, ErrNoGroup.
func (a *Account) EncryptGroup(ctx context.Context, group [16]byte, plaintext []byte) (body []byte, err error) {
	err = a.do(ctx, func(t *tx) error {
		if len(plaintext) > MaxPlaintext {
			return &InputError{"plaintext", "longer than a message may be"}
		}
		own, err := t.ownKey(group)
		if err != nil {
			return err
		}
		next, encrypted, err := own.record.Encrypt(plaintext, t.env.Random)
		if err != nil {
			return groupError(err)
		}
		t.put(KindSenderKey, ownName(group), senderKey{own.created, next}.marshal())
		body = encrypted
		return nil
	})
	return body, err
}

// DecryptGroup opens a message that a device sent to a group.
//
// Errors: *InputError, ErrNoIdentity, ErrNoGroup if the key of the message is not
// here, ErrSyntax, ErrUnsupported, ErrDuplicate, ErrTooFar, ErrAuthentication.
func (a *Account) DecryptGroup(ctx context.Context, from Address, body []byte) (group [16]byte, plaintext []byte, err error) {
	err = a.do(ctx, func(t *tx) error {
		if err := t.checkSender(from); err != nil {
			return err
		}
		m, err := message.ParseSenderKey(body)
		if err != nil {
			return syntaxError(err)
		}
		name := senderName(m.Distribution, from)
		key, err := load(t, KindSenderKey, name, parseSenderKey)
		if isMissing(err) {
			err = ErrNoGroup
		}
		if err != nil {
			return err
		}
		next, opened, err := key.record.Decrypt(m)
		if err != nil {
			return groupError(err)
		}
		t.put(KindSenderKey, name, senderKey{key.created, next}.marshal())
		group, plaintext = m.Distribution, opened
		return nil
	})
	return group, plaintext, err
}
