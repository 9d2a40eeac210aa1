#!/bin/sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# tools/bazel run //enclave:demo: verifies the release, then serves it and the demo app.
set -eu
# In full, for kmsverify takes a relative path as the caller's; and where the files are, for it refuses links.
serve=$PWD/$1 verify=$PWD/$2 release=$(dirname "$(readlink -f "$3/release.json")") demo=$PWD/$4
shift 4
exec "$serve" --verify "$verify" --release "$release" --demo "$demo" "$@"
