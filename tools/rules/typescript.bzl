# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""ts_bundle: one file from TypeScript. ts_strip: files without types. ts_check_test: strict type checking."""

load("//tools/rules/private:typescript.bzl", _ts_bundle = "ts_bundle", _ts_check_test = "ts_check_test", _ts_strip = "ts_strip")

ts_bundle = _ts_bundle
ts_check_test = _ts_check_test
ts_strip = _ts_strip
