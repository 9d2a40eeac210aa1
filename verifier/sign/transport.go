// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// The limits of one request.
const (
	DefaultTimeout = 40 * time.Second // Rekor v2 answers once a checkpoint covers the entry; it asks for 20 s or more
	maxAnswer      = 4 << 20          // bytes
	tries          = 3
)

// remote is one service. It is an http.RoundTripper that turns every failure into
// a *Fault, tries again where that can help, follows no redirect, and reads the
// whole answer within the time.
type remote struct {
	ctx     context.Context
	name    string // "certificate authority https://…"
	next    http.RoundTripper
	timeout time.Duration
	pause   time.Duration         // before the second try; doubled for each further one
	passes  func(status int) bool // nil: only 200 and 201
}

func (r *remote) RoundTrip(request *http.Request) (*http.Response, error) {
	var fault *Fault
	for try := range tries {
		if try > 0 && !sleep(r.ctx, r.pause<<(try-1)) {
			return nil, fault
		}
		copied, err := again(request)
		if err != nil {
			return nil, unavailable(r.name, "the request cannot be sent again", "")
		}
		response, failed, retry := r.once(copied)
		if failed == nil {
			return response, nil
		}
		if fault = failed; !retry {
			break
		}
	}
	return nil, fault
}

// again returns a copy of the request with its body from the beginning.
func again(request *http.Request) (*http.Request, error) {
	copied := request.Clone(request.Context())
	if request.Body == nil || request.GetBody == nil {
		return copied, nil
	}
	body, err := request.GetBody()
	copied.Body = body
	return copied, err
}

func (r *remote) once(request *http.Request) (response *http.Response, fault *Fault, retry bool) {
	ctx, cancel := context.WithTimeout(r.ctx, r.timeout)
	defer cancel()
	response, err := r.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return nil, unavailable(r.name, r.reason(err), adviceLater), r.ctx.Err() == nil
	}
	defer response.Body.Close()
	if r.passes != nil && !r.passes(response.StatusCode) || r.passes == nil && !isSuccess(response.StatusCode) {
		fault, retry := r.refusal(response.StatusCode)
		return nil, fault, retry
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, unavailable(r.name, r.reason(err), adviceLater), r.ctx.Err() == nil
	case len(body) > maxAnswer:
		return nil, refused(r.name, "an answer of at most "+strconv.Itoa(maxAnswer)+" bytes", "a longer one", adviceInstance), false
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil, false
}

const (
	adviceLater    = "Nothing was written; try again later"
	adviceInstance = "Check that the signing config names the right Sigstore instance"
)

func isSuccess(status int) bool { return status == http.StatusOK || status == http.StatusCreated }

// refusal says what a status means.
func (r *remote) refusal(status int) (fault *Fault, retry bool) {
	found := "status " + strconv.Itoa(status)
	switch {
	case status == http.StatusTooManyRequests || status >= 500:
		return unavailable(r.name, "it answered with "+found, adviceLater), true
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return refused(r.name, "success", found, "It does not accept the identity: look at the token's issuer, audience and time"), false
	case status >= 300 && status < 400:
		return refused(r.name, "success", found+", a redirect", adviceInstance), false
	default:
		return refused(r.name, "success", found, adviceInstance), false
	}
}

// reason names a network failure in words that hold no address and no header.
func (r *remote) reason(err error) string {
	var dns *net.DNSError
	var operation *net.OpError
	switch {
	case r.ctx.Err() != nil:
		return "it was interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer within " + r.timeout.String()
	case errors.As(err, &dns):
		return "its name cannot be resolved"
	case errors.As(err, &operation) && operation.Op == "dial":
		return "it cannot be connected to"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it ended the connection before the answer was complete"
	default:
		return "the connection failed"
	}
}

// sleep waits and says whether there was time to.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
