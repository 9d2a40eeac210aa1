// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
)

// SignalSessionStartRequest asks for a session with a device.
type SignalSessionStartRequest struct {
	Peer
	Bundle SignalBundle
}

func (m *SignalSessionStartRequest) fields() []Field {
	return append(m.Peer.fields(), object("bundle", &m.Bundle, "What the device published, with one prekey of each kind."))
}

// SignalBundle is what a device published.
type SignalBundle struct {
	RegistrationID int64
	IdentityKey    string
	Signed         SignedKey
	OneTime        *OneTimeKey
	Kyber          *SignedKyberKey
}

func (m *SignalBundle) fields() []Field {
	return []Field{
		registrationField(&m.RegistrationID),
		identityKeyField(&m.IdentityKey),
		object("signedPreKey", &m.Signed, "The signed prekey."),
		optionalObject("preKey", &m.OneTime, "A one-time prekey, unless none was left."),
		optionalObject("kyberPreKey", &m.Kyber, "A Kyber prekey, one-time or of last resort. Only clients older than PQXDH have none."),
	}
}

// SignalSession is the sessions with one device.
type SignalSession struct {
	Peer
	Active          bool
	Acknowledged    bool
	Version         int64
	PostQuantum     bool
	Epoch           int64
	Created, Used   int64
	RegistrationID  int64
	IdentityChanged bool
	Archived        int64
}

func (m *SignalSession) fields() []Field {
	return append(m.Peer.fields(),
		flag("active", &m.Active, "Whether there is a session to send with."),
		flag("acknowledged", &m.Acknowledged, "Whether the device has answered in it."),
		integer("version", &m.Version, "Version of its messages: 4, or 3 with clients older than PQXDH; 0 without an active session.", within(0, 4)),
		flag("postQuantum", &m.PostQuantum, "Whether the keys of messages depend on post-quantum secrets in both directions."),
		integer("epoch", &m.Epoch, "How often the post-quantum secret was renewed since the beginning.", within(0, maxEpoch)),
		integer("created", &m.Created, "When it was started, in seconds since 1970."),
		integer("used", &m.Used, "When it was last used, in seconds since 1970."),
		registrationField(&m.RegistrationID),
		flag("identityChanged", &m.IdentityChanged, "Whether nothing is sent until signal.trust.accept."),
		integer("archived", &m.Archived, "How many older sessions there are, in which messages can still come."),
	)
}

// SignalSessionList is the sessions with all devices.
type SignalSessionList struct {
	Sessions []SignalSession
}

func (m *SignalSessionList) fields() []Field {
	return []Field{objects("sessions", &m.Sessions, "The sessions, one for each device.", within(0, maxListed))}
}

// SignalEncryptRequest has a message for a device.
type SignalEncryptRequest struct {
	Peer
	Plaintext []byte
}

func (m *SignalEncryptRequest) bodies() Bodies {
	return body(&m.Plaintext, "The plaintext. Signal adds no padding: its length shows.").sized(0, session.MaxPlaintext)
}

// SignalSealed is a message to send.
type SignalSealed struct {
	Type           int64
	RegistrationID int64
	Body           []byte
}

func (m *SignalSealed) fields() []Field {
	return []Field{typeField(&m.Type), registrationField(&m.RegistrationID)}
}

func (m *SignalSealed) bodies() Bodies {
	return body(&m.Body, "The message.").sized(1, message.MaxSize)
}

// SignalEncryptBatchRequest has messages for devices.
type SignalEncryptBatchRequest struct {
	Messages   []Peer
	Plaintexts [][]byte
}

func (m *SignalEncryptBatchRequest) fields() []Field {
	return []Field{objects("messages", &m.Messages, "For whom the messages are.", within(1, maxBatch))}
}

func (m *SignalEncryptBatchRequest) bodies() Bodies {
	return bodyPer("messages", &m.Plaintexts, "The plaintexts, in the order of the list.").sized(0, session.MaxPlaintext)
}

// SignalSealedBatch is messages to send.
type SignalSealedBatch struct {
	Results []SignalSealedResult
	Bodies  [][]byte
}

func (m *SignalSealedBatch) fields() []Field {
	return []Field{objects("results", &m.Results, "What became of each message, in the order of the request.", within(1, maxBatch))}
}

func (m *SignalSealedBatch) bodies() Bodies {
	return bodyPer("results", &m.Bodies, "The messages to send, in the order of the request; empty where there is a code.").sized(0, message.MaxSize)
}

// SignalSealedResult is what became of one message of a batch.
type SignalSealedResult struct {
	Code           string
	Type           int64
	RegistrationID int64
}

func (m *SignalSealedResult) fields() []Field {
	return []Field{
		codeField(&m.Code),
		integer("type", &m.Type, typeDoc, within(2, 8), optional()),
		integer("registrationId", &m.RegistrationID, "Number of the installation on the device.", within(1, maxUint32), optional()),
	}
}

// SignalDecryptRequest has a message that came from a device.
type SignalDecryptRequest struct {
	Peer
	Type int64
	Body []byte
}

func (m *SignalDecryptRequest) fields() []Field { return append(m.Peer.fields(), typeField(&m.Type)) }
func (m *SignalDecryptRequest) bodies() Bodies {
	return body(&m.Body, "The message, as it came.").sized(0, message.MaxSize)
}

// SignalOpened is a message that was decrypted.
type SignalOpened struct {
	NewSession      bool
	IdentityChanged bool
	PreKeyUsed      int64
	Retry           *SignalRetryInfo
	Plaintext       []byte
}

func (m *SignalOpened) fields() []Field {
	return []Field{
		flag("newSession", &m.NewSession, "Whether the message began a session."),
		flag("identityChanged", &m.IdentityChanged, "Whether it came under an identity key that the person has not accepted. Say so beside the message."),
		preKeyUsedField(&m.PreKeyUsed),
		retryField(&m.Retry),
	}
}

func (m *SignalOpened) bodies() Bodies {
	return body(&m.Plaintext, "The plaintext; empty if the message asks for another one again.").sized(0, message.MaxSize)
}

// SignalRetryInfo says which message the device could not decrypt.
type SignalRetryInfo struct {
	Timestamp int64
	Stale     bool
}

func (m *SignalRetryInfo) fields() []Field {
	return []Field{
		integer("timestamp", &m.Timestamp, "The timestamp that the device gave to signal.retry. Do not trust it more than the device.", within(1, maxInteger), optional()),
		flag("stale", &m.Stale, "Whether the session to send with was archived, so that a new one is needed before the message is sent again."),
	}
}

// SignalDecryptBatchRequest has messages that came.
type SignalDecryptBatchRequest struct {
	Messages []SignalIncoming
	Bodies   [][]byte
}

func (m *SignalDecryptBatchRequest) fields() []Field {
	return []Field{objects("messages", &m.Messages, "Whom the messages are from, in the order in which they came.", within(1, maxBatch))}
}

func (m *SignalDecryptBatchRequest) bodies() Bodies {
	return bodyPer("messages", &m.Bodies, "The messages, in the order of the list.").sized(0, message.MaxSize)
}

// SignalIncoming says what one message of a batch is.
type SignalIncoming struct {
	Peer
	Type int64
}

func (m *SignalIncoming) fields() []Field { return append(m.Peer.fields(), typeField(&m.Type)) }

// SignalOpenedBatch is messages that were decrypted.
type SignalOpenedBatch struct {
	Results    []SignalOpenedResult
	Plaintexts [][]byte
}

func (m *SignalOpenedBatch) fields() []Field {
	return []Field{objects("results", &m.Results, "What became of each message, in the order of the request.", within(1, maxBatch))}
}

func (m *SignalOpenedBatch) bodies() Bodies {
	return bodyPer("results", &m.Plaintexts, "The plaintexts, in the order of the request; empty where there is a code.").sized(0, message.MaxSize)
}

// SignalOpenedResult is what became of one message of a batch.
type SignalOpenedResult struct {
	Code            string
	NewSession      bool
	IdentityChanged bool
	PreKeyUsed      int64
	Retry           *SignalRetryInfo
}

func (m *SignalOpenedResult) fields() []Field {
	return []Field{
		codeField(&m.Code),
		flag("newSession", &m.NewSession, "True if the message began a session.", optional()),
		flag("identityChanged", &m.IdentityChanged, "True if it came under an identity key that the person has not accepted.", optional()),
		preKeyUsedField(&m.PreKeyUsed),
		retryField(&m.Retry),
	}
}

// SignalRetryRequest has a message that cannot be decrypted.
type SignalRetryRequest struct {
	Peer
	Type      int64
	Timestamp int64
	Body      []byte
}

func (m *SignalRetryRequest) fields() []Field {
	return append(m.Peer.fields(), typeField(&m.Type),
		integer("timestamp", &m.Timestamp, "By which the other side knows the message: the time that your transport gives it, in milliseconds since 1970."))
}

func (m *SignalRetryRequest) bodies() Bodies {
	return body(&m.Body, "The message that cannot be decrypted, as it came.").sized(0, message.MaxSize)
}

const typeDoc = "Type of the message, with Signal's numbers: 2 a message, 3 a message that begins a session, 7 to a group, 8 a request to send again."

func typeField(p *int64) Field { return integer("type", p, typeDoc, within(2, 8)) }

func codeField(p *string) Field {
	return text("code", p, "Why this one failed; left out if it did not. The rest is then left out.", oneOf(singleCodes()...), optional())
}

func preKeyUsedField(p *int64) Field {
	return integer("preKeyUsed", p, "Id of the one-time prekey that the message used up, if it did.", within(1, maxUint32), optional())
}

func retryField(p **SignalRetryInfo) Field {
	return optionalObject("retry", p, "Which message of ours the device could not decrypt, if the message (of type 8) says that. Send it again.")
}
