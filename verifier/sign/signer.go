// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"net/http"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	sigstore "github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/trust"
)

// attempts is how often a whole signature is tried before giving up on witnesses
// or on a log that has an equal entry.
const attempts = 3

// StatementMediaType is the payload type of signed statements (in-toto v1).
const StatementMediaType = "application/vnd.in-toto+json"

// Signer signs with one key or identity at one Sigstore instance.
type Signer struct {
	Services  Services
	Trust     *trust.Root
	Key       Key                // nil: keyless, by Tokens
	Tokens    TokenSource        // used if there is no Key
	Accept    []policy.Identity  // the result must be by one of these; empty: by anyone
	Witnesses policy.WitnessRule // threshold 0: none needed
	Transport http.RoundTripper
	Timeout   time.Duration // of one request; 0: DefaultTimeout
	Pause     time.Duration // before trying again; 0: one second

	session *session
}

// session is the key and certificate that the signatures of one run share.
type session struct {
	key         Key
	certificate []byte // DER, or nil
}

// Job is one thing to sign.
type Job struct {
	Subject   string // file that is signed, for people
	File      string // name of the bundle
	Payload   []byte
	Statement bool // sign as DSSE, not as a message
}

// Sign returns the bundle for a job, verified against the trust root. Every error
// is a *Fault.
func (s *Signer) Sign(ctx context.Context, job Job) (*Signed, error) {
	b, err := s.sign(ctx, job)
	if err != nil {
		return nil, asFault(err)
	}
	data, err := protojson.Marshal(b)
	if err != nil {
		return nil, refused(job.Subject, "a bundle", "something that is no JSON", "")
	}
	if data, err = compact(data); err != nil {
		return nil, asFault(err)
	}
	proof, err := s.verify(data, job)
	if err != nil {
		return nil, asFault(err)
	}
	return &Signed{job.File, data, proof}, nil
}

// SignAll signs every job of a plan, or none.
func (s *Signer) SignAll(ctx context.Context, plan *Plan) ([]*Signed, error) {
	var all []*Signed
	for _, job := range plan.Jobs {
		signed, err := s.Sign(ctx, job)
		if err != nil {
			return nil, err
		}
		all = append(all, signed)
	}
	return all, nil
}

// sign makes a bundle and tries again if the log has an equal entry or its
// checkpoint lacks witnesses.
func (s *Signer) sign(ctx context.Context, job Job) (*protobundle.Bundle, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	var last error
	for try := range attempts {
		if try > 0 && !sleep(ctx, s.pause()<<(try-1)) {
			return nil, unavailable(job.Subject, "signing was interrupted", "")
		}
		b, err := sigstore.Bundle(content(job), keypair{s.session.key}, s.options(ctx))
		switch {
		case errors.Is(err, errConflict):
			last = err
			continue
		case err != nil:
			return nil, err
		case s.Witnesses.Threshold == 0:
			return b, nil
		}
		found, err := witnessed(b, s.Witnesses)
		if err != nil {
			return nil, err
		}
		if found >= s.Witnesses.Threshold {
			return b, nil
		}
		last = notWitnessed("transparency log", found, s.Witnesses)
	}
	return nil, last
}

func content(job Job) sigstore.Content {
	if job.Statement {
		return &sigstore.DSSEData{Data: job.Payload, PayloadType: StatementMediaType}
	}
	return &sigstore.PlainData{Data: job.Payload}
}

// begin gets the certificate once for all signatures of a run.
func (s *Signer) begin(ctx context.Context) error {
	if s.session != nil {
		return nil
	}
	if s.Key != nil {
		s.session = &session{key: s.Key}
		return s.acceptsKey()
	}
	if s.Tokens == nil {
		return misused(tokenName, "a token or a key", "neither", adviceToken+"; or give --key")
	}
	if s.Services.Authority == "" {
		return misused(configName, "a certificate authority, since no key is given", "none", adviceConfig)
	}
	token, err := s.Tokens.Token(ctx)
	if err != nil {
		return err
	}
	key, err := NewKey()
	if err != nil {
		return err
	}
	name := "certificate authority " + shown(s.Services.Authority)
	authority := sigstore.NewFulcio(&sigstore.FulcioOptions{
		BaseURL: s.Services.Authority, Timeout: -1, Transport: s.remote(ctx, name),
	})
	der, err := authority.GetCertificate(ctx, keypair{key}, &sigstore.CertificateProviderOptions{IDToken: token.text})
	if err != nil {
		return orFault(err, name, "a certificate")
	}
	certificate, err := x509.ParseCertificate(der)
	public, ok := publicKey(certificate)
	if err != nil || !ok || !public.Equal(key.Public()) {
		return refused(name, "a certificate for the key that it was asked for", "something else", adviceInstance)
	}
	s.session = &session{key, der}
	return nil
}

func publicKey(c *x509.Certificate) (*ecdsa.PublicKey, bool) {
	if c == nil {
		return nil, false
	}
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	return key, ok
}

// options names the services for sigstore-go.
func (s *Signer) options(ctx context.Context) sigstore.BundleOptions {
	o := sigstore.BundleOptions{Context: ctx}
	if s.session.certificate != nil {
		o.CertificateProvider = issued(s.session.certificate)
	}
	for _, address := range s.Services.Timestamps {
		o.TimestampAuthorities = append(o.TimestampAuthorities, sigstore.NewTimestampAuthority(&sigstore.TimestampAuthorityOptions{
			URL: address, Timeout: -1, Transport: s.remote(ctx, "timestamp authority "+shown(address)),
		}))
	}
	for _, address := range s.Services.Logs {
		service := s.remote(ctx, "transparency log "+shown(address))
		service.passes = logPasses
		o.TransparencyLogs = append(o.TransparencyLogs, sigstore.NewRekor(&sigstore.RekorOptions{
			BaseURL: address, Version: 2, ClientV2: &logClient{address, service},
		}))
	}
	return o
}

// issued is a certificate that is there already.
type issued []byte

func (c issued) GetCertificate(context.Context, sigstore.Keypair, *sigstore.CertificateProviderOptions) ([]byte, error) {
	return c, nil
}

func (s *Signer) remote(ctx context.Context, name string) *remote {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	transport := s.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &remote{ctx: ctx, name: name, next: transport, timeout: timeout, pause: s.pause()}
}

func (s *Signer) pause() time.Duration {
	if s.Pause == 0 {
		return time.Second
	}
	return s.Pause
}

// asFault returns the fault in an error. What a library says may hold anything,
// so that it is not repeated.
func asFault(err error) *Fault { return orFault(err, "signing", "a signature that can be verified") }

func orFault(err error, subject, expected string) *Fault {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault
	}
	return refused(subject, expected, "an answer that is not one", adviceInstance)
}
