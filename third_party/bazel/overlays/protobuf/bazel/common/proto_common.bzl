# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""proto_common, as Bazel 7 has it built in."""

load("//:native.bzl", "native_proto_common")

visibility("public")

proto_common = native_proto_common
