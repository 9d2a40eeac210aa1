# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""npm packages for tests, from a package-lock.json."""

load("//tools/rules/private:npm.bzl", _npm = "npm")

npm = _npm
