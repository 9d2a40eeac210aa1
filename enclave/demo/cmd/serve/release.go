// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ats.run/kms-enclave/kmslib/release"
)

// loadRelease reads the release in dir, checks every file that a host serves
// against release.json, and returns the site for a deployment that embedder
// may embed, and the release digest.
func loadRelease(dir, embedder string) (site, string, error) {
	manifestBytes, err := os.ReadFile(filepath.Join(dir, release.ManifestPath))
	if err != nil {
		return nil, "", err
	}
	manifest, err := release.Parse(manifestBytes)
	if err != nil {
		return nil, "", err
	}
	deployment := release.Deployment{Embedders: []string{embedder}}
	deploymentBytes, err := deployment.Marshal()
	if err != nil {
		return nil, "", err
	}

	served := site{}
	for _, path := range manifest.ServedPaths() {
		content, err := readListed(dir, path, manifest)
		if err != nil {
			return nil, "", err
		}
		served["/"+path] = page{content, headersOf(manifest, deployment, path)}
	}
	for _, path := range release.CompanionPaths() {
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		switch {
		case errors.Is(err, fs.ErrNotExist): // a release that nobody has signed yet
		case err != nil:
			return nil, "", err
		default:
			served["/"+path] = page{content, headersOf(manifest, deployment, path)}
		}
	}
	served["/"] = served["/"+manifest.Entry]
	served["/"+release.DeploymentPath] = page{deploymentBytes, headersOf(manifest, deployment, release.DeploymentPath)}
	return served, release.Digest(manifestBytes), nil
}

// readListed reads a file; if the manifest lists it, it must be that one.
func readListed(dir, path string, manifest *release.Manifest) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
	if err != nil {
		return nil, err
	}
	if file, listed := manifest.File(path); listed {
		if err := file.Check(content); err != nil {
			return nil, fmt.Errorf("the folder is not the release it says: %w", err)
		}
	}
	return content, nil
}

// headersOf returns the headers that the manifest promises for path, and the
// media type, which the manifest gives with the file and not with the headers.
func headersOf(manifest *release.Manifest, deployment release.Deployment, path string) map[string]string {
	headers := map[string]string{"content-type": mediaType(manifest, path)}
	for _, h := range manifest.HeadersOf(path) {
		headers[h.Name] = deployment.Expand(h.Value)
	}
	return headers
}

func mediaType(manifest *release.Manifest, path string) string {
	if file, listed := manifest.File(path); listed {
		return file.MediaType
	}
	return release.UnlistedMediaType(path)
}
