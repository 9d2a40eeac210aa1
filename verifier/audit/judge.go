// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/verifier/verdict"
)

// judgement says in which step a kind of finding belongs, and what to do about it.
type judgement struct {
	step   verdict.Step
	advice string
}

const (
	adviceExport  = "Export the log again. If that one has the same fault, somebody changed the log: do not rely on it."
	adviceChanged = "Do not rely on this log from there on: compare it with earlier exports and checkpoints."
	adviceUse     = "Treat what was done with that key as done by somebody else; lock the vault and replace its keys."
	adviceVersion = "Somebody put another state in the place of this log: find out which device or copy it is from, and trust neither until then."
	adviceGiven   = "Check that bundle, --key and --since are of the same user and device. If they are, somebody replaced the log."
)

// judge returns the judgement of a kind; of one that it does not know, the
// strictest.
func judge(kind auditlog.Kind) judgement {
	switch kind {
	case auditlog.KindFormat, auditlog.KindTruncation:
		return judgement{verdict.Form, adviceExport}
	case auditlog.KindUser, auditlog.KindOrder, auditlog.KindGap:
		return judgement{verdict.Order, adviceExport}
	case auditlog.KindTime:
		return judgement{verdict.Order, adviceUse}
	case auditlog.KindSigner, auditlog.KindSignature:
		return judgement{verdict.Signer, adviceChanged}
	case auditlog.KindCertificate, auditlog.KindScope, auditlog.KindValidity, auditlog.KindCode:
		return judgement{verdict.Certificate, adviceUse}
	case auditlog.KindRoot, auditlog.KindCheckpoint:
		return judgement{verdict.Checkpoint, adviceExport}
	case auditlog.KindKey:
		return judgement{verdict.LogKey, adviceGiven}
	case auditlog.KindLog, auditlog.KindSinceKey:
		return judgement{verdict.Since, adviceGiven}
	case auditlog.KindRollback, auditlog.KindFork:
		return judgement{verdict.Since, adviceVersion}
	}
	return judgement{verdict.Form, adviceChanged}
}
