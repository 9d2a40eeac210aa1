// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import "slices"

// Code says why a request was refused. Apps branch on it, so a code is never
// renamed and never changes its meaning.
type Code string

// The codes an enclave answers with.
const (
	InvalidMessage      Code = "invalid_message"
	InvalidParams       Code = "invalid_params"
	UnknownMethod       Code = "unknown_method"
	UnsupportedProtocol Code = "unsupported_protocol"
	OriginNotAllowed    Code = "origin_not_allowed"
	AlreadyConnected    Code = "already_connected"
	DuplicateID         Code = "duplicate_id"
	TooLarge            Code = "too_large"
	Busy                Code = "busy"
	NotSetUp            Code = "not_set_up"
	Locked              Code = "locked"
	Cancelled           Code = "cancelled"
	Denied              Code = "denied"
	CeremonyBlocked     Code = "ceremony_blocked"
	UnknownUser         Code = "unknown_user"
	UnknownKey          Code = "unknown_key"
	NoIdentity          Code = "no_identity"
	AlreadyExists       Code = "already_exists"
	NoSession           Code = "no_session"
	IdentityChanged     Code = "identity_changed"
	DuplicateMessage    Code = "duplicate_message"
	MessageTooFarAhead  Code = "message_too_far_ahead"
	MessageNotAuthentic Code = "message_not_authentic"
	MessageMalformed    Code = "message_malformed"
	UnsupportedMessage  Code = "unsupported_message"
	PreKeyGone          Code = "prekey_gone"
	SessionStale        Code = "session_stale"
	InvalidBundle       Code = "invalid_bundle"
	UnknownContact      Code = "unknown_contact"
	UnknownGroup        Code = "unknown_group"
	UnknownStream       Code = "unknown_stream"
	StorageUnavailable  Code = "storage_unavailable"
	StorageQuota        Code = "storage_quota"
	StorageNoKeys       Code = "storage_no_keys"
	IntegrityFailed     Code = "integrity_failed"
	NotSupported        Code = "not_supported"
	Internal            Code = "internal"
)

// The codes that only the app's client library gives; no enclave sends them.
const (
	Timeout         Code = "timeout"
	Aborted         Code = "aborted"
	Closed          Code = "closed"
	ReleaseMismatch Code = "release_mismatch"
	Unreachable     Code = "unreachable"
	UpdateUnproved  Code = "update_unproved"
	UpdateTooEarly  Code = "update_too_early"
	UpdateRefused   Code = "update_refused"
)

// CodeInfo documents one code.
type CodeInfo struct {
	Code   Code
	Local  bool   // given by the client library, never sent
	Common bool   // can end a call of any method
	Doc    string // what happened, and what to do
}

var codes = [...]CodeInfo{
	{InvalidMessage, false, true, "The message has not the shape of a request: a member is missing, of another type or unknown, or there is no usable id. The sender has a fault."},
	{InvalidParams, false, true, "A parameter is missing, unknown, of another type or out of its bounds; the message names it. Sending the same again cannot succeed."},
	{UnknownMethod, false, true, "The enclave has no method of this name. It may be older than the app."},
	{UnsupportedProtocol, false, false, "The enclave does not speak this version of the channel protocol. App and enclave are of different releases."},
	{OriginNotAllowed, false, false, "The page that said hello is not an embedder of this enclave. The operator lists embedders in deployment.json."},
	{AlreadyConnected, false, true, "This frame already has its one connection. Make another frame for another connection."},
	{DuplicateID, false, true, "The id is not greater than every id before it on this port. The request was not run (again)."},
	{TooLarge, false, true, "The request is over a size limit of the channel, or over a limit on how many of something are kept; the message says which."},
	{Busy, false, true, "Too many requests at once or in too short a time, or a ceremony is open already. Try again after retryAfter milliseconds."},
	{NotSetUp, false, false, "There is no vault in this browser's storage yet, or not in the part of it that this page is given. Call vault.setup, at a click of the person."},
	{Locked, false, false, "The vault is locked, or was not opened for the asking origin. Call vault.unlock, at a click of the person, then send the request again."},
	{Cancelled, false, false, "The person ended the ceremony before it was done. Nothing was changed. Do not ask again by yourself."},
	{Denied, false, false, "The person was shown the request and did not approve it. Nothing was changed."},
	{CeremonyBlocked, false, false, "The browser did not let the enclave open its window. Call again at a click of the person, with pop-ups allowed for this page."},
	{UnknownUser, false, false, "No user of this storage has this id: there never was one, or it was reset."},
	{UnknownKey, false, false, "No key with this kid belongs to the asking origin: it was never made, was deleted, or this browser lost its storage."},
	{NoIdentity, false, false, "The asking origin has no Signal identity in this vault. Call signal.identity.create."},
	{AlreadyExists, false, false, "The asking origin has a Signal identity in this vault already. Use it, or delete it with signal.identity.delete."},
	{NoSession, false, false, "There is no session with this device. Start one from a bundle of the device: signal.session.start."},
	{IdentityChanged, false, false, "The contact's identity key changed and the person did not accept the new one, or the key that was named is not the contact's. Let people compare safety numbers, then call signal.trust.accept."},
	{DuplicateMessage, false, false, "The message was decrypted before. Its keys are erased: use the plaintext that was kept then."},
	{MessageTooFarAhead, false, false, "The message skips more messages than may be missing. Nothing was changed. Send what signal.retry returns, so that the other side begins anew."},
	{MessageNotAuthentic, false, false, "The message or file was altered, is not from this device, or its session is gone. Nothing was changed. If it was surely genuine, send what signal.retry returns."},
	{MessageMalformed, false, false, "The bytes are not a message of this type, or a file that ends too early. Nothing was changed. Sending the same again cannot succeed."},
	{UnsupportedMessage, false, false, "The message or bundle is of a protocol version that the identity does not accept. The other side has to be updated, or the identity created with a lower oldest."},
	{PreKeyGone, false, false, "The message names a prekey that is not here: spent, expired or never ours. Send what signal.retry returns, and call signal.prekeys.publish."},
	{SessionStale, false, false, "The device has not answered for too long. Start a session from a new bundle: signal.session.start."},
	{InvalidBundle, false, false, "A signature of the bundle is wrong, or one of its keys. Nothing was changed. Fetch the bundle again; if it stays so, do not trust where it came from."},
	{UnknownContact, false, false, "No identity key of this name was seen yet. Start a session, or decrypt a message, first."},
	{UnknownGroup, false, false, "There is no key of this group, or none of this sender. Call signal.group.create, or give the sender's distribution message to signal.group.process."},
	{UnknownStream, false, false, "There is no such stream: it was finished or cancelled, has failed, or the vault was locked. Begin anew with signal.attachment.begin."},
	{StorageUnavailable, false, false, "The browser does not let the enclave store keys here: private browsing, blocked site data, or a damaged database. Nothing was deleted."},
	{StorageQuota, false, false, "The browser's storage is full. Nothing was changed; free space and try again."},
	{StorageNoKeys, false, false, "The browser stores data here but no keys, as some private and lockdown modes do. Nothing was changed; use another window or turn that mode off for this site."},
	{IntegrityFailed, false, false, "A file of the enclave did not load or is not the one its release lists; the message names the file. The enclave did not start."},
	{NotSupported, false, false, "This browser, or the way the enclave is embedded in it, lacks something the enclave needs; the message names it."},
	{Internal, false, true, "The enclave has a fault. The request may or may not have been done."},
	{Timeout, true, false, "No answer came in time. The request may still be done."},
	{Aborted, true, false, "The caller's AbortSignal ended the wait. The request may still be done."},
	{Closed, true, false, "The connection was closed before the answer came. The request may or may not have been done."},
	{ReleaseMismatch, true, false, "The enclave runs another release than the app pins."},
	{Unreachable, true, false, "The enclave's page did not load or did not answer hello."},
	{UpdateUnproved, true, false, "The enclave runs another release than the pinned one, and there is no proof for it that meets the app's update rule; the message says what is missing."},
	{UpdateTooEarly, true, false, "The enclave runs a newer release that is proved, but has not been public for as long as the app's update rule demands. Try again after retryAfter milliseconds."},
	{UpdateRefused, true, false, "The enclave runs a release that the app's update rule never accepts: an older one than the pinned, or one that was revoked."},
}

// Codes returns every code, those of the enclave first.
func Codes() []CodeInfo { return slices.Clone(codes[:]) }

// common reports whether a call of any method can end with code.
func (code Code) common() bool {
	for i := range codes {
		if codes[i].Code == code {
			return codes[i].Common
		}
	}
	return false
}

// Error is a refusal as it goes to the app.
type Error struct {
	Code       Code
	Message    string // for developers; holds no secret and none of the request's bytes
	RetryAfter int64  // milliseconds to wait before trying again; 0 if waiting does not help
}

// Error returns the code and the message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }
