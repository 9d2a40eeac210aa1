#!/bin/sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# tools/bazel run //:fix: BUILD files by gazelle, then generated files, then the canonical form of all.
#
# Each step is a run of its own, since the programs of the later ones may not build before the earlier.
set -eu
cd "$BUILD_WORKSPACE_DIRECTORY"
run() { tools/bazel run --ui_event_filters=-info --noshow_progress "$@"; }
run //:gazelle
run //enclave/rpc/cmd/rpcgen -- -ts "$PWD/enclave/sdk/api.ts" -md "$PWD/docs/api.md"
run //tools/cmd/format
