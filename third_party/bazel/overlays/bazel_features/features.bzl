# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""The three features that rules_go and gazelle ask about, answered for Bazel 7.7 and later 7.x."""

bazel_features = struct(
    external_deps = struct(
        extension_metadata_has_reproducible = True,
        is_bzlmod_enabled = True,
    ),
    rules = struct(
        instrumented_files_info_has_baseline_coverage_files = False,
    ),
)
