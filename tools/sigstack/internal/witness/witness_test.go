// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tree is a log in memory.
type tree struct {
	t      testing.TB
	signer note.Signer
	hashes []tlog.Hash
	size   int64
}

func newTree(t testing.TB, origin string) (*tree, note.Verifier) {
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return &tree{t: t, signer: signer}, verifier
}

func (l *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = l.hashes[index]
	}
	return out, nil
}

func (l *tree) add(data string) {
	hashes, err := tlog.StoredHashes(l.size, []byte(data), l)
	if err != nil {
		l.t.Fatal(err)
	}
	l.hashes = append(l.hashes, hashes...)
	l.size++
}

func (l *tree) checkpoint(origin string) string {
	hash, err := tlog.TreeHash(l.size, l)
	if err != nil {
		l.t.Fatal(err)
	}
	text := torchwood.Checkpoint{Origin: origin, Tree: tlog.Tree{N: l.size, Hash: hash}}.String()
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(signed)
}

func (l *tree) request(old int64, origin string) string {
	body := fmt.Sprintf("old %d\n", old)
	if old > 0 && old < l.size {
		proof, err := tlog.ProveTree(l.size, old, l)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, h := range proof {
			body += h.String() + "\n"
		}
	}
	return body + "\n" + l.checkpoint(origin)
}

func ask(w *Witness, body string) (int, string) {
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/add-checkpoint", strings.NewReader(body)))
	return recorder.Code, recorder.Body.String()
}

func TestCosignsOnlyWhatExtendsTheLog(t *testing.T) {
	const origin = "log.example"
	log, verifier := newTree(t, origin)
	fork := &tree{t: t, signer: log.signer}
	w, err := New("w.example", verifier)
	if err != nil {
		t.Fatal(err)
	}
	log.add("a")
	fork.add("b")
	expect := func(name string, want int, body string) string {
		t.Helper()
		status, answer := ask(w, body)
		if status != want {
			t.Errorf("%s: status %d (%s), expected %d", name, status, strings.TrimSpace(answer), want)
		}
		return answer
	}
	cosignature := expect("the first", 200, log.request(0, origin))
	checker, err := torchwood.NewCosignatureVerifier(w.Key())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open([]byte(log.checkpoint(origin)+cosignature), note.VerifierList(checker)); err != nil {
		t.Errorf("cosignature: %v", err)
	}
	if size := expect("a wrong old size", 409, log.request(0, origin)); size != "1\n" {
		t.Errorf("known size: %q", size)
	}
	expect("the same again", 200, log.request(1, origin))
	expect("another tree of the same size", 409, fork.request(1, origin))
	log.add("c")
	fork.add("c")
	expect("a fork", 422, fork.request(1, origin))
	expect("without a proof", 422, "old 1\n\n"+log.checkpoint(origin))
	expect("an extension", 200, log.request(1, origin))
	expect("a smaller tree", 400, "old 5\n\n"+log.checkpoint(origin))

	other, _ := newTree(t, origin)
	other.add("a")
	expect("another key", 403, other.request(2, origin))
	expect("another log", 404, log.request(2, "other.example"))
	for _, body := range []string{"", "old", "old x\n\nx", "old -1\n\nx", "old 1\nAAAA\n\n" + log.checkpoint(origin)} {
		expect("malformed", 400, body)
	}
}

func FuzzAddCheckpoint(f *testing.F) {
	const origin = "log.example"
	log, verifier := newTree(f, origin)
	log.add("a")
	f.Add(log.request(0, origin))
	f.Add("old 0\n\nlog.example\n")
	w, err := New("w.example", verifier)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if status, answer := ask(w, body); status == 200 && !strings.HasPrefix(answer, "— w.example ") {
			t.Errorf("answer %q", answer)
		}
	})
}
