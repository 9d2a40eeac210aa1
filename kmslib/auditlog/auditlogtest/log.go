// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package auditlogtest makes audit logs for tests: software keys whose signatures
// are always the same, and a log that can be grown, exported and pruned. It is
// not for use outside of tests.
package auditlogtest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"math/big"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// Key is a P-256 key pair, an auditlog.Signer.
type Key struct{ private *ecdsa.PrivateKey }

// NewKey returns a key made of a name: the same for the same name, and a secret
// to nobody.
func NewKey(name string) Key {
	scalar := sha256.Sum256([]byte(name))
	scalar[0] &= 0x7f // below the order of the curve
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		panic("auditlogtest: " + err.Error())
	}
	return Key{private}
}

// Point returns the uncompressed point.
func (k Key) Point() []byte {
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		panic("auditlogtest: " + err.Error())
	}
	return point
}

// ID returns the key id.
func (k Key) ID() string {
	id, err := auditlog.KeyID(k.Point())
	if err != nil {
		panic("auditlogtest: " + err.Error())
	}
	return id
}

// Sign returns the deterministic signature of RFC 6979, r ‖ s.
func (k Key) Sign(_ context.Context, message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	der, err := k.private.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return split(der), nil
}

// split turns a signature in DER into r ‖ s.
func split(der []byte) []byte {
	signature := make([]byte, auditlog.SignatureSize)
	der = der[2:]
	for i := range 2 {
		n := int(der[1])
		value := new(big.Int).SetBytes(der[2 : 2+n])
		value.FillBytes(signature[32*i : 32*i+32])
		der = der[2+n:]
	}
	return signature
}

// Verify is an auditlog.VerifyFunc.
func Verify(point, message, signature []byte) bool {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil || len(signature) != auditlog.SignatureSize {
		return false
	}
	digest := sha256.Sum256(message)
	return ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

// User, Release and Start are what logs of this package have: whose they are, the
// release that ran, and the time of entry 0, after which a minute passes each.
const (
	User    = "dGVzdC11c2VyLTAwMDAwMA"
	Release = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	Start   = 1767225600 // 2026-01-01T00:00:00Z
)

// Log is a log with its keys. Its fields may be altered.
type Log struct {
	Key          Key // the log key
	Delegate     Key
	Certificates []auditlog.Certificate
	Head         auditlog.Head
	Records      []auditlog.Record
}

// NewLog returns an empty log. Its delegated key may log any failure, and
// "vapid.issue", for a day from Start.
func NewLog() *Log {
	l := &Log{Key: NewKey("log"), Delegate: NewKey("delegate"), Head: auditlog.NewHead(User)}
	l.Certificates = []auditlog.Certificate{l.Certify(l.Delegate)}
	return l
}

// Certify returns the certificate of a delegated key after change, which may be
// nil, was made to it.
func (l *Log) Certify(key Key, change ...func(*auditlog.Certificate)) auditlog.Certificate {
	c := auditlog.Certificate{
		User: User, Point: key.Point(), NotBefore: Start, NotAfter: Start + 86400, Code: Release,
		Scope: []string{"*:cancelled", "*:denied", "*:locked", "*:rate_limited", "*:wrong_credential", "vapid.issue:ok"},
	}
	for _, f := range change {
		f(&c)
	}
	signed, err := auditlog.SignCertificate(context.Background(), c, l.Key)
	if err != nil {
		panic("auditlogtest: " + err.Error())
	}
	return signed
}

// Entry returns what entry seq of Grow is: unlock, then signatures, each tenth a
// refusal.
func Entry(seq int64) auditlog.Entry {
	e := auditlog.Entry{
		Time: Start + 60*seq, Method: "vapid.sign", Outcome: auditlog.OutcomeOK, Origin: "https://app.example",
		Key: "vapid-key-of-the-app", Session: "session-1", Release: Release,
	}
	switch {
	case seq == 0:
		e.Method, e.Key, e.Detail = "vault.unlock", "", "passphrase"
	case seq%10 == 9:
		e.Outcome, e.Session = "locked", ""
	}
	return e
}

// Add appends an entry by a key.
func (l *Log) Add(e auditlog.Entry, by Key) {
	record, head, err := auditlog.Append(context.Background(), l.Head, e, by)
	if err != nil {
		panic("auditlogtest: " + err.Error())
	}
	l.Records, l.Head = append(l.Records, record), head
}

// Grow appends n of Entry, what failed by the delegated key.
func (l *Log) Grow(n int) *Log {
	for range n {
		e := Entry(l.Head.Size())
		by := l.Key
		if e.Outcome != auditlog.OutcomeOK {
			by = l.Delegate
		}
		l.Add(e, by)
	}
	return l
}

// Prune prunes the entries before seq.
func (l *Log) Prune(seq int) *Log {
	for i := range l.Records[:seq] {
		l.Records[i] = l.Records[i].Prune()
	}
	return l
}

// Checkpoint returns the checkpoint of now.
func (l *Log) Checkpoint() string {
	text, err := l.Head.Checkpoint()
	if err != nil {
		panic("auditlogtest: " + err.Error())
	}
	return text
}

// Read is the tree of the log, for proofs.
func (l *Log) Read() merkle.HashReader {
	return auditlog.HashReader(func(seq int64) (auditlog.Record, error) { return l.Records[seq], nil })
}

// Header returns the header of a bundle that begins at first.
func (l *Log) Header(first int64) auditlog.BundleHeader {
	prefix, err := merkle.FrontierAt(first, l.Read())
	if err != nil {
		panic("auditlogtest: " + err.Error())
	}
	return auditlog.BundleHeader{
		User: l.Head.User, Point: l.Key.Point(), Certificates: l.Certificates,
		First: first, Size: l.Head.Size(), Prefix: prefix,
	}
}

// Lines returns the lines of a bundle that begins at first.
func (l *Log) Lines(first int64) [][]byte {
	lines := [][]byte{l.Header(first).Line()}
	for _, r := range l.Records[first:] {
		lines = append(lines, r.Line())
	}
	return append(lines, auditlog.Footer(l.Checkpoint()))
}

// Bundle returns the whole log as a bundle.
func (l *Log) Bundle() []byte {
	var all []byte
	for _, line := range l.Lines(0) {
		all = append(all, line...)
	}
	return all
}
