// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Source reads the files of a log (C2SP tlog-tiles) by their path. An error is
// a *ReadError.
type Source interface {
	Read(ctx context.Context, path string, limit int64) ([]byte, error)
}

// ReadError says why a file of a log could not be read.
type ReadError struct {
	Path   string
	Reason string
	Absent bool // the log says that there is no such file
}

// Error describes the failure.
func (e *ReadError) Error() string { return e.Path + ": " + e.Reason }

// isAbsent says whether a log has no such file.
func isAbsent(err error) bool {
	var read *ReadError
	return errors.As(err, &read) && read.Absent
}

// folder is a log in a local folder.
type folder struct{ path string }

// Folder returns the log whose files are in a folder.
func Folder(path string) Source { return folder{path} }

func (f folder) Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &ReadError{Path: path, Reason: plainly(err)}
	}
	file, err := os.Open(filepath.Join(f.path, filepath.FromSlash(path)))
	if err != nil {
		return nil, &ReadError{path, plainly(err), errors.Is(err, fs.ErrNotExist)}
	}
	defer file.Close() // only read
	return readAll(file, path, limit)
}

// remote is a log behind HTTP.
type remote struct {
	base      string
	transport http.RoundTripper
}

// HTTP returns the log below a URL, without a slash at its end. The transport
// must not decode bodies.
func HTTP(base string, transport http.RoundTripper) Source { return remote{base, transport} }

func (s remote) Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/"+path, nil)
	if err != nil {
		return nil, &ReadError{Path: path, Reason: plainly(err)}
	}
	request.Header.Set("User-Agent", "kmsverify")
	request.Header.Set("Accept-Encoding", "identity")
	response, err := s.transport.RoundTrip(request) // follows no redirects
	if err != nil {
		return nil, &ReadError{Path: path, Reason: plainly(err)}
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return readAll(response.Body, path, limit)
	case http.StatusNotFound, http.StatusGone:
		return nil, &ReadError{path, fmt.Sprintf("status %d", response.StatusCode), true}
	}
	return nil, &ReadError{Path: path, Reason: fmt.Sprintf("status %d", response.StatusCode)}
}

func readAll(r io.Reader, path string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, &ReadError{Path: path, Reason: plainly(err)}
	case int64(len(data)) > limit:
		return nil, &ReadError{Path: path, Reason: fmt.Sprintf("more than %d bytes", limit)}
	}
	return data, nil
}

// plainly says why something failed, without repeating a path or an address.
func plainly(err error) string {
	var onPath *fs.PathError
	var onURL *url.Error
	var onLink *os.LinkError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no complete answer in time"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer ended too early"
	case errors.As(err, &onPath):
		return onPath.Err.Error()
	case errors.As(err, &onLink):
		return onLink.Err.Error()
	case errors.As(err, &onURL):
		return onURL.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}
