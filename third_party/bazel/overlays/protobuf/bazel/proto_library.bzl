# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""proto_library, as Bazel 7 has it built in."""

visibility("public")

proto_library = native.proto_library
