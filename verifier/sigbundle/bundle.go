// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"bytes"
	"strconv"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"google.golang.org/protobuf/encoding/protojson"

	"ats.run/kms-enclave/verifier/verdict"
)

// Limits on input.
const (
	// MaxSize is the largest bundle, in bytes.
	MaxSize = 8 << 20
	// maxProofs is the largest number of log entries and of timestamps. Each
	// costs signature checks.
	maxProofs = 8
	// maxHashes is the length of the inclusion proof in a tree of 2^63 entries.
	maxHashes = 63
)

// MediaType is the version of bundles that Parse reads.
const MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// PayloadType is the one type of signed statements.
const PayloadType = "application/vnd.in-toto+json"

// Bundle is a bundle in its form. Nothing in it is verified.
type Bundle struct {
	parsed *bundle.Bundle
}

// Parse reads a bundle. Every error is a *Fault of step verdict.Bundle.
func Parse(data []byte) (*Bundle, error) {
	if len(data) > MaxSize {
		return nil, malformed("at most "+strconv.Itoa(MaxSize>>20)+" MiB", "more")
	}
	p := &protobundle.Bundle{}
	if err := protojson.Unmarshal(data, p); err != nil {
		return nil, malformed("JSON of a Sigstore bundle without unknown members", "something else")
	}
	if p.GetMediaType() != MediaType {
		return nil, malformed("the media type "+MediaType, verdict.Quote(p.GetMediaType()))
	}
	for _, check := range []func(*protobundle.Bundle) *Fault{checkContent, checkMaterial, checkEntries} {
		if f := check(p); f != nil {
			return nil, f
		}
	}
	parsed, err := guarded(func() (*bundle.Bundle, error) { return bundle.NewBundle(p) })
	if err != nil {
		return nil, malformed("a bundle as the specification of version 0.3 says", "something else")
	}
	return &Bundle{parsed}, nil
}

// IsStatement says whether the bundle has a signed statement in it, rather
// than a signature over a file.
func (b *Bundle) IsStatement() bool { return b.parsed.GetDsseEnvelope() != nil }

func malformed(expected, found string) *Fault {
	return fault(verdict.Bundle, expected, found, adviceBundle)
}

func checkContent(p *protobundle.Bundle) *Fault {
	if m := p.GetMessageSignature(); m != nil {
		digest := m.GetMessageDigest()
		if digest.GetAlgorithm() != protocommon.HashAlgorithm_SHA2_256 || len(digest.GetDigest()) != 32 {
			return malformed("the SHA-256 of the signed file", "another digest or none")
		}
		if len(m.GetSignature()) == 0 {
			return malformed("a signature", "none")
		}
		return nil
	}
	e := p.GetDsseEnvelope()
	switch {
	case e == nil:
		return malformed("a signature over a file or a signed statement", "neither")
	case e.GetPayloadType() != PayloadType:
		return malformed("a payload of type "+PayloadType, verdict.Quote(e.GetPayloadType()))
	case len(e.GetPayload()) == 0:
		return malformed("a payload", "none")
	case len(e.GetSignatures()) != 1:
		return malformed("exactly one signature", strconv.Itoa(len(e.GetSignatures())))
	case len(e.GetSignatures()[0].GetSig()) == 0:
		return malformed("a signature", "an empty one")
	}
	return nil
}

func checkMaterial(p *protobundle.Bundle) *Fault {
	m := p.GetVerificationMaterial()
	if len(m.GetCertificate().GetRawBytes()) == 0 && m.GetPublicKey() == nil {
		return malformed("one certificate or the name of a public key", "neither")
	}
	if n := len(m.GetTimestampVerificationData().GetRfc3161Timestamps()); n > maxProofs {
		return malformed("at most "+strconv.Itoa(maxProofs)+" timestamps", strconv.Itoa(n))
	}
	return nil
}

// entryStart is how the canonical JSON of each hashedrekord 0.0.2 begins.
const entryStart = `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{`

func checkEntries(p *protobundle.Bundle) *Fault {
	entries := p.GetVerificationMaterial().GetTlogEntries()
	if len(entries) > maxProofs {
		return malformed("at most "+strconv.Itoa(maxProofs)+" log entries", strconv.Itoa(len(entries)))
	}
	for i, e := range entries {
		if f := checkEntry(e); f != nil {
			return f
		}
		for _, other := range entries[:i] {
			if bytes.Equal(e.GetLogId().GetKeyId(), other.GetLogId().GetKeyId()) {
				return malformed("entries of different logs", "two of one log")
			}
		}
	}
	return nil
}

func checkEntry(e *protorekor.TransparencyLogEntry) *Fault {
	kind, proof := e.GetKindVersion(), e.GetInclusionProof()
	switch {
	case kind.GetKind() != "hashedrekord" || kind.GetVersion() != "0.0.2":
		return fault(verdict.Bundle, "an entry of Rekor v2, hashedrekord 0.0.2",
			verdict.Quote(kind.GetKind()+" "+kind.GetVersion()),
			"Sign again with a log of Rekor v2: no witness sees older logs.")
	case !bytes.HasPrefix(e.GetCanonicalizedBody(), []byte(entryStart)):
		return malformed("the canonical body of a hashedrekord 0.0.2", "something else")
	case len(e.GetLogId().GetKeyId()) == 0 || e.GetLogIndex() < 0:
		return malformed("a log entry with the log's ID and an index", "one without")
	case proof == nil || proof.GetCheckpoint().GetEnvelope() == "" || len(proof.GetHashes()) > maxHashes:
		return malformed("a log entry with an inclusion proof and its checkpoint", "one without")
	case proof.GetLogIndex() != e.GetLogIndex():
		return malformed("one index of the entry", "another in its inclusion proof")
	// Rekor v2 gives neither: whatever says so is not signed by anyone.
	case e.GetIntegratedTime() != 0 || e.GetInclusionPromise() != nil:
		return malformed("no integrated time and no promise, which Rekor v2 does not give", "one of them")
	}
	return nil
}

// guarded turns a panic of a parser of hostile input into an error.
func guarded[T any](call func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return call()
}
