// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/hex"
	"errors"
	"strings"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/senderkey"
)

// MaxSenderKeys is the most keys of senders there are in all groups: it bounds what
// peers can make us store by inventing groups.
const MaxSenderKeys = 50_000

// checkSender returns an error if no group message can come from an address.
func (t *tx) checkSender(from Address) error {
	if err := from.check("address"); err != nil {
		return err
	}
	id, err := t.identity()
	if err == nil && from == id.Address {
		err = errOwnAddress
	}
	return err
}

// roomForSender returns ErrLimit if there can be no more keys.
func (t *tx) roomForSender() error {
	names, err := t.names(KindSenderKey)
	if err == nil && len(names) >= MaxSenderKeys {
		err = ErrLimit
	}
	return err
}

// groupError returns the error of this package for one of a sender key.
func groupError(err error) error {
	switch {
	case errors.Is(err, senderkey.ErrDuplicate):
		return ErrDuplicate
	case errors.Is(err, senderkey.ErrTooFar):
		return ErrTooFar
	case errors.Is(err, senderkey.ErrNoKey):
		return ErrNoGroup
	case errors.Is(err, senderkey.ErrAuthentication), isBadKey(err):
		return ErrAuthentication
	}
	return err
}

// senderKey is the record of the keys of one sender of a group, maybe ours.
type senderKey struct {
	created int64
	record  senderkey.Record
}

// maxSenderKey is the greatest length of the keys of a sender, in bytes: all that
// may be skipped in all states, and less than a store keeps.
const maxSenderKey = 1<<20 - 1<<13

func (k senderKey) marshal() []byte {
	record := k.record.Marshal()
	defer clear(record)
	w := proto.NewWriter(len(record)+32, format)
	w.Uint(1, uint64(k.created))
	w.Bytes(2, record)
	return w.Finish()
}

func parseSenderKey(b []byte) (k senderKey, err error) {
	err = parseRecord(b, func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			k.created = readTime(r, f)
		case 2:
			record, err := senderkey.Parse(r.Bytes(f, 1, maxSenderKey))
			if err != nil {
				r.Refuse(f.Number, "not the keys of a sender")
			}
			k.record = record
		default:
			r.Unknown(f)
		}
	}, 1, 2)
	return k, err
}

func ownName(group [16]byte) string { return hex.EncodeToString(group[:]) + "/own" }

func senderName(group [16]byte, from Address) string {
	return hex.EncodeToString(group[:]) + "/" + from.String()
}

// parseSenderName reads the name of a sender's keys; the zero Address means ours.
func parseSenderName(name string) (group [16]byte, sender Address, ok bool) {
	digits, rest, _ := strings.Cut(name, "/")
	if len(digits) != hex.EncodedLen(len(group)) {
		return group, sender, false
	}
	if _, err := hex.Decode(group[:], []byte(digits)); err != nil {
		return group, sender, false
	}
	if rest == "own" {
		return group, sender, true
	}
	sender, err := ParseAddress(rest)
	return group, sender, err == nil
}

// ownKey returns our key of a group, or ErrNoGroup.
func (t *tx) ownKey(group [16]byte) (senderKey, error) {
	if _, err := t.identity(); err != nil {
		return senderKey{}, err
	}
	key, err := load(t, KindSenderKey, ownName(group), parseSenderKey)
	if isMissing(err) {
		err = ErrNoGroup
	}
	return key, err
}

// newOwnKey makes our key of a group.
func (t *tx) newOwnKey(group [16]byte) (senderKey, error) {
	record, err := senderkey.New(group, t.env.Random)
	if err != nil {
		return senderKey{}, err
	}
	key := senderKey{t.env.Now, record}
	t.put(KindSenderKey, ownName(group), key.marshal())
	return key, nil
}
