// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle_test

import (
	"testing"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/verdict"
)

func TestValidityInTheTrustRoot(t *testing.T) {
	early := timestamppb.New(sigtest.Epoch.Add(-time.Second))
	between := timestamppb.New(sigtest.Epoch.Add(3 * time.Second)) // after the timestamp, before the witnesses
	late := timestamppb.New(sigtest.Epoch.Add(time.Minute))
	for _, tt := range []struct {
		name   string
		change func(*prototrustroot.TrustedRoot)
		step   verdict.Step
	}{
		{"log key ended before", func(r *prototrustroot.TrustedRoot) { r.Tlogs[0].PublicKey.ValidFor.End = early }, verdict.Timestamp},
		{"log key began after", func(r *prototrustroot.TrustedRoot) { r.Tlogs[0].PublicKey.ValidFor.Start = late }, verdict.Timestamp},
		{"log key ended before the witnesses", func(r *prototrustroot.TrustedRoot) { r.Tlogs[0].PublicKey.ValidFor.End = between }, verdict.Witness},
		{"timestamp authority ended before", func(r *prototrustroot.TrustedRoot) { r.TimestampAuthorities[0].ValidFor.End = early }, verdict.Timestamp},
		{"certificate authority ended before", func(r *prototrustroot.TrustedRoot) { r.CertificateAuthorities[0].ValidFor.End = early }, verdict.Timestamp},
		{"certificate authority began after", func(r *prototrustroot.TrustedRoot) { r.CertificateAuthorities[0].ValidFor.Start = late }, verdict.Timestamp},
		{"no certificate authority", func(r *prototrustroot.TrustedRoot) { r.CertificateAuthorities = nil }, verdict.Signature},
		{"certificate log ended before", func(r *prototrustroot.TrustedRoot) { r.Ctlogs[0].PublicKey.ValidFor.End = early }, verdict.Signature},
		{"no certificate log", func(r *prototrustroot.TrustedRoot) { r.Ctlogs = nil }, verdict.Signature},
		{"log at another address", func(r *prototrustroot.TrustedRoot) { r.Tlogs[0].BaseUrl = "https://elsewhere.example" }, verdict.Logged},
		{"log without an address", func(r *prototrustroot.TrustedRoot) { r.Tlogs[0].BaseUrl = "" }, verdict.TrustRoot},
		{"log of another ID", func(r *prototrustroot.TrustedRoot) { r.Tlogs[0].LogId.KeyId = make([]byte, 32) }, verdict.Logged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stack := sigtest.New(t)
			d := demands(t, stack)
			d.Log.Origins = nil
			data := stack.SignMessage(publisher, artifact)
			if _, err := check(d, data); err != nil {
				t.Fatal(err)
			}
			d.Trust = trustRoot(t, stack.EditRoot(tt.change))
			_, err := check(d, data)
			refused(t, err, tt.step)
		})
	}
}

func TestLogsAreThoseOfThePolicy(t *testing.T) {
	stack := sigtest.New(t)
	d := demands(t, stack)
	d.Log.Origins = []string{"another.example"}
	_, err := check(d, stack.SignMessage(publisher, artifact))
	refused(t, err, verdict.Logged)
}

func TestThresholdOfLogs(t *testing.T) {
	stack := sigtest.New(t, sigtest.Options{Logs: 2})
	d := demands(t, stack)
	d.Log = policy.LogRule{Threshold: 2}
	if _, err := check(d, stack.SignMessage(publisher, artifact)); err != nil {
		t.Error(err)
	}
	_, err := check(d, stack.With(sigtest.Faults{Logs: 1}).SignMessage(publisher, artifact))
	refused(t, err, verdict.Logged)
	_, err = check(d, stack.With(sigtest.Faults{Cosigners: []int{0}}).SignMessage(publisher, artifact))
	refused(t, err, verdict.Witness)
}

func TestTwoKeysOfOneLogAreOneLog(t *testing.T) {
	stack := sigtest.New(t, sigtest.Options{Logs: 2, OneOrigin: true})
	d := demands(t, stack)
	data := stack.SignMessage(publisher, artifact)
	if _, err := check(d, data); err != nil {
		t.Fatal(err)
	}
	d.Log.Threshold = 2
	_, err := check(d, data)
	refused(t, err, verdict.Logged)
}

func TestThresholdOfTimestamps(t *testing.T) {
	stack := sigtest.New(t, sigtest.Options{Authorities: 2})
	d := demands(t, stack)
	d.Timestamps = 2
	if _, err := check(d, stack.SignMessage(publisher, artifact)); err != nil {
		t.Error(err)
	}
	_, err := check(d, stack.With(sigtest.Faults{Timestamps: 1}).SignMessage(publisher, artifact))
	refused(t, err, verdict.Timestamp)
	// Two timestamps of one authority are one.
	d.Trust = trustRoot(t, stack.EditRoot(func(r *prototrustroot.TrustedRoot) {
		r.TimestampAuthorities[1].Uri = r.TimestampAuthorities[0].Uri
	}))
	_, err = check(d, stack.SignMessage(publisher, artifact))
	refused(t, err, verdict.Timestamp)
}

func TestTimestampIsNeededEvenIfNoneIsDemanded(t *testing.T) {
	stack := sigtest.New(t)
	d := demands(t, stack)
	d.Timestamps = 0
	signer := stack.Key("signer")
	d.Identities = []policy.Identity{{Key: publicKey(t, signer)}}
	for _, faults := range []sigtest.Faults{{Timestamps: -1}, {OtherTimestamp: true}} {
		_, err := check(d, stack.With(faults).SignMessage(sigtest.Signer{Key: signer}, artifact))
		refused(t, err, verdict.Timestamp)
	}
}
