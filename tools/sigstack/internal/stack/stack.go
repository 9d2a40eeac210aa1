// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package stack starts the parts of a Sigstore, wires them together and writes down what a client needs.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ats.run/kms-enclave/tools/sigstack/internal/ctlog"
	"ats.run/kms-enclave/tools/sigstack/internal/fulcio"
	"ats.run/kms-enclave/tools/sigstack/internal/gate"
	"ats.run/kms-enclave/tools/sigstack/internal/oidc"
	"ats.run/kms-enclave/tools/sigstack/internal/pki"
	"ats.run/kms-enclave/tools/sigstack/internal/rekor"
	"ats.run/kms-enclave/tools/sigstack/internal/tsa"
	"ats.run/kms-enclave/tools/sigstack/internal/witness"
)

// Options of a stack. The zero value of each has the meaning that is named.
type Options struct {
	Dir       string   // "": a new temporary folder, removed at the end
	Hostname  string   // "": DefaultHostname. The log's origin
	Witnesses int      // how many; 0: none
	Quorum    int      // how many of them the log waits for; 0: all
	Faults    []string // "<part>-down" for parts and witnesses that are down from the start
}

// DefaultHostname is the log's origin. It is another name than the address at which the log is reached, as a
// verifier must take the origin from the trusted root and from nowhere else.
const DefaultHostname = "rekor.localhost"

// MaxWitnesses bounds Options.Witnesses.
const MaxWitnesses = 16

// Stack is a running Sigstore.
type Stack struct {
	Info Info

	cancel    context.CancelFunc
	rekor     *rekor.Server
	gates     map[string]*gate.Gate
	stop      chan struct{}
	logs      []io.Closer
	temporary bool
}

// Start runs everything and returns when all of it answers.
func Start(ctx context.Context, o Options) (*Stack, error) {
	if o.Hostname == "" {
		o.Hostname = DefaultHostname
	}
	if o.Quorum == 0 {
		o.Quorum = o.Witnesses
	}
	if o.Witnesses < 0 || o.Witnesses > MaxWitnesses || o.Quorum < 0 || o.Quorum > o.Witnesses {
		return nil, fmt.Errorf("expected 0 to %d witnesses and a quorum of at most as many, found %d and %d",
			MaxWitnesses, o.Witnesses, o.Quorum)
	}
	if strings.ContainsAny(o.Hostname, ":/+ ") {
		return nil, fmt.Errorf("hostname %q: expected a host name without scheme, port and path", o.Hostname)
	}
	s := &Stack{gates: map[string]*gate.Gate{}, stop: make(chan struct{}, 1), temporary: o.Dir == ""}
	ctx, s.cancel = context.WithCancel(ctx)
	if err := s.start(ctx, o); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, o Options) error {
	if err := s.folder(o.Dir); err != nil {
		return err
	}
	s.Info.Format, s.Info.PID = Format, os.Getpid()
	signing, err := pki.Signing("fulcio")
	if err != nil {
		return err
	}
	stamping, err := pki.TimeStamping("tsa")
	if err != nil {
		return err
	}
	ct, err := s.certificates(ctx, signing)
	if err != nil {
		return err
	}
	stampURL, err := s.serve(ctx, "tsa", tsa.New(stamping))
	if err != nil {
		return err
	}
	s.Info.TSA = stampURL + tsa.Path
	log, err := s.log(ctx, o)
	if err != nil {
		return err
	}
	if err := s.control(ctx); err != nil {
		return err
	}
	for _, fault := range o.Faults {
		name, ok := strings.CutSuffix(fault, "-down")
		if !ok || s.set(name, false) != nil {
			return fmt.Errorf("unknown fault %q: expected PART-down, with one of %s", fault, s.parts())
		}
	}
	return s.write(signing, stamping, ct, log, o.Quorum)
}

// folder makes the stack's folder. A folder that has been used is refused: its log has another key.
func (s *Stack) folder(dir string) error {
	if dir == "" {
		made, err := os.MkdirTemp("", "sigstack-")
		if err != nil {
			return err
		}
		dir = made
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	s.Info.Dir = dir
	if _, err := os.Stat(filepath.Join(dir, rekorFolder)); !errors.Is(err, os.ErrNotExist) {
		s.temporary = false
		return fmt.Errorf("%s holds an earlier stack, whose keys are gone; remove it or name another folder", dir)
	}
	return os.MkdirAll(filepath.Join(dir, "log"), 0o700)
}

// certificates starts the issuer, the CT log and Fulcio.
func (s *Stack) certificates(ctx context.Context, signing *pki.Authority) (*ctlog.Log, error) {
	listener, err := gate.Listen()
	if err != nil {
		return nil, err
	}
	issuer, err := oidc.New(gate.URL(listener))
	if err != nil {
		return nil, err
	}
	if err := s.serveOn(ctx, listener, "oidc", issuer.Handler()); err != nil {
		return nil, err
	}
	s.Info.OIDC = issuer.URL
	s.Info.Issuers = Issuer{CI: issuer.CI(), Email: issuer.Email(), URI: issuer.URI()}

	roots := filepath.Join(s.Info.Dir, "fulcio-root.pem")
	root := signing.Chain[len(signing.Chain)-1]
	if err := os.WriteFile(roots, pki.PEM(root), 0o600); err != nil {
		return nil, err
	}
	if err := s.quiet(); err != nil {
		return nil, err
	}
	ct, err := ctlog.Start(ctx, roots)
	if err != nil {
		return nil, err
	}
	url, err := s.serve(ctx, "ct", ct.Handler)
	if err != nil {
		return nil, err
	}
	s.Info.CT = url + "/" + ctlog.Prefix
	api, err := fulcio.New(ctx, signing, issuer, s.Info.CT, ct.Key)
	if err != nil {
		return nil, err
	}
	s.Info.Fulcio, err = s.serve(ctx, "fulcio", api)
	return ct, err
}

// log starts the witnesses and Rekor.
func (s *Stack) log(ctx context.Context, o Options) (*rekor.Log, error) {
	log, err := rekor.NewLog(o.Hostname)
	if err != nil {
		return nil, err
	}
	s.Info.Origin, s.Info.LogKey, s.Info.Quorum = log.Origin, log.VKey, o.Quorum
	verifier, err := log.Verifier()
	if err != nil {
		return nil, err
	}
	policy, names := "", ""
	for i := range o.Witnesses {
		name := fmt.Sprintf("w%d", i+1)
		w, err := witness.New(name+".witness.localhost", verifier)
		if err != nil {
			return nil, err
		}
		url, err := s.serve(ctx, name, w)
		if err != nil {
			return nil, err
		}
		s.Info.Witnesses = append(s.Info.Witnesses, Witness{Name: name, VKey: w.Key(), URL: url})
		policy += fmt.Sprintf("witness %s %s %s\n", name, w.Key(), url)
		names += " " + name
	}
	quorum := "none"
	if o.Quorum > 0 {
		quorum = "all-witnesses"
		policy += fmt.Sprintf("group %s %d%s\n", quorum, o.Quorum, names)
	}
	policy += "quorum " + quorum + "\n"
	out, err := s.logFile("rekor")
	if err != nil {
		return nil, err
	}
	s.rekor, err = log.Start(ctx, filepath.Join(s.Info.Dir, rekorFolder), policy, out)
	if err != nil {
		return nil, err
	}
	s.Info.Rekor, err = s.serve(ctx, "rekor", s.rekor.Handler)
	s.Info.Read = s.Info.Rekor + "/api/v2"
	return log, err
}

func (s *Stack) serve(ctx context.Context, name string, h http.Handler) (string, error) {
	l, err := gate.Listen()
	if err != nil {
		return "", err
	}
	return gate.URL(l), s.serveOn(ctx, l, name, h)
}

func (s *Stack) serveOn(ctx context.Context, l net.Listener, name string, h http.Handler) error {
	out, err := s.logFile(name)
	if err != nil {
		return err
	}
	s.gates[name] = gate.New(h)
	gate.Serve(ctx, l, s.gates[name], out)
	return nil
}

// Stopped is given a value when a client asks the stack to stop.
func (s *Stack) Stopped() <-chan struct{} { return s.stop }

// Ended is closed when rekor-server ended without being asked to.
func (s *Stack) Ended() <-chan struct{} { return s.rekor.Done() }

// Idle is how long nobody has asked any part for anything.
func (s *Stack) Idle() time.Duration {
	idle := time.Duration(1<<63 - 1)
	for _, g := range s.gates {
		idle = min(idle, time.Since(g.Last()))
	}
	return idle
}

// Stop ends everything. Of the folder it removes what only a running stack needs, or all if it was temporary.
func (s *Stack) Stop() {
	s.cancel()
	if s.rekor != nil {
		s.rekor.Stop()
	}
	for _, l := range s.logs {
		_ = l.Close()
	}
	if s.temporary && s.Info.Dir != "" {
		_ = os.RemoveAll(s.Info.Dir)
	} else if s.Info.Dir != "" {
		_ = os.Remove(filepath.Join(s.Info.Dir, infoFile))
	}
}
