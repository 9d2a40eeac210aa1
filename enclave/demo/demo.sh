#!/bin/sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# tools/bazel run //enclave:demo: verifies the release, then serves it and the demo app.
set -eu
serve=$1 verify=$2 release=$3 demo=$4
shift 4
exec "$serve" --verify "$verify" --release "$release" --demo "$demo" "$@"
