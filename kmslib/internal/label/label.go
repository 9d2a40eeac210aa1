// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package label is the one table of the strings that keep our formats apart,
// so that bytes made for one purpose are never taken for another.
//
// A label names a format and its version, "kms-enclave-<noun>/<version>". It is
// the member "format" of canonical JSON that we store or publish. Labels are
// never reused: a format that changes meaning gets the next version. No label
// is the beginning of another, so none is ambiguous even where it is joined
// with other bytes.
package label

// The labels. All lists each of them.
const (
	Release         = "kms-enclave-release/2"           // release.json, package release
	FirstRelease    = "kms-enclave-release/1"           // release.json without a version, package release
	Deployment      = "kms-enclave-deployment/1"        // deployment.json, package release
	Embed           = "kms-enclave-embed/1"             // embed.json, package release
	VAPIDKey        = "kms-enclave-vapid-key/1"         // stored key record, package vault
	Enrolment       = "kms-enclave-enrolment/1"         // stored enrolment record, package unlock
	EnrolmentKey    = "kms-enclave-enrolment-key/1"     // wraps an enrolment's private key, package unlock
	EnrolmentCheck  = "kms-enclave-enrolment-check/1"   // key-check value, package unlock
	EnrolmentSender = "kms-enclave-enrolment-sender/1"  // who may encapsulate to an enrolment, package unlock
	EnrolmentDevice = "kms-enclave-enrolment-device/1"  // base secret under a device key, package unlock
	VaultKeyCapsule = "kms-enclave-vault-key-capsule/1" // vault key for an enrolment, package unlock
	PasskeyPRF      = "kms-enclave-passkey-prf/1"       // inputs of the PRF of a passkey, package unlock
	SealedVAPIDKey  = "kms-enclave-vapid-key/2"         // stored key record under a vault key, package vault
	User            = "kms-enclave-user/1"              // stored user record, package vault
	Roster          = "kms-enclave-roster/1"            // stored roster, package vault
	Policy          = "kms-enclave-policy/1"            // stored policy of an origin, package vault
	Throttle        = "kms-enclave-throttle/1"          // stored count of failed attempts, package vault
	LogKey          = "kms-enclave-log-key/1"           // stored key of a log, package vault
	LogDelegate     = "kms-enclave-log-delegate/1"      // stored delegated key of a log, package vault
	RecordData      = "kms-enclave-record-data/1"       // additional data of sealed records, package vault
	FreshKey        = "kms-enclave-fresh-key/1"         // additional data of a key that has no record yet, package vault
	RecordWrap      = "kms-enclave-record-wrap/1"       // derives the key that wraps stored keys, package vault
	LogWrap         = "kms-enclave-log-wrap/1"          // derives the key that wraps the log key, package vault
	RosterSeal      = "kms-enclave-roster-seal/1"       // derives the key that seals the roster, package vault
	PolicyDigest    = "kms-enclave-policy-digest/1"     // hash of a policy record in the roster, package vault
	SignalRecord    = "kms-enclave-signal-record/1"     // stored value of a Signal account, package vault
	SignalAccount   = "kms-enclave-signal-account/1"    // sealed in the first record of a Signal account, package vault
	SignalSeal      = "kms-enclave-signal-seal/1"       // derives the key that seals Signal records, package vault
	SignalName      = "kms-enclave-signal-name/1"       // names of Signal records, package vault
	AuditEntry      = "kms-enclave-audit-entry/1"       // leaf of an audit log, package auditlog
	AuditRecord     = "kms-enclave-audit-record/1"      // stored entry of an audit log, package auditlog
	AuditHead       = "kms-enclave-audit-head/1"        // stored head of an audit log, package auditlog
	AuditBundle     = "kms-enclave-audit-bundle/1"      // exported audit log, package auditlog
	LogDelegation   = "kms-enclave-log-delegation/1"    // certificate of a delegated log key, package auditlog
)

// All returns every label of the table.
func All() []string {
	return []string{
		Release, FirstRelease, Deployment, Embed, VAPIDKey,
		Enrolment, EnrolmentKey, EnrolmentCheck, EnrolmentSender, EnrolmentDevice, VaultKeyCapsule, PasskeyPRF,
		SealedVAPIDKey, User, Roster, Policy, Throttle, LogKey,
		LogDelegate, RecordData, FreshKey, RecordWrap, LogWrap, RosterSeal, PolicyDigest,
		SignalRecord, SignalAccount, SignalSeal, SignalName,
		AuditEntry, AuditRecord, AuditHead, AuditBundle, LogDelegation,
	}
}
