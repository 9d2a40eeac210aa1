// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package site checks what a host serves at the origin of an enclave: that it
// is one release, whole and unaltered, with the headers that the release
// promises.
//
// Fetched are release.json, each file that it says is served, deployment.json,
// the address "/" and two that no release has. Each is asked for once without
// content coding and once with each coding that browsers accept (see codings),
// since hosts often keep copies for each; and once as browsers ask for each
// destination that a release has (see destinations), since a host could answer
// the request for a worker otherwise than a check before it. All answers must
// decode to the same bytes, be status 200 without a redirect, and carry
//
//   - the media type of the manifest
//   - every promised header exactly once and exactly, {embedders} expanded from
//     deployment.json
//   - none of the headers in refusedNames unless promised; Vary only on
//     accept-encoding
//
// The fetched files then go through package releasecheck. Host configurations
// need not be served. An address that no release has must answer 404, and that
// answer must be inert: no script of it may run, since it would run with the
// keys.
//
// What cannot be told from outside is whether the host answers others
// differently; every report says so.
package site
