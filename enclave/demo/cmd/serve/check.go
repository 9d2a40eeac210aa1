// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// checkBoth fetches all of both sites over the network.
func checkBoth(ctx context.Context, app *host, appSite site, enclave *host, enclaveSite site, stdout io.Writer) error {
	for _, side := range []struct {
		name  string
		host  *host
		pages site
	}{{"app", app, appSite}, {"enclave", enclave, enclaveSite}} {
		count, err := side.pages.check(side.host.fetch(ctx))
		if err != nil {
			return fmt.Errorf("%s: %w", side.name, err)
		}
		fmt.Fprintf(stdout, "checked  %s: %d paths, bytes and headers as they should be\n", side.name, count)
	}
	return nil
}

// fetch returns a function that gets a path from h by its origin.
func (h *host) fetch(ctx context.Context) func(path string) (*http.Response, error) {
	client := h.client()
	return func(path string) (*http.Response, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.origin+path, nil)
		if err != nil {
			return nil, err
		}
		return client.Do(request)
	}
}
