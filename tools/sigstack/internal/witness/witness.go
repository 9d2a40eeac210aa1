// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package witness is a C2SP tlog-witness (https://c2sp.org/tlog-witness) for one log: it cosigns a checkpoint
// (https://c2sp.org/tlog-cosignature, Ed25519) if the log signed it and if it extends the one cosigned before.
// Signatures, checkpoints and proofs are those of filippo.io/torchwood and golang.org/x/mod/sumdb, as in
// litewitness; the state is in memory, so a witness remembers for one run.
package witness

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Witness cosigns the checkpoints of one log.
type Witness struct {
	Name   string
	signer *torchwood.CosignatureSigner
	log    note.Verifier

	mu   sync.Mutex
	size int64
	hash tlog.Hash
}

// New makes a witness with a new key for the log.
func New(name string, log note.Verifier) (*Witness, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := torchwood.NewCosignatureSigner(name, key)
	if err != nil {
		return nil, fmt.Errorf("witness %s: %w", name, err)
	}
	return &Witness{Name: name, signer: signer, log: log}, nil
}

// Key is the witness's vkey, of type 0x04.
func (w *Witness) Key() string { return w.signer.Verifier().String() }

// refusal is an answer other than a cosignature.
type refusal struct {
	code int
	text string
}

func (r *refusal) Error() string { return r.text }

func refuse(code int, text string) error { return &refusal{code, text} }

// ServeHTTP answers POST …/add-checkpoint.
func (w *Witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/add-checkpoint") {
		http.Error(rw, "expected POST …/add-checkpoint", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 1<<20))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	cosignature, err := w.add(body)
	var no *refusal
	switch {
	case errors.As(err, &no) && no.code == http.StatusConflict:
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(no.code)
		_, _ = fmt.Fprintln(rw, no.text)
	case errors.As(err, &no):
		http.Error(rw, no.text, no.code)
	case err != nil:
		http.Error(rw, err.Error(), http.StatusInternalServerError)
	default:
		_, _ = rw.Write(cosignature)
	}
}

// add checks a request as the specification of tlog-witness says, in its order.
func (w *Witness) add(body []byte) ([]byte, error) {
	head, signed, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return nil, refuse(http.StatusBadRequest, "no empty line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	number, ok := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || old < 0 || len(lines) > 64 {
		return nil, refuse(http.StatusBadRequest, "expected \"old SIZE\" and at most 63 hashes")
	}
	proof := make(tlog.TreeProof, 0, len(lines)-1)
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "malformed hash in the consistency proof")
		}
		proof = append(proof, hash)
	}
	origin, _, _ := strings.Cut(string(signed), "\n")
	if origin != w.log.Name() {
		return nil, refuse(http.StatusNotFound, "unknown log")
	}
	opened, err := note.Open(signed, note.VerifierList(w.log))
	if err != nil {
		return nil, refuse(http.StatusForbidden, "the checkpoint is not signed by the log")
	}
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "malformed checkpoint")
	}
	return w.cosign(old, proof, checkpoint, opened.Text)
}

func (w *Witness) cosign(old int64, proof tlog.TreeProof, c torchwood.Checkpoint, text string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case old > c.N:
		return nil, refuse(http.StatusBadRequest, "the old size is larger than the checkpoint's")
	case old != w.size:
		return nil, refuse(http.StatusConflict, strconv.FormatInt(w.size, 10))
	case old == c.N && old > 0 && c.Hash != w.hash:
		return nil, refuse(http.StatusConflict, strconv.FormatInt(w.size, 10))
	case old == 0 && len(proof) > 0:
		return nil, refuse(http.StatusUnprocessableEntity, "a proof from size 0 has no hashes")
	}
	if old > 0 && old < c.N {
		if err := tlog.CheckTree(proof, c.N, c.Hash, old, w.hash); err != nil {
			return nil, refuse(http.StatusUnprocessableEntity, "the checkpoint does not extend the one before")
		}
	}
	signed, err := note.Sign(&note.Note{Text: text}, w.signer)
	if err != nil {
		return nil, err
	}
	w.size, w.hash = c.N, c.Hash
	return signed[bytes.LastIndex(signed, []byte("\n\n"))+2:], nil
}
