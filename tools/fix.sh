#!/bin/sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# tools/bazel run //:fix: BUILD files by gazelle, then generated files, then the canonical form of all.
set -eu
export RUNFILES_DIR="${PWD%/*}" # gazelle's runner looks its program up there
gazelle=$PWD/$1 rpcgen=$PWD/$2 format=$PWD/$3
cd "$BUILD_WORKSPACE_DIRECTORY"
"$gazelle"
"$rpcgen" -ts enclave/sdk/api.ts -md docs/api.md
"$format"
