// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"io"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Epoch is when signers sign that do not say when.
var Epoch = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// Options says what New builds.
type Options struct {
	Seed        string // of all keys; "" is a seed too
	Logs        int    // transparency logs; 0 is 1
	Authorities int    // timestamp authorities; 0 is 1
	Witnesses   int    // 0 is 3
	Origin      string // of the first log; "" is log.sigtest.example
	OneOrigin   bool   // all logs have the origin of the first, as after a change of keys
}

// Stack is a Sigstore. It is safe for concurrent use.
type Stack struct {
	t      testing.TB
	shared *authorities
	logs   []*treeLog
	faults Faults
}

// authorities is what forks of a stack have in common.
type authorities struct {
	seed      string
	ca        *certAuthority
	strange   *certAuthority // in no trust root
	ctKey     *ecdsa.PrivateKey
	tsas      []*timestamper
	witnesses []witness

	mu     sync.Mutex
	serial int64
}

// New returns a stack with everything that it needs.
func New(t testing.TB, options ...Options) *Stack {
	t.Helper()
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	seed := o.Seed
	a := &authorities{seed: seed, ctKey: deriveECDSA(seed, "ct")}
	a.ca = newCertAuthority(t, seed, "ca")
	a.strange = newCertAuthority(t, seed, "strange ca")
	for i := range orDefault(o.Authorities, 1) {
		a.tsas = append(a.tsas, newTimestamper(t, seed, i))
	}
	for i := range orDefault(o.Witnesses, 3) {
		name := "witness-" + strconv.Itoa(i+1) + ".sigtest.example"
		a.witnesses = append(a.witnesses, witness{name, deriveEd25519(seed, name)})
	}
	s := &Stack{t: t, shared: a}
	for i := range orDefault(o.Logs, 1) {
		origin := "log.sigtest.example"
		if i > 0 && !o.OneOrigin {
			origin = "log-" + strconv.Itoa(i+1) + ".sigtest.example"
		} else if o.Origin != "" {
			origin = o.Origin
		}
		s.logs = append(s.logs, newTreeLog(origin, deriveEd25519(seed, "log "+strconv.Itoa(i))))
	}
	return s
}

// With returns a stack with the same authorities and logs that signs with
// faults.
func (s *Stack) With(f Faults) *Stack {
	return &Stack{s.t, s.shared, s.logs, f}
}

// Fork returns a stack with the same keys whose logs start with the same
// entries as these have now, and grow on their own from there.
func (s *Stack) Fork() *Stack {
	fork := &Stack{t: s.t, shared: s.shared, faults: s.faults}
	for _, l := range s.logs {
		fork.logs = append(fork.logs, l.clone())
	}
	return fork
}

// LogOrigin returns the origin of the first log.
func (s *Stack) LogOrigin() string { return s.logs[0].origin }

// LogVKey returns the first log's key as a C2SP verifier key of type 0x01.
func (s *Stack) LogVKey() string { return s.logs[0].vkey() }

// WitnessKeys returns the C2SP verifier keys of all witnesses, of type 0x04.
func (s *Stack) WitnessKeys() []string {
	var keys []string
	for _, w := range s.shared.witnesses {
		keys = append(keys, w.vkey())
	}
	return keys
}

// nextSerial returns 1, then 2, and so on.
func (a *authorities) nextSerial() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serial++
	return a.serial
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// steady is a key whose signatures are the same each time (RFC 6979).
type steady struct{ *ecdsa.PrivateKey }

// Sign implements crypto.Signer.
func (k steady) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, opts)
}

// Key returns the P-256 key that derives from label: for signers with keys of
// their own.
func (s *Stack) Key(label string) *ecdsa.PrivateKey {
	return deriveECDSA(s.shared.seed, "key "+label)
}

func deriveECDSA(seed, label string) *ecdsa.PrivateKey {
	scalar := sha256.Sum256([]byte("sigtest\x00" + seed + "\x00" + label))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		panic(err)
	}
	return key
}

func deriveEd25519(seed, label string) ed25519.PrivateKey {
	s := sha256.Sum256([]byte("sigtest\x00" + seed + "\x00" + label))
	return ed25519.NewKeyFromSeed(s[:])
}
