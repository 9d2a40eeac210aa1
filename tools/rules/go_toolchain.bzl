# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""The Go SDK, pinned by hash and fetched without a host Go."""

load("//tools/rules/private:go_toolchain.bzl", _go_toolchain = "go_toolchain")

go_toolchain = _go_toolchain
