# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""The configuration of a C++ toolchain without tools."""

def _no_cc_toolchain_config_impl(ctx):
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        compiler = "none",
        target_cpu = "none",
        target_libc = "none",
        target_system_name = "none",
        toolchain_identifier = "no_cc",
    )

no_cc_toolchain_config = rule(
    implementation = _no_cc_toolchain_config_impl,
    provides = [CcToolchainConfigInfo],
)
