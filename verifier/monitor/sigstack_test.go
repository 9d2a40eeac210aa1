// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/internal/stacktest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// realLog is a Rekor v2 with witnesses on loopback.
type realLog struct{ *stacktest.Stack }

// sign logs a signature over data by a key.
func (l realLog) sign(t *testing.T, key *ecdsa.PrivateKey, data string) {
	digest := sha256.Sum256([]byte(data))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Error(err)
		return
	}
	body, _ := json.Marshal(map[string]any{"hashedRekordRequestV002": map[string]any{
		"digest": digest[:],
		"signature": map[string]any{"content": signature, "verifier": map[string]any{
			"publicKey": map[string]any{"rawBytes": der(t, key)}, "keyDetails": "PKIX_ECDSA_P256_SHA_256",
		}},
	}}) // strings and bytes always marshal
	response, err := http.Post(l.Rekor+"/api/v2/log/entries", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(response.Body)
		t.Errorf("status %d: %s", response.StatusCode, text)
	}
}

func der(t *testing.T, key *ecdsa.PrivateKey) []byte {
	data, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Error(err)
	}
	return data
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signAll logs n signatures at once.
func (l realLog) signAll(t *testing.T, n int, name string) {
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { l.sign(t, newKey(t), name+strconv.Itoa(i)) })
	}
	running.Wait()
}

func TestRealRekorIsWatched(t *testing.T) {
	log := realLog{stacktest.Start(t)}
	data, err := os.ReadFile(log.TrustedRoot)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := trust.Parse("trusted_root.json", data)
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t)
	p := &policy.Policy{
		Name:       "acme",
		Publishers: []policy.Publisher{{Name: "acme", Identity: policy.Identity{Key: base64.StdEncoding.EncodeToString(der(t, key))}}},
		Log:        policy.LogRule{Threshold: 1, Origins: []string{log.Origin}},
		Witnesses:  policy.WitnessRule{Threshold: log.Quorum},
	}
	for _, witness := range log.Witnesses {
		p.Witnesses.Keys = append(p.Witnesses.Keys, witness.VKey)
	}
	w := &world{t: t, config: Config{
		Trust: trusted, Policy: p, Now: time.Now(), State: filepath.Join(t.TempDir(), "state"),
		Source:   HTTP(log.RekorRead, site.NewTransport()),
		evidence: func(*verdict.Report, evidence.Input) {},
	}}
	known, manifest := knownReleaseOf(t)
	w.config.Known = []Release{known}
	log.signAll(t, 5, "other")
	log.sign(t, key, string(manifest))
	report, state := w.look()
	wantFine(t, report)
	if state.Publishers != 1 || state.Next != 6 {
		t.Errorf("state %+v", state)
	}
	log.signAll(t, 270, "more")
	log.sign(t, key, "a release for one user")
	report, state = w.look()
	wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "entry 276 by acme at log "+log.Origin+": no known release")
	wantCheck(t, report, verdict.Consistency, verdict.OK, "from 6 to 277")
	w.config.Source, w.config.Acknowledge = Folder(filepath.Join(log.Dir, "rekor", "tiles")), []int64{1}
	report, _ = w.look()
	wantFine(t, report)
	t.Logf("%d entries of a real Rekor v2", state.Next)
}
