// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package site checks what a host serves at the origin of an enclave: that it
// is one release, whole and unaltered, with the headers that the release
// promises.
//
// Fetched are release.json, each file that it says is served, deployment.json,
// the address "/", what signing adds under /.well-known/ (which may be absent),
// and four addresses that no release has. Each is asked for once without
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
// The same is asked for as several visitors (see visitors), in as many rounds and
// through as many vantages as the Config says. Whoever gets something else for
// a path is told as equivocation, with who got what. After an answer 429 nothing
// more is asked for.
//
// Attestations that are served must be about this release, and a proof for
// updates in its form. Who made the release, and what the proof proves, is for
// the Config's Evidence to judge.
//
// What cannot be told from outside is whether the host answers others
// differently; every report says so.
package site
