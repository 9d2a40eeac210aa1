// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package rebuild builds a published release again, from its source alone, and
// says of each file whether it came out the same.
//
//  1. Clone: the source is cloned into a scratch folder and the very commit
//     that release.json names is checked out. HEAD must be that commit and the
//     tree clean; git's own settings (line ends, filters, hooks, replaced
//     objects) are switched off.
//  2. Build: the clone's own tools/bazel builds //enclave:release.
//  3. Reproduced: every listed file, release.json, provenance.intoto.json,
//     SHA256SUMS and, if one is given, the tar are compared byte by byte. A file
//     whose content-addressed name changed is compared with its counterpart.
//     What signing adds (release.IsCompanion) and deployment.json are left out.
//
// # What the build cannot take
//
// A result from a cache that others can write would make a rebuild worth
// nothing. So each rebuild has an output base and an output root of its own in
// the scratch folder, reads no rc file of the system or of the home folder, and
// ends its command line with flags that switch off disk cache, remote cache,
// remote execution and remote downloader: nothing in the source can switch
// them on again. An uncommitted user.bazelrc is not in a clone. Only the flags of
// bazelArguments may be added, and only the environment of passedOn is seen.
//
// Bazel itself and downloads may come from the cache folder of tools/bazel
// (KMS_CACHE): downloads are pinned by SHA-256 in the source, and Bazel checks
// them when it takes them from there. It must belong to the caller, and nobody
// else may be able to write it.
//
// # The statement
//
// The outcome is a SLSA Verification Summary (package vsa): PASSED if every file
// is the same, FAILED if one is not. Its subjects are the published files. If
// the comparison did not come about, there is none.
package rebuild
