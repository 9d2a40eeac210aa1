# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""enclave_release: the release folder, its archive, and what an app's build pins of it."""

load("//tools/rules/private:release.bzl", _enclave_release = "enclave_release")

enclave_release = _enclave_release
