// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"ats.run/kms-enclave/verifier/trust"
)

// sigstore-go 1.3 tells the two generations of Rekor apart by the checkpoint: one
// without a tree ID in its first line is of Rekor v2 to it, and the entry then
// has to be one of Rekor v2, too. An entry of Rekor v1 under such a checkpoint,
// which is as good, is verified here.

var errOldEntry = errors.New("the log entry is not for this statement, signature and key")

// hasPlainOldEntry says whether the one log entry is of Rekor v1, without a
// promise, under a checkpoint without tree ID.
func hasPlainOldEntry(b *bundle.Bundle) bool {
	entries := b.GetVerificationMaterial().GetTlogEntries()
	if len(entries) != 1 || b.GetDsseEnvelope() == nil {
		return false
	}
	e := entries[0]
	kind := e.GetKindVersion()
	checkpoint := e.GetInclusionProof().GetCheckpoint().GetEnvelope()
	return (kind.GetKind() == "intoto" && kind.GetVersion() == "0.0.2" || kind.GetKind() == "dsse" && kind.GetVersion() == "0.0.1") &&
		e.GetInclusionPromise() == nil && e.GetIntegratedTime() == 0 &&
		checkpoint != "" && !strings.Contains(firstLine(checkpoint), " - ")
}

// checkPlainOldEntry sees that the entry is in a log of the trust root, and for
// this statement, signature and key.
func checkPlainOldEntry(b *bundle.Bundle, trusted *root.TrustedRoot, material root.TrustedMaterial) error {
	shown := b.GetVerificationMaterial().GetTlogEntries()[0]
	key, known := logsByID(&trust.Root{Material: trusted})[string(shown.GetLogId().GetKeyId())]
	if !known {
		return errors.New("the log of the entry is not in the trust root")
	}
	if f := checkOldInclusion(key, shown); f != nil {
		return f
	}
	entry, err := tlog.ParseTransparencyLogEntry(shown)
	if err != nil {
		return errOldEntry
	}
	if err := tlog.ValidateEntry(entry); err != nil {
		return errOldEntry
	}
	signer, err := b.VerificationContent()
	if err != nil {
		return errForm
	}
	payload := sha256.Sum256(b.GetDsseEnvelope().GetPayload())
	logged, ok := entry.GetDssePayloadHash()
	signatures := b.GetDsseEnvelope().GetSignatures()
	if !ok || len(signatures) != 1 || !bytes.Equal(logged, payload[:]) || !bytes.Equal(entry.Signature(), signatures[0].GetSig()) ||
		!sameKey(signer, entry, material) {
		return errOldEntry
	}
	return nil
}

func sameKey(signer verify.VerificationContent, entry *tlog.Entry, material root.TrustedMaterial) bool {
	key := entry.PublicKey()
	return key != nil && signer.CompareKey(key, material)
}

// checkOldInclusion sees that the body is at its index in the log.
func checkOldInclusion(key trust.Log, e *protorekor.TransparencyLogEntry) error {
	if e.GetInclusionProof().GetLogIndex() != e.GetLogIndex() || e.GetLogIndex() < 0 {
		return errOldEntry
	}
	if f := checkEntryIn(key, e, e.GetCanonicalizedBody(), nil); f != nil {
		return f
	}
	return nil
}
