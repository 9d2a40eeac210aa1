// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
	"ats.run/kms-enclave/kmslib/updateproof"
)

// Names and times of the tests' log and witnesses.
const (
	logName  = "log.example/2026"
	firstDay = 1_790_000_000
)

// manifest stands for a release.json.
const manifest = `{"format":"kms-enclave-release/2","version":"0.5.0"}`

// updateKey is an update key made of a name.
func updateKey(name string) *ecdsa.PrivateKey {
	seed := sha256.Sum256([]byte("update key " + name))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	if err != nil {
		panic(err)
	}
	return key
}

func spki(key *ecdsa.PrivateKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	return der
}

// sign signs deterministically (RFC 6979).
func sign(key *ecdsa.PrivateKey, text string) []byte {
	digest := sha256.Sum256([]byte(text))
	der, err := key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return der
}

// signer is a log or a witness.
type signer struct {
	name string
	kind byte
	key  ed25519.PrivateKey
}

func newSigner(name string, kind byte) signer {
	seed := sha256.Sum256([]byte("note key " + name))
	return signer{name, kind, ed25519.NewKeyFromSeed(seed[:])}
}

func (s signer) public() []byte {
	return append([]byte{s.kind}, s.key.Public().(ed25519.PublicKey)...)
}

func (s signer) id() []byte {
	sum := sha256.Sum256(append([]byte(s.name+"\n"), s.public()...))
	return sum[:4]
}

func (s signer) vkey() string {
	return s.name + "+" + hex.EncodeToString(s.id()) + "+" + base64.StdEncoding.EncodeToString(s.public())
}

// line returns a signature line around a signature.
func (s signer) line(signature []byte) string {
	return "— " + s.name + " " + base64.StdEncoding.EncodeToString(append(s.id(), signature...)) + "\n"
}

func (s signer) sign(body string) string { return s.line(ed25519.Sign(s.key, []byte(body))) }

func (s signer) cosign(body string, time uint64) string {
	message := "cosignature/v1\ntime " + strconv.FormatUint(time, 10) + "\n" + body
	return s.line(append(binary.BigEndian.AppendUint64(nil, time), ed25519.Sign(s.key, []byte(message))...))
}

// evidence is what a proof is made of, before it is written.
type evidence struct {
	key        *ecdsa.PrivateKey
	signature  []byte
	index      int64
	hashes     []merkle.Hash
	body       string // of the checkpoint
	signatures []string
}

// logged returns the evidence for a manifest at a place in a log of size entries.
func logged(text string, index, size int64) *evidence {
	e := &evidence{key: updateKey("A"), index: index}
	e.signature = sign(e.key, text)
	e.grow(updateproof.EntryBody(sha256.Sum256([]byte(text)), e.signature, spki(e.key)), size)
	return e
}

// grow builds the log around an entry.
func (e *evidence) grow(entry []byte, size int64) {
	var tree merkle.Frontier
	nodes := make(map[[2]int64]merkle.Hash)
	for i := range size {
		leaf := []byte("entry " + strconv.FormatInt(i, 10))
		if i == e.index {
			leaf = entry
		}
		var completed []merkle.Hash
		tree, completed = tree.Append(merkle.LeafHash(leaf))
		for level, hash := range completed {
			nodes[[2]int64{int64(level), i >> level}] = hash
		}
	}
	read := func(level int, index int64) (merkle.Hash, error) { return nodes[[2]int64{int64(level), index}], nil }
	hashes, err := merkle.InclusionProof(e.index, size, read)
	if err != nil {
		panic(err)
	}
	root := tree.Root()
	e.hashes = hashes
	e.body = checkpointBody(logName, size, root[:])
}

func checkpointBody(name string, size int64, root []byte) string {
	return name + "\n" + strconv.FormatInt(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root) + "\n"
}

// signed adds the log's signature, and cosignatures a day apart.
func (e *evidence) signed(witnesses ...signer) *evidence {
	e.signatures = []string{theLog.sign(e.body)}
	for i, w := range witnesses {
		e.signatures = append(e.signatures, w.cosign(e.body, firstDay+86400*uint64(i)))
	}
	return e
}

// file writes the proof without the package under test.
func (e *evidence) file() string {
	var text strings.Builder
	text.WriteString("c2sp.org/tlog-proof@v1\nextra " + base64.StdEncoding.EncodeToString(e.signature) + "\nindex ")
	text.WriteString(strconv.FormatInt(e.index, 10) + "\n")
	for _, hash := range e.hashes {
		text.WriteString(base64.StdEncoding.EncodeToString(hash[:]) + "\n")
	}
	return text.String() + "\n" + e.body + "\n" + strings.Join(e.signatures, "")
}

var (
	theLog   = newSigner(logName, 1)
	witness1 = newSigner("witness.example/1", 4)
	witness2 = newSigner("witness.example/2", 4)
	witness3 = newSigner("witness.example/3", 4)
	stranger = newSigner("stranger.example", 4)
)

// rule is the one that good evidence meets, with any two of three witnesses.
func rule() updateproof.Rule {
	return updateproof.Rule{
		Keys:      [][]byte{spki(updateKey("B")), spki(updateKey("A"))},
		Log:       theLog.vkey(),
		Witnesses: []string{witness1.vkey(), witness2.vkey(), witness3.vkey()},
		Threshold: 2,
	}
}

func parse(t testing.TB, file string) *updateproof.Proof {
	t.Helper()
	proof, err := updateproof.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return proof
}
