// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
)

// SignalGroupRequest names a group.
type SignalGroupRequest struct {
	Group string
}

func (m *SignalGroupRequest) fields() []Field { return []Field{groupField(&m.Group)} }

// SignalDistribution is a distribution message.
type SignalDistribution struct {
	Message []byte
}

func (m *SignalDistribution) fields() []Field { return nil }
func (m *SignalDistribution) bodies() Bodies {
	return body(&m.Message, "The distribution message, with a key inside: encrypt it for each device with signal.encrypt.").sized(1, maxDistribution)
}

// SignalGroupList is all groups.
type SignalGroupList struct {
	Groups []SignalGroup
}

func (m *SignalGroupList) fields() []Field {
	return []Field{objects("groups", &m.Groups, "The groups, in the order of their ids.", within(0, maxListed))}
}

// SignalGroup is the keys of one group.
type SignalGroup struct {
	Group   string
	Own     bool
	Created int64
	Senders []Peer
}

func (m *SignalGroup) fields() []Field {
	return []Field{
		groupField(&m.Group),
		flag("own", &m.Own, "Whether there is a key to send with."),
		integer("created", &m.Created, "When that key was made, in seconds since 1970.", within(1, maxInteger), optional()),
		objects("senders", &m.Senders, "The devices whose messages to the group can be read.", within(0, maxListed)),
	}
}

// SignalGroupProcessRequest has a distribution message of a device.
type SignalGroupProcessRequest struct {
	Peer
	Message []byte
}

func (m *SignalGroupProcessRequest) bodies() Bodies {
	return body(&m.Message, "The distribution message.").sized(1, maxDistribution)
}

// SignalGroupEncryptRequest has a message for a group.
type SignalGroupEncryptRequest struct {
	Group     string
	Plaintext []byte
}

func (m *SignalGroupEncryptRequest) fields() []Field { return []Field{groupField(&m.Group)} }
func (m *SignalGroupEncryptRequest) bodies() Bodies {
	return body(&m.Plaintext, "The plaintext. Signal adds no padding: its length shows.").sized(0, session.MaxPlaintext)
}

// SignalGroupSealed is a message to send to a group.
type SignalGroupSealed struct {
	Body []byte
}

func (m *SignalGroupSealed) fields() []Field { return nil }
func (m *SignalGroupSealed) bodies() Bodies {
	return body(&m.Body, "The message, of type 7.").sized(1, message.MaxSize)
}

// SignalGroupDecryptRequest has a message that a device sent to a group.
type SignalGroupDecryptRequest struct {
	Peer
	Body []byte
}

func (m *SignalGroupDecryptRequest) bodies() Bodies {
	return body(&m.Body, "The message, of type 7, as it came.").sized(0, message.MaxSize)
}

// SignalGroupOpened is a message to a group that was decrypted.
type SignalGroupOpened struct {
	Group     string
	Plaintext []byte
}

func (m *SignalGroupOpened) fields() []Field { return []Field{groupField(&m.Group)} }
func (m *SignalGroupOpened) bodies() Bodies {
	return body(&m.Plaintext, "The plaintext.").sized(0, message.MaxSize)
}

// maxDistribution bounds a distribution message, in bytes: it has some 110, and
// newer clients may add to it.
const maxDistribution = 1 << 10

func groupField(p *string) Field {
	return text("group", p, "Id of the group's keys, which the app chooses: 16 bytes, the distribution id of Signal.", exactly(groupLength), base64URL())
}
