// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import "slices"

// Codes that many methods of Signal's protocol can end with.
var (
	// sending is how sending to a device can fail.
	sending = []Code{NoIdentity, NoSession, IdentityChanged, SessionStale}
	// receiving is how a message that came can fail.
	receiving = []Code{NoIdentity, MessageMalformed, MessageNotAuthentic, DuplicateMessage, MessageTooFarAhead, UnsupportedMessage}
	// streaming is how a piece of a file can fail.
	streaming = []Code{UnknownStream, MessageNotAuthentic}
)

var signalTable = []Method{
	bind(Method{
		Name:    "signal.identity.create",
		Doc:     "Creates the Signal identity of the asking origin and the person: the key that others know the person by.",
		Consent: ConsentUnlocked,
		Errors:  []Code{AlreadyExists},
	}, Handler.SignalIdentityCreate),
	bind(Method{
		Name:    "signal.identity.public",
		Doc:     "Returns the public side of the identity.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity},
	}, Handler.SignalIdentityPublic),
	bind(Method{
		Name:    "signal.identity.delete",
		Doc:     "Deletes the identity for good, with all its prekeys, sessions, contacts and group keys. Messages that are on their way can no longer be read.",
		Consent: ConsentConfirm,
		Errors:  []Code{NoIdentity},
	}, Handler.SignalIdentityDelete),
	bind(Method{
		Name:    "signal.prekeys.publish",
		Doc:     "Makes one-time prekeys until there are as many as asked for, replaces the signed ones when they are due, and returns what is to be uploaded: those that are new, and the signed ones.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity},
	}, Handler.SignalPreKeysPublish),
	bind(Method{
		Name:    "signal.prekeys.count",
		Doc:     "Says how many one-time prekeys are left, and whether the signed ones are due to be replaced.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity},
	}, Handler.SignalPreKeysCount),
	bind(Method{
		Name:    "signal.prekeys.rotate",
		Doc:     "Replaces all prekeys now, as after a server lost them: replace everything that it has by what this returns. The old ones still work for 30 days, for messages that are on their way.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity},
	}, Handler.SignalPreKeysRotate),
	bind(Method{
		Name:    "signal.session.start",
		Doc:     "Starts a session with a device from a bundle that it published. A session that there was is archived: messages that come in it can still be read.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity, InvalidBundle, UnsupportedMessage},
	}, Handler.SignalSessionStart),
	bind(Method{
		Name:    "signal.session.list",
		Doc:     "Lists the devices with which there are sessions.",
		Consent: ConsentUnlocked,
	}, Handler.SignalSessionList),
	bind(Method{
		Name:    "signal.session.close",
		Doc:     "Erases all sessions with a device. Messages of the device that are on their way can no longer be read.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoSession},
	}, Handler.SignalSessionClose),
	bind(Method{
		Name:    "signal.session.archive",
		Doc:     "Sends nothing more in the session with a device; its messages can still be read. To send, start another one.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoSession},
	}, Handler.SignalSessionArchive),
	bind(Method{
		Name:    "signal.encrypt",
		Doc:     "Encrypts a message for a device. Messages may be sent in any order.",
		Consent: ConsentUnlocked,
		Errors:  sending,
	}, Handler.SignalEncrypt),
	bind(Method{
		Name:    "signal.encryptBatch",
		Doc:     "Encrypts up to 64 messages in one transaction. Each has its own result or code.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity},
	}, Handler.SignalEncryptBatch),
	bind(Method{
		Name:    "signal.decrypt",
		Doc:     "Decrypts a message of a device. The keys of the message are erased in the same transaction: keep the plaintext before you tell your server that the message came.",
		Consent: ConsentUnlocked,
		Errors:  slices.Concat(receiving, []Code{NoSession, PreKeyGone}),
	}, Handler.SignalDecrypt),
	bind(Method{
		Name:    "signal.decryptBatch",
		Doc:     "Decrypts up to 64 messages in one transaction, in the order of the list. Each has its own result or code; one that is refused does not disturb the others.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity},
	}, Handler.SignalDecryptBatch),
	bind(Method{
		Name:    "signal.retry",
		Doc:     "Makes the request to send a message again that cannot be decrypted, for the device that sent it: a message of type 8, which is not encrypted. Changes nothing.",
		Consent: ConsentUnlocked,
	}, Handler.SignalRetry),
	bind(Method{
		Name:    "signal.group.create",
		Doc:     "Makes a key to send to a group with, and returns the distribution message that lets others read it: encrypt that for each device of the group. If there is a key, it is not replaced.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity},
	}, Handler.SignalGroupCreate),
	bind(Method{
		Name:    "signal.group.rotate",
		Doc:     "Replaces the key to send to a group with, as when somebody left. Returns the new distribution message.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity, UnknownGroup},
	}, Handler.SignalGroupRotate),
	bind(Method{
		Name:    "signal.group.leave",
		Doc:     "Erases all keys of a group.",
		Consent: ConsentUnlocked,
		Errors:  []Code{UnknownGroup},
	}, Handler.SignalGroupLeave),
	bind(Method{
		Name:    "signal.group.list",
		Doc:     "Lists the groups of which there are keys, and whose messages can be read.",
		Consent: ConsentUnlocked,
	}, Handler.SignalGroupList),
	bind(Method{
		Name:    "signal.group.process",
		Doc:     "Takes the distribution message of a device, which came as the plaintext of a message of that device. From then on its messages to the group can be read.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity, MessageMalformed, UnsupportedMessage},
	}, Handler.SignalGroupProcess),
	bind(Method{
		Name:    "signal.group.encrypt",
		Doc:     "Encrypts a message once for all of a group.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity, UnknownGroup},
	}, Handler.SignalGroupEncrypt),
	bind(Method{
		Name:    "signal.group.decrypt",
		Doc:     "Decrypts a message of a device to a group. The key of the message is erased in the same transaction.",
		Consent: ConsentUnlocked,
		Errors:  slices.Concat(receiving, []Code{UnknownGroup}),
	}, Handler.SignalGroupDecrypt),
	bind(Method{
		Name:    "signal.safetyNumber",
		Doc:     "Returns the safety number of the person and a contact, which is the same on both sides unless somebody is between them. Compares it with a code that was scanned, if one is given.",
		Consent: ConsentUnlocked,
		Errors:  []Code{NoIdentity, UnknownContact},
	}, Handler.SignalSafetyNumber),
	bind(Method{
		Name:    "signal.trust.get",
		Doc:     "Returns what is known of a contact's identity key.",
		Consent: ConsentUnlocked,
	}, Handler.SignalTrustGet),
	bind(Method{
		Name:    "signal.trust.list",
		Doc:     "Lists the contacts whose identity keys were seen.",
		Consent: ConsentUnlocked,
	}, Handler.SignalTrustList),
	bind(Method{
		Name:    "signal.trust.accept",
		Doc:     "Accepts the identity key of a contact after it changed, so that messages can be sent again. The person sees the contact's name and the safety number.",
		Consent: ConsentConfirm,
		Errors:  []Code{NoIdentity, UnknownContact, IdentityChanged},
	}, Handler.SignalTrustAccept),
	bind(Method{
		Name:    "signal.trust.verify",
		Doc:     "Marks the identity key of a contact as verified, after people compared safety numbers, or takes the mark away. The person sees the contact's name and the safety number.",
		Consent: ConsentConfirm,
		Errors:  []Code{NoIdentity, UnknownContact, IdentityChanged},
	}, Handler.SignalTrustVerify),
	bind(Method{
		Name:    "signal.attachment.begin",
		Doc:     "Begins to encrypt or decrypt a file, of at most 100 MiB, as a stream. It lives until it is finished or cancelled, the vault is locked, or the page is gone. An app has at most 4 at once.",
		Consent: ConsentUnlocked,
	}, Handler.SignalAttachmentBegin),
	bind(Method{
		Name:    "signal.attachment.update",
		Doc:     "Takes the next piece of the file, and returns what is ready: nothing of a segment of 1 MiB before it is complete and, when decrypting, authenticated. Pieces go one after the other.",
		Consent: ConsentUnlocked,
		Errors:  streaming,
	}, Handler.SignalAttachmentUpdate),
	bind(Method{
		Name:    "signal.attachment.finish",
		Doc:     "Takes the last piece of the file and returns the rest. Only when this succeeds was a file decrypted whole.",
		Consent: ConsentUnlocked,
		Errors:  slices.Concat(streaming, []Code{MessageMalformed}),
	}, Handler.SignalAttachmentFinish),
	bind(Method{
		Name:    "signal.attachment.cancel",
		Doc:     "Ends a stream whose file is not wanted any more.",
		Consent: ConsentUnlocked,
		Errors:  []Code{UnknownStream},
	}, Handler.SignalAttachmentCancel),
}
