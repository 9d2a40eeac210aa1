# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""fuzz_test: a short run of every Fuzz function of a go_test."""

load("//tools/rules/private:fuzz.bzl", _fuzz_test = "fuzz_test")

fuzz_test = _fuzz_test
