// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigtest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
)

// treeLog is a transparency log: entries, their RFC 6962 tree and a key.
type treeLog struct {
	origin string
	key    ed25519.PrivateKey

	mu      sync.Mutex
	tree    *testonly.Tree
	entries [][]byte
	latest  time.Time // when its witnesses looked at it last
}

func newTreeLog(origin string, key ed25519.PrivateKey) *treeLog {
	return &treeLog{origin: origin, key: key, tree: testonly.New(rfc6962.DefaultHasher), latest: Epoch}
}

func (l *treeLog) clone() *treeLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := newTreeLog(l.origin, l.key)
	c.latest = l.latest
	c.tree.AppendData(l.entries...)
	c.entries = append(c.entries, l.entries...)
	return c
}

// inclusion is where an entry is in a log.
type inclusion struct {
	index, size int64
	root        []byte
	hashes      [][]byte
}

// add appends an entry, and says where it is in the tree that ends with it.
func (l *treeLog) add(t testing.TB, body []byte, at time.Time) inclusion {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tree.AppendData(body)
	l.entries = append(l.entries, body)
	if at.After(l.latest) {
		l.latest = at
	}
	size := l.tree.Size()
	hashes, err := l.tree.InclusionProof(size-1, size)
	if err != nil {
		t.Fatal(err)
	}
	return inclusion{int64(size) - 1, int64(size), l.tree.Hash(), hashes}
}

// keyID returns the untruncated key hash of C2SP's signed notes.
func (l *treeLog) keyID() []byte { return keyHash(l.origin, 1, l.public()) }

func (l *treeLog) public() ed25519.PublicKey { return l.key.Public().(ed25519.PublicKey) }

func (l *treeLog) vkey() string { return vkey(l.origin, 1, l.public()) }

// checkpoint returns the signed note for a tree, with the cosignatures of
// witnesses.
func (l *treeLog) checkpoint(origin string, size int64, root []byte, witnesses []witness, at time.Time) string {
	text := origin + "\n" + strconv.FormatInt(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root) + "\n"
	note := text + "\n" + noteLine(origin, keyHash(origin, 1, l.public()), ed25519.Sign(l.key, []byte(text)))
	for _, w := range witnesses {
		note += w.cosign(text, at)
	}
	return note
}

// witness cosigns checkpoints as in C2SP's tlog-cosignature.
type witness struct {
	name string
	key  ed25519.PrivateKey
}

func (w witness) public() ed25519.PublicKey { return w.key.Public().(ed25519.PublicKey) }

func (w witness) vkey() string { return vkey(w.name, 4, w.public()) }

func (w witness) cosign(text string, at time.Time) string {
	message := "cosignature/v1\ntime " + strconv.FormatInt(at.Unix(), 10) + "\n" + text
	signature := binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))
	signature = append(signature, ed25519.Sign(w.key, []byte(message))...)
	return noteLine(w.name, keyHash(w.name, 4, w.public()), signature)
}

func keyHash(name string, algorithm byte, key []byte) []byte {
	sum := sha256.Sum256(append([]byte(name+"\n"+string(rune(algorithm))), key...))
	return sum[:]
}

func vkey(name string, algorithm byte, key []byte) string {
	return name + "+" + hex.EncodeToString(keyHash(name, algorithm, key)[:4]) + "+" +
		base64.StdEncoding.EncodeToString(append([]byte{algorithm}, key...))
}

func noteLine(name string, hash, signature []byte) string {
	return "— " + name + " " + base64.StdEncoding.EncodeToString(append(hash[:4:4], signature...)) + "\n"
}
