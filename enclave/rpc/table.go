// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import "slices"

// table is all methods.
var table = slices.Concat(vaultTable, signalTable)

var vaultTable = []Method{
	bind(Method{
		Name:    HelloMethod,
		Doc:     "Opens the connection. Sent to the enclave's window with a port, not on the port.",
		Consent: ConsentNone,
		Public:  true,
		Errors:  []Code{UnsupportedProtocol, OriginNotAllowed, IntegrityFailed, NotSupported},
	}, Handler.Hello),
	bind(Method{
		Name:    "status",
		Doc:     "Says what the enclave is, what it found in this browser and, as far as the asking origin may know, whether the vault is open.",
		Consent: ConsentNone,
		Public:  true,
	}, Handler.Status),
	bind(Method{
		Name:     "vault.setup",
		Doc:      "Sets up a user with the person, who chooses how to open the vault. The vault is then open for the asking origin. The app learns nothing of what the person typed.",
		Consent:  ConsentNone,
		Ceremony: true,
		Errors:   []Code{Locked},
	}, Handler.VaultSetup),
	bind(Method{
		Name:     "vault.unlock",
		Doc:      "Opens the vault with the person for the asking origin. If it is open for another origin, the person only approves this one. If it is open for this origin, answers at once.",
		Consent:  ConsentNone,
		Ceremony: true,
		Errors:   []Code{NotSetUp, UnknownUser, Locked, Denied},
	}, Handler.VaultUnlock),
	bind(Method{
		Name:    "vault.lock",
		Doc:     "Locks the vault, for all origins and tabs. Does nothing if it is not open for the asking origin.",
		Consent: ConsentNone,
		Public:  true,
	}, Handler.VaultLock),
	bind(Method{
		Name:     "vault.manage",
		Doc:      "Shows the person the vault: ways in, rules, audit log, reset. Answers when the person is done. Does not open the vault for the asking origin.",
		Consent:  ConsentNone,
		Ceremony: true,
		Errors:   []Code{NotSetUp},
	}, Handler.VaultManage),
	bind(Method{
		Name:    "vapid.generate",
		Doc:     "Makes a VAPID key pair of the asking origin. The private key never leaves the enclave.",
		Consent: ConsentUnlocked,
	}, Handler.VAPIDGenerate),
	bind(Method{
		Name:    "vapid.publicKey",
		Doc:     "Returns the public key of a VAPID key pair, also while the vault is locked.",
		Consent: ConsentNone,
		Errors:  []Code{UnknownKey},
	}, Handler.VAPIDPublicKey),
	bind(Method{
		Name:    "vapid.sign",
		Doc:     "Signs a VAPID token, with which a push service accepts messages (RFC 8292).",
		Consent: ConsentUnlocked,
		Errors:  []Code{UnknownKey},
	}, Handler.VAPIDSign),
	bind(Method{
		Name:    "vapid.delete",
		Doc:     "Deletes a VAPID key pair for good. Subscriptions made with it no longer work.",
		Consent: ConsentConfirm,
		Errors:  []Code{UnknownKey},
	}, Handler.VAPIDDelete),
	bind(Method{
		Name:    "vapid.list",
		Doc:     "Lists the VAPID key pairs of the asking origin.",
		Consent: ConsentUnlocked,
	}, Handler.VAPIDList),
	bind(Method{
		Name:    "audit.list",
		Doc:     "Lists entries of the audit log of the user whose vault is open, oldest first.",
		Consent: ConsentUnlocked,
	}, Handler.AuditList),
	bind(Method{
		Name:    "audit.export",
		Doc:     "Exports the audit log as a bundle that kmsverify audit checks, a piece at a time. The pieces joined are the bundle.",
		Consent: ConsentUnlocked,
	}, Handler.AuditExport),
	bind(Method{
		Name:    "audit.checkpoint",
		Doc:     "Returns the newest checkpoint of the audit log: a signed note (C2SP tlog-checkpoint) to be kept outside of this device.",
		Consent: ConsentUnlocked,
	}, Handler.AuditCheckpoint),
	bind(Method{
		Name:    "audit.prove",
		Doc:     "Proves that an entry is in the audit log, or that the log only grew since an earlier checkpoint (RFC 6962, section 2.1).",
		Consent: ConsentUnlocked,
	}, Handler.AuditProve),
	bind(Method{
		Name:    "audit.prune",
		Doc:     "Deletes the content of audit log entries before a sequence number. Their hashes stay, so that the rest can still be verified. Export them first.",
		Consent: ConsentConfirm,
	}, Handler.AuditPrune),
}
