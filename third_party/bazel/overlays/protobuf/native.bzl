# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""Bazel 7's built-in proto symbols under names that the public files can export."""

visibility(["//bazel/..."])

native_proto_common = proto_common_do_not_use
native_proto_info = ProtoInfo
