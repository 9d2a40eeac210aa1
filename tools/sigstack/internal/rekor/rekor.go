// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rekor

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"golang.org/x/mod/sumdb/note"
)

// Log is a log's name and key. The key is Ed25519, because witnesses accept no other.
type Log struct {
	Origin string // the host name of the log, without a port: Rekor v2's rule
	Key    ed25519.PublicKey
	ID     []byte // logId of the trusted root: the whole hash of name and key
	VKey   string // of C2SP signed-note

	private ed25519.PrivateKey
}

// NewLog makes a log's key.
func NewLog(origin string) (*Log, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	_, id, err := rekornote.KeyHash(origin, public)
	if err != nil {
		return nil, err
	}
	vkey, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, fmt.Errorf("the log's name %q: %w", origin, err)
	}
	return &Log{Origin: origin, Key: public, ID: id, VKey: vkey, private: private}, nil
}

// Verifier checks the log's own signature of a checkpoint.
func (l *Log) Verifier() (note.Verifier, error) { return note.NewVerifier(l.VKey) }

// Server is a running rekor-server with the front before it.
type Server struct {
	Handler http.Handler
	PID     int

	stdin io.Closer
	done  chan struct{}
}

// Start runs rekor-server with its storage and key in dir. Policy is the witness policy, in Sigsum's format.
func (l *Log) Start(ctx context.Context, dir, policy string, logs io.Writer) (*Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(l.private)
	if err != nil {
		return nil, err
	}
	keyFile, policyFile := filepath.Join(dir, "log.key"), filepath.Join(dir, "witness-policy.txt")
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := errors.Join(os.WriteFile(keyFile, key, 0o600), os.WriteFile(policyFile, []byte(policy), 0o600)); err != nil {
		return nil, err
	}
	storage := filepath.Join(dir, "tiles")
	var last error
	// A port can be taken between finding it and rekor-server's opening it.
	for range 3 {
		server, err := l.try(ctx, storage, keyFile, policyFile, logs)
		if err == nil {
			return server, nil
		}
		last = err
	}
	return nil, last
}

func (l *Log) try(ctx context.Context, storage, keyFile, policyFile string, logs io.Writer) (*Server, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(self, "serve", "--hostname", l.Origin, "--storage-dir", storage,
		"--signer-filepath", keyFile, "--witness-policy-path", policyFile,
		"--http-address", "127.0.0.1", "--http-port", strconv.Itoa(ports[0]), "--http-metrics-port", "0",
		"--grpc-address", "127.0.0.1", "--grpc-port", strconv.Itoa(ports[1]),
		"--checkpoint-interval", "200ms", "--batch-max-age", "50ms")
	command.Env = append(os.Environ(), childVariable+"=rekor")
	command.Stdout, command.Stderr = logs, logs
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("rekor-server: %w", err)
	}
	server := &Server{PID: command.Process.Pid, stdin: stdin, done: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(server.done)
	}()
	backend := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))}
	if err := server.await(ctx, backend.String(), filepath.Join(storage, "checkpoint")); err != nil {
		server.Stop()
		return nil, err
	}
	server.Handler = front(backend, storage)
	return server, nil
}

// await returns when rekor-server answers and has published its first checkpoint.
func (s *Server) await(ctx context.Context, url, checkpoint string) error {
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if response, err := http.Get(url + "/healthz"); err == nil {
			_ = response.Body.Close()
			if _, err := os.Stat(checkpoint); err == nil && response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.done:
			return errors.New("rekor-server ended at its start; see log/rekor.txt")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("rekor-server did not answer within 20 s; see log/rekor.txt")
}

// Done is closed when rekor-server has ended.
func (s *Server) Done() <-chan struct{} { return s.done }

// Stop ends rekor-server and waits for it.
func (s *Server) Stop() {
	_ = s.stdin.Close()
	<-s.done
}

func front(backend *url.URL, storage string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /api/v2/log/entries", httputil.NewSingleHostReverseProxy(backend))
	files := http.StripPrefix("/api/v2", http.FileServerFS(os.DirFS(storage)))
	mux.HandleFunc("GET /api/v2/checkpoint", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /api/v2/tile/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r) // no listings of folders
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		files.ServeHTTP(w, r)
	})
	return mux
}

func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("no free port on 127.0.0.1: %w", err)
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
