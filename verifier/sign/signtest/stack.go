// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package signtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/mod/sumdb/note"

	cosignature "github.com/transparency-dev/formats/note"
)

// The services, as Fault and Requests name them.
const (
	Authority = "fulcio"
	Log       = "rekor"
	Timestamp = "tsa"
	Issuer    = "token"
)

// Stack is a running set of services.
type Stack struct {
	t      testing.TB
	server *httptest.Server
	tsa    *timestamper
	logKey ed25519.PrivateKey
	signer note.Signer

	mu        sync.Mutex
	tree      *testonly.Tree
	seen      map[string]bool // bodies of entries
	witnesses []note.Signer
	keys      []string
	absent    int // how many answers have no cosignature yet
	faults    map[string]http.HandlerFunc
	requests  map[string]int
	token     string
}

// New starts the services; they end with the test.
func New(t testing.TB) *Stack {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	s := &Stack{
		t: t, tsa: newTimestamper(t), logKey: private, tree: testonly.New(rfc6962.DefaultHasher),
		seen: make(map[string]bool), faults: make(map[string]http.HandlerFunc), requests: make(map[string]int),
	}
	s.signer = noteSigner(t, "127.0.0.1", private)
	for _, name := range []string{"witness-1.example", "witness-2.example", "witness-3.example"} {
		secret, public, err := note.GenerateKey(rand.Reader, name)
		check(t, err)
		signer, err := cosignature.NewSignerForCosignatureV1(secret)
		check(t, err)
		vkey, err := cosignature.VKeyToCosignatureV1(public)
		check(t, err)
		s.witnesses, s.keys = append(s.witnesses, signer), append(s.keys, vkey)
	}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.server.Close)
	return s
}

// URL returns the address of a service.
func (s *Stack) URL(service string) string { return s.server.URL + "/" + service }

// WitnessKeys returns the verifier keys of three witnesses.
func (s *Stack) WitnessKeys() []string { return s.keys }

// SendWitnessesHome makes the next n answers of the log carry no cosignature.
func (s *Stack) SendWitnessesHome(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.absent = n
}

// Break makes a service answer with a handler; nil mends it.
func (s *Stack) Break(service string, handler http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[service] = handler
}

// Requests says how many requests a service has had.
func (s *Stack) Requests(service string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[service]
}

// SetToken sets what the issuer answers.
func (s *Stack) SetToken(token string) { s.token = token }

func (s *Stack) serve(w http.ResponseWriter, r *http.Request) {
	service, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.mu.Lock()
	s.requests[service]++
	fault := s.faults[service]
	s.mu.Unlock()
	switch {
	case fault != nil:
		fault(w, r)
	case service == Timestamp:
		s.tsa.serve(w, r)
	case service == Log:
		s.addEntry(w, r)
	case service == Issuer:
		_ = json.NewEncoder(w).Encode(map[string]string{"value": s.token})
	default:
		http.NotFound(w, r)
	}
}

// Status returns a fault: a status with a body that nobody may repeat.
func Status(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(Unspeakable))
	}
}

// Unspeakable is in the body of faults, and must be in no error.
const Unspeakable = "SECRET-OF-THE-SERVER"

// Garbage is a fault: success, with an answer that is none.
func Garbage(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write([]byte(Unspeakable))
}

// HangUp is a fault: the connection ends within the answer.
func HangUp(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write([]byte("{"))
}

// Silence is a fault: no answer until the client gives up.
func Silence(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the client has gone
	select {
	case <-r.Context().Done():
	case <-time.After(10 * time.Second):
	}
}

// Redirect is a fault: elsewhere, with whatever the request carries.
func Redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
