# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""ProtoLangToolchainInfo, as Bazel 7 has it built in."""

load("//:native.bzl", "native_proto_common")

visibility("public")

ProtoLangToolchainInfo = native_proto_common.ProtoLangToolchainInfo
