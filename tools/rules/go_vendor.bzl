# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""Programs of a Go module that is not in go.work."""

load("//tools/rules/private:go_vendor.bzl", _go_vendor = "go_vendor", _go_vendored_binary = "go_vendored_binary")

go_vendor = _go_vendor
go_vendored_binary = _go_vendored_binary
