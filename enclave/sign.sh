#!/bin/sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# tools/bazel run //enclave:sign -- …: runs kmssign (the first argument) on the release (the second) that the
# build has just made, unless another one is named.
set -eu
program=$PWD/$1
export KMS_RELEASE="$PWD/$2"
shift 2
exec "$program" "$@"
