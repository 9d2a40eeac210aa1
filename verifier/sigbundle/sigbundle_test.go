// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

var (
	artifact  = []byte("artifact")
	statement = []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[]}`)
	publisher = sigtest.Signer{
		Issuer: "https://issuer.test", Subject: "https://forge.test/acme/release.yml@refs/tags/v1.0.0",
		Builder: "https://forge.test/builder", Repository: "https://forge.test/acme", Ref: "refs/tags/v1.0.0",
		Commit: strings.Repeat("a", 40),
	}
)

func digest(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}

func publicKey(t testing.TB, key *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func trustRoot(t testing.TB, data []byte) *trust.Root {
	t.Helper()
	r, err := trust.Parse("trusted_root.json", data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// demands returns what bundles by the publisher fulfil: two of three witnesses.
func demands(t testing.TB, stack *sigtest.Stack) sigbundle.Demands {
	t.Helper()
	return sigbundle.Demands{
		Trust:      trustRoot(t, stack.TrustedRoot()),
		Identities: []policy.Identity{{Issuer: publisher.Issuer, Subject: publisher.Subject}},
		Log:        policy.LogRule{Threshold: 1, Origins: []string{stack.LogOrigin()}},
		Witnesses:  policy.WitnessRule{Threshold: 2, Keys: stack.WitnessKeys()},
		Timestamps: 1,
	}
}

// check verifies a message bundle over artifact, or a statement.
func check(d sigbundle.Demands, data []byte) (*sigbundle.Proof, error) {
	b, err := sigbundle.Parse(data)
	if err != nil {
		return nil, err
	}
	if b.IsStatement() {
		return d.Verify(b, nil)
	}
	return d.Verify(b, digest(artifact))
}

// refused fails the test unless err is a fault of a step with plain texts.
func refused(t *testing.T, err error, step verdict.Step) {
	t.Helper()
	var fault *sigbundle.Fault
	if !errors.As(err, &fault) {
		t.Fatalf("not a fault: %v", err)
	}
	if fault.Step != step {
		t.Errorf("the step is %s, not %s: %v", fault.Step, step, err)
	}
	for _, text := range []string{fault.Expected, fault.Found, fault.Advice} {
		if text == "" || strings.Contains(text, "%!") || regexp.MustCompile(`\[\d+ \d+`).MatchString(text) || verdict.Plain(text) != text {
			t.Errorf("not plain: %q", text)
		}
	}
}

func TestProofSaysWhatIsProven(t *testing.T) {
	stack := sigtest.New(t)
	d := demands(t, stack)
	stack.Append([]byte("an entry before"))
	proof, err := check(d, stack.SignStatement(publisher, statement))
	if err != nil {
		t.Fatal(err)
	}
	if proof.Identity != d.Identities[0] || proof.Subject != publisher.Subject || proof.Issuer != publisher.Issuer || proof.Key != "" ||
		proof.Repository != publisher.Repository || proof.Ref != publisher.Ref || proof.Commit != publisher.Commit || proof.Builder != publisher.Builder {
		t.Errorf("signer: %+v", proof)
	}
	if !proof.Time.Equal(sigtest.Epoch.Add(time.Second)) || !proof.Witnessed.Equal(sigtest.Epoch.Add(5*time.Second)) {
		t.Error("times:", proof.Time, proof.Witnessed)
	}
	if proof.LogOrigin != stack.LogOrigin() || proof.LogIndex != 1 || len(proof.Witnesses) != 3 || !slices.IsSorted(proof.Witnesses) {
		t.Errorf("log: %+v", proof)
	}
	if !bytes.Equal(proof.Statement, statement) {
		t.Errorf("statement: %q", proof.Statement)
	}
}

func TestSignersWithKeysOfTheirOwn(t *testing.T) {
	stack := sigtest.New(t)
	d := demands(t, stack)
	signer := sigtest.Signer{Key: stack.Key("signer")}
	identity := policy.Identity{Key: publicKey(t, signer.Key)}
	d.Identities = []policy.Identity{d.Identities[0], {Key: publicKey(t, stack.Key("another"))}, identity}
	for _, data := range [][]byte{stack.SignMessage(signer, artifact), stack.SignStatement(signer, statement)} {
		proof, err := check(d, data)
		if err != nil {
			t.Fatal(err)
		}
		if proof.Identity != identity || proof.Key != identity.Key || proof.Subject != "" || proof.Issuer != "" || !proof.Time.Equal(sigtest.Epoch.Add(time.Second)) {
			t.Errorf("%+v", proof)
		}
	}
	d.Identities = d.Identities[:2]
	_, err := check(d, stack.SignMessage(signer, artifact))
	refused(t, err, verdict.Signature)
}

func TestFaultsOfTheBundle(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults sigtest.Faults
		step   verdict.Step
	}{
		{"body forged", sigtest.Faults{ForgedBody: true}, verdict.Logged},
		{"entry for another signature", sigtest.Faults{OtherSignature: true}, verdict.Logged},
		{"entry for another certificate", sigtest.Faults{OtherVerifier: true}, verdict.Logged},
		{"not logged", sigtest.Faults{Unlogged: true}, verdict.Logged},
		{"checkpoint of another origin", sigtest.Faults{Origin: "elsewhere.example"}, verdict.Logged},
		{"checkpoint by another key", sigtest.Faults{StrangeLog: true}, verdict.Logged},
		{"no witness", sigtest.Faults{Cosigners: []int{}}, verdict.Witness},
		{"one witness", sigtest.Faults{Cosigners: []int{1}}, verdict.Witness},
		{"one witness twice", sigtest.Faults{Cosigners: []int{1, 1}}, verdict.Witness},
		{"witnessed long before", sigtest.Faults{CosignAfter: -61 * time.Minute}, verdict.Witness},
		{"no timestamp", sigtest.Faults{Timestamps: -1}, verdict.Timestamp},
		{"timestamp of something else", sigtest.Faults{OtherTimestamp: true}, verdict.Timestamp},
		{"signed after the certificate", sigtest.Faults{TimestampAfter: 11 * time.Minute}, verdict.Timestamp},
		{"signed before the certificate", sigtest.Faults{TimestampAfter: -time.Minute}, verdict.Timestamp},
		{"certificate by a stranger", sigtest.Faults{StrangeCA: true}, verdict.Signature},
		{"certificate without SCT", sigtest.Faults{NoSCT: true}, verdict.Signature},
		{"certificate with two subjects", sigtest.Faults{AlsoSubject: "someone@example.test"}, verdict.Bundle},
		{"SCT by a stranger", sigtest.Faults{StrangeCT: true}, verdict.Signature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stack := sigtest.New(t)
			d := demands(t, stack)
			_, err := check(d, stack.With(tt.faults).SignMessage(publisher, artifact))
			refused(t, err, tt.step)
			_, err = check(d, stack.With(tt.faults).SignStatement(publisher, statement))
			refused(t, err, tt.step)
		})
	}
	t.Run("entry for another key", func(t *testing.T) {
		stack := sigtest.New(t)
		d := demands(t, stack)
		signer := sigtest.Signer{Key: stack.Key("signer")}
		d.Identities = []policy.Identity{{Key: publicKey(t, signer.Key)}}
		_, err := check(d, stack.With(sigtest.Faults{OtherVerifier: true}).SignMessage(signer, artifact))
		refused(t, err, verdict.Logged)
	})
	t.Run("payload of another type", func(t *testing.T) {
		stack := sigtest.New(t)
		_, err := check(demands(t, stack), stack.With(sigtest.Faults{PayloadType: "application/vnd.in-toto+json; v=1"}).SignStatement(publisher, statement))
		refused(t, err, verdict.Bundle)
	})
}

func TestWitnessesMayComeLate(t *testing.T) {
	stack := sigtest.New(t)
	for _, after := range []time.Duration{-59 * time.Minute, 400 * 24 * time.Hour} {
		if _, err := check(demands(t, stack), stack.With(sigtest.Faults{CosignAfter: after}).SignMessage(publisher, artifact)); err != nil {
			t.Error(after, err)
		}
	}
}

func TestBundleIsForWhatWasAsked(t *testing.T) {
	stack := sigtest.New(t)
	d := demands(t, stack)
	message, err := sigbundle.Parse(stack.SignMessage(publisher, artifact))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := sigbundle.Parse(stack.SignStatement(publisher, statement))
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Verify(message, digest([]byte("another")))
	refused(t, err, verdict.Signature)
	_, err = d.Verify(message, nil)
	refused(t, err, verdict.Bundle)
	_, err = d.Verify(signed, digest(statement))
	refused(t, err, verdict.Bundle)
}

func TestIdentities(t *testing.T) {
	stack := sigtest.New(t)
	data := stack.SignMessage(publisher, artifact)
	for _, tt := range []struct {
		name     string
		identity policy.Identity
		ok       bool
	}{
		{"exact", policy.Identity{Issuer: publisher.Issuer, Subject: publisher.Subject}, true},
		{"pattern", policy.Identity{Issuer: publisher.Issuer, SubjectPattern: `^https://forge\.test/acme/release\.yml@refs/tags/v[0-9.]+$`}, true},
		{"other subject", policy.Identity{Issuer: publisher.Issuer, Subject: publisher.Subject + "0"}, false},
		{"beginning of the subject", policy.Identity{Issuer: publisher.Issuer, Subject: "https://forge.test/acme"}, false},
		{"other issuer", policy.Identity{Issuer: "https://issuer.test/", Subject: publisher.Subject}, false},
		{"pattern of another issuer", policy.Identity{Issuer: "https://other.test", SubjectPattern: `^.*$`}, false},
		{"pattern of a part", policy.Identity{Issuer: publisher.Issuer, SubjectPattern: `^https://forge\.test/acme$`}, false},
		{"pattern with an alternative past the anchors", policy.Identity{Issuer: publisher.Issuer, SubjectPattern: `^https://forge\.test/acme|nothing$`}, false},
		{"pattern of lines", policy.Identity{Issuer: publisher.Issuer, SubjectPattern: `^(?m)$`}, false},
		{"issuer as a pattern", policy.Identity{Issuer: "https://issuer.tes.", Subject: publisher.Subject}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := demands(t, stack)
			d.Identities = []policy.Identity{tt.identity}
			_, err := check(d, data)
			if tt.ok {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refused(t, err, verdict.Signature)
			if !strings.Contains(err.Error(), publisher.Subject) {
				t.Error("does not say who signed:", err)
			}
		})
	}
}

func TestDemandsThatMakeNoSenseAreRefused(t *testing.T) {
	stack := sigtest.New(t)
	b, err := sigbundle.Parse(stack.SignMessage(publisher, artifact))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*sigbundle.Demands){
		"no identity":         func(d *sigbundle.Demands) { d.Identities = nil },
		"empty identity":      func(d *sigbundle.Demands) { d.Identities = []policy.Identity{{}} },
		"no issuer":           func(d *sigbundle.Demands) { d.Identities = []policy.Identity{{Subject: publisher.Subject}} },
		"subject and pattern": func(d *sigbundle.Demands) { d.Identities[0].SubjectPattern = "^.*$" },
		"key and issuer":      func(d *sigbundle.Demands) { d.Identities[0].Key = publicKey(t, stack.Key("x")) },
		"no key":              func(d *sigbundle.Demands) { d.Identities = []policy.Identity{{Key: "AAAA"}} },
		"pattern without ^": func(d *sigbundle.Demands) {
			d.Identities = []policy.Identity{{Issuer: publisher.Issuer, SubjectPattern: "https://.*$"}}
		},
		"pattern without $": func(d *sigbundle.Demands) {
			d.Identities = []policy.Identity{{Issuer: publisher.Issuer, SubjectPattern: "^https://.*"}}
		},
		"pattern that is none": func(d *sigbundle.Demands) {
			d.Identities = []policy.Identity{{Issuer: publisher.Issuer, SubjectPattern: "^($"}}
		},
		"too many witnesses":    func(d *sigbundle.Demands) { d.Witnesses.Threshold = 4 },
		"one witness twice":     func(d *sigbundle.Demands) { d.Witnesses.Keys = append(d.Witnesses.Keys, d.Witnesses.Keys[0]) },
		"a log key as witness":  func(d *sigbundle.Demands) { d.Witnesses.Keys = []string{stack.LogVKey(), stack.LogVKey()} },
		"negative of witnesses": func(d *sigbundle.Demands) { d.Witnesses.Threshold = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			d := demands(t, stack)
			d.Identities = slices.Clone(d.Identities)
			change(&d)
			_, err := d.Verify(b, digest(artifact))
			refused(t, err, verdict.Rules)
		})
	}
	d := demands(t, stack)
	d.Trust = nil
	_, err = d.Verify(b, digest(artifact))
	refused(t, err, verdict.TrustRoot)
}
