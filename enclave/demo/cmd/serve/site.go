// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// site is what one origin serves: every path, which begins with "/", with its
// bytes and headers.
type site map[string]page

type page struct {
	content []byte
	headers map[string]string // by name as sent
}

// handler serves the site to those who ask for it by its own origin; another
// name in Host means that some other site's name was pointed here.
func (s site) handler(origin string) http.Handler {
	want := strings.TrimPrefix(origin, "http://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != want {
			http.Error(w, "this server answers only to "+want, http.StatusMisdirectedRequest)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		found, ok := s[r.URL.Path]
		if !ok {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		for name, value := range found.headers {
			w.Header().Set(name, value)
		}
		w.Write(found.content) // net/http drops the body for HEAD
	})
}

// check fetches every path of the site from h and compares bytes and headers.
// It returns how many were fetched.
func (s site) check(get func(path string) (*http.Response, error)) (int, error) {
	for _, path := range slices.Sorted(maps.Keys(s)) {
		response, err := get(path)
		if err != nil {
			return 0, err
		}
		content, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		if err := s[path].compare(response, content); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return len(s), nil
}

func (p page) compare(response *http.Response, content []byte) error {
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("expected status 200, found %s", response.Status)
	}
	if !bytes.Equal(content, p.content) {
		return fmt.Errorf("expected the %d bytes of the file, found %d others", len(p.content), len(content))
	}
	for name, value := range p.headers {
		if got := response.Header.Values(name); len(got) != 1 || got[0] != value {
			return fmt.Errorf("expected the header %s: %s, found %q", name, value, got)
		}
	}
	return nil
}
