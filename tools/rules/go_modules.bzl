# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""The module versions that Go itself selects for go.work."""

load("//tools/rules/private:go_modules.bzl", _go_modules = "go_modules")

go_modules = _go_modules
