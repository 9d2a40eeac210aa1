// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rebuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/verdict"
)

// expectation is the published release, as far as it is at hand.
type expectation struct {
	manifest *release.Manifest
	bytes    []byte // of release.json
	set      *artifact.Set
	tar      []byte // or nil
	// base is the URL in front of each path, if the release is on the network:
	// then other files are fetched when they are wanted.
	base string
}

// whole says whether all files are at hand, so that a missing one is missing.
func (e *expectation) whole() bool { return len(e.set.Names()) > 1 }

// The largest that is fetched.
const (
	maxManifest = 1 << 20
	maxFile     = artifact.MaxFile
)

// load reads the expected release.json, and what else is beside it.
func (r *rebuilder) load(ctx context.Context) bool {
	e, err := readExpectation(ctx, r.Expect, r.Transport)
	if err != nil {
		r.report.Miss(verdict.Input, r.Expect, reason(err), "Give a release.json, a folder or tar with one, or the https address of one.")
		return false
	}
	for _, p := range e.set.Problems() {
		r.report.Refute(verdict.Input, verdict.FileName(p.Name), p.Expected, p.Found, "Do not use this copy: get the release again.")
	}
	content, ok := e.set.Content(release.ManifestPath)
	if !ok {
		r.report.Miss(verdict.Manifest, release.ManifestPath, "it is not there", "Give a folder or tar with a whole release.")
		return false
	}
	r.report.Pass(verdict.Input, r.Expect)
	manifest, err := release.Parse(content)
	if err != nil {
		r.report.Refute(verdict.Manifest, release.ManifestPath, "a canonical manifest", err.Error(), "Do not use this copy: get the release again.")
		return false
	}
	r.report.Pass(verdict.Manifest, release.ManifestPath)
	r.report.Identify(release.Digest(content), verdict.Source{Repository: manifest.Source.Repository, Commit: manifest.Source.Commit})
	e.manifest, e.bytes = manifest, content
	r.expect = e
	return true
}

func readExpectation(ctx context.Context, where string, transport http.RoundTripper) (*expectation, error) {
	if strings.HasPrefix(where, "https://") || strings.HasPrefix(where, "http://") {
		return fetchExpectation(ctx, where, transport)
	}
	info, err := os.Stat(where)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		set, err := artifact.ReadFolder(where)
		return &expectation{set: set}, err
	}
	content, err := readFile(where)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(content, []byte("{")) {
		return &expectation{set: artifact.NewSet(map[string][]byte{release.ManifestPath: content})}, nil
	}
	set, err := artifact.ReadTar(bytes.NewReader(content))
	return &expectation{set: set, tar: content}, err
}

// readFile reads a file of the size of a release at most.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	content, err := io.ReadAll(io.LimitReader(file, artifact.MaxTotal+1))
	if err == nil && len(content) > artifact.MaxTotal {
		err = fmt.Errorf("longer than %d bytes", artifact.MaxTotal)
	}
	return content, err
}

func fetchExpectation(ctx context.Context, address string, transport http.RoundTripper) (*expectation, error) {
	base, direct := strings.CutSuffix(address, release.ManifestPath)
	if !direct {
		base = strings.TrimSuffix(address, "/") + "/"
		if _, err := origin.Parse(strings.TrimSuffix(base, "/")); err != nil {
			return nil, fmt.Errorf("expected the origin of a site, or the address of a release.json: %w", err)
		}
	}
	e := &expectation{base: base}
	content, err := e.fetch(ctx, transport, release.ManifestPath, maxManifest)
	if err != nil {
		return nil, err
	}
	e.set = artifact.NewSet(map[string][]byte{release.ManifestPath: content})
	return e, nil
}

// fetch gets a file from the network. Redirects are followed, since what counts
// is the digest; but never out of https.
func (e *expectation) fetch(ctx context.Context, transport http.RoundTripper, path string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+path, nil)
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	if err := secure(request.URL); err != nil {
		return nil, err
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > 5 {
			return errors.New("more than 5 redirects")
		}
		return secure(next.URL)
	}}
	response, err := client.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("expected status 200, found %d", response.StatusCode)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("longer than %d bytes", limit)
	}
	return content, err
}

// secure accepts https, and http on loopback.
func secure(u *url.URL) error {
	o, err := origin.Parse(u.Scheme + "://" + u.Host)
	if err != nil || !o.IsHTTPS() && !o.IsLoopback() {
		return errors.New("expected an https address")
	}
	return nil
}

// content returns a published file, if it can be had.
func (r *rebuilder) content(ctx context.Context, path string) ([]byte, bool) {
	if content, ok := r.expect.set.Content(path); ok {
		return content, true
	}
	if r.expect.base == "" {
		return nil, false
	}
	content, err := r.expect.fetch(ctx, r.Transport, path, maxFile)
	return content, err == nil
}
