// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/verdict"
)

func TestHostWithAnUntrustedCertificateCouldNotBeChecked(t *testing.T) {
	host := &releasetest.Host{Files: releasetest.Build(t)}
	host.Prepare(t)
	server := httptest.NewUnstartedServer(host)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of the refused handshake
	server.StartTLS()
	t.Cleanup(server.Close)
	report := checkOrigin(t, server.URL, "")
	assertCheck(t, report, tampering{step: verdict.Fetch, path: release.ManifestPath, result: verdict.Unavailable})
}

func TestHostOverTLSIsVerified(t *testing.T) {
	host := &releasetest.Host{Files: releasetest.Build(t)}
	host.Prepare(t)
	server := httptest.NewUnstartedServer(host)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	base, err := origin.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := site.NewTransport()
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	t.Cleanup(transport.CloseIdleConnections)
	report := verdict.New("site", server.URL, site.Required("")...)
	site.Check(t.Context(), report, base, site.Config{Transport: transport, Random: rand.Reader})
	if report.Conclude() != verdict.ConcludeVerified {
		t.Error(describe(report))
	}
}

// served returns the report on a handler that stands before a faithful host.
func served(t *testing.T, timeout time.Duration, handler func(host http.Handler) http.Handler) *verdict.Report {
	t.Helper()
	host := &releasetest.Host{Files: releasetest.Build(t)}
	host.Prepare(t)
	server := httptest.NewServer(handler(host))
	t.Cleanup(server.Close)
	base, err := origin.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := site.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	report := verdict.New("site", server.URL, site.Required("")...)
	site.Check(ctx, report, base, site.Config{Transport: transport, Random: rand.Reader})
	return report
}

// instead answers one path with another handler.
func instead(path string, with http.HandlerFunc) func(http.Handler) http.Handler {
	return func(host http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/"+path {
				with(w, r)
				return
			}
			host.ServeHTTP(w, r)
		})
	}
}

func TestHostThatDoesNotAnswerInTimeCouldNotBeChecked(t *testing.T) {
	report := served(t, 300*time.Millisecond, instead(release.ManifestPath, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}))
	assertCheck(t, report, tampering{step: verdict.Fetch, path: release.ManifestPath, result: verdict.Unavailable})
}

func TestAnswerThatBreaksOffCouldNotBeChecked(t *testing.T) {
	report := served(t, 20*time.Second, instead("icon.svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("<svg")) // the client sees that it is too short
	}))
	assertCheck(t, report, tampering{step: verdict.Fetch, path: "icon.svg", result: verdict.Unavailable})
}

func TestBodyThatUnpacksToTooMuchIsNotRead(t *testing.T) {
	bomb := releasetest.Encode("gzip", make([]byte, 64<<20))
	report := served(t, 20*time.Second, instead("icon.svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb) // the client stops reading early
	}))
	assertCheck(t, report, tampering{step: verdict.Content, path: "icon.svg", result: verdict.Refuted})
}

func TestRedirectIsNotFollowed(t *testing.T) {
	followed := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	t.Cleanup(elsewhere.Close)
	report := served(t, 20*time.Second, instead(release.ManifestPath, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusMovedPermanently)
	}))
	assertCheck(t, report, tampering{step: verdict.Fetch, path: release.ManifestPath, result: verdict.Refuted})
	if followed {
		t.Error("the redirect was followed")
	}
}

func TestHostThatChangesItsReleaseMeanwhileIsRefuted(t *testing.T) {
	host := &releasetest.Host{Files: releasetest.Build(t)}
	var asked atomic.Int32
	host.Tamper = func(r *releasetest.Response) {
		if r.Path == release.ManifestPath && asked.Add(1) == 1 {
			r.Body = bytes.Replace(r.Body, []byte(`"protocol":1`), []byte(`"protocol":2`), 1)
		}
	}
	report := check(t, host, "")
	assertCheck(t, report, tampering{step: verdict.Content, path: release.ManifestPath, result: verdict.Refuted})
}

func TestManifestThatListsTooMuchIsNotFetched(t *testing.T) {
	files := releasetest.Build(t)
	m := files.Manifest(t)
	for i := range m.Files {
		if m.Files[i].Role == release.RoleWasm {
			m.Files[i].Size = 1 << 40
		}
	}
	files.SetManifest(t, m)
	report := check(t, &releasetest.Host{Files: files}, "")
	assertCheck(t, report, tampering{step: verdict.Input, path: files.Named(t, release.RoleWasm), result: verdict.Refuted})
}

func TestErrorsOfTheNetworkShowNoControlCharacters(t *testing.T) {
	transport := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("malformed answer \x1b[2J\nVERIFIED")
	})
	base, err := origin.Parse("https://kms.example")
	if err != nil {
		t.Fatal(err)
	}
	report := verdict.New("site", base.String(), site.Required("")...)
	site.Check(t.Context(), report, base, site.Config{Transport: transport, Random: iotest.ErrReader(errors.New("none"))})
	if text := describe(report); strings.ContainsAny(text, "\x1b") || strings.Contains(text, "\nVERIFIED") {
		t.Errorf("wrote %q", text)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
