# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""ProtoInfo, as Bazel 7 has it built in."""

load("//:native.bzl", "native_proto_info")

visibility("public")

ProtoInfo = native_proto_info
