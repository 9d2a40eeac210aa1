# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""The rule behind //enclave:release. tools/cmd/mkrelease does the work, in one action."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")

def _enclave_release_impl(ctx):
    folder = ctx.actions.declare_directory(ctx.label.name)
    archive = ctx.actions.declare_file(ctx.label.name + ".tar")
    manifest = ctx.actions.declare_file(ctx.label.name + ".json")
    pin = ctx.actions.declare_file(ctx.label.name + ".ts")

    arguments = ctx.actions.args()
    arguments.add("-version", ctx.file.version)
    arguments.add("-protocol", ctx.attr.protocol)
    arguments.add("-repository", ctx.attr.repository or ctx.attr._repository[BuildSettingInfo].value)
    arguments.add("-commit", ctx.attr.commit or ctx.attr._commit[BuildSettingInfo].value)
    arguments.add("-go_version", ctx.toolchains["@rules_go//go:toolchain"].sdk.version)
    arguments.add("-wasm", ctx.file.wasm)
    arguments.add("-wasm_exec", ctx.file._wasm_exec)
    arguments.add("-worker", ctx.file.worker)
    arguments.add("-frame", ctx.file.frame)
    arguments.add("-document", ctx.file.document)
    arguments.add("-style", ctx.file.style)
    if ctx.file.strength:
        arguments.add("-strength", ctx.file.strength)
    if ctx.file.packages:
        arguments.add("-packages", ctx.file.packages)
    arguments.add_all(ctx.files.licenses, before_each = "-license")
    arguments.add_all(ctx.files.go_sums, before_each = "-go_sum")
    arguments.add_all(ctx.files._pins, before_each = "-pins")
    arguments.add("-out_folder", folder.path)
    arguments.add("-out_tar", archive)
    arguments.add("-out_manifest", manifest)
    arguments.add("-out_pin", pin)
    ctx.actions.run(
        executable = ctx.executable._mkrelease,
        arguments = [arguments],
        inputs = [
            ctx.file.wasm,
            ctx.file._wasm_exec,
            ctx.file.worker,
            ctx.file.frame,
            ctx.file.document,
            ctx.file.style,
            ctx.file.version,
        ] + ctx.files.strength + ctx.files.packages + ctx.files.srcs + ctx.files.licenses + ctx.files.go_sums + ctx.files._pins,
        outputs = [folder, archive, manifest, pin],
        mnemonic = "EnclaveRelease",
        progress_message = "Assembling the release %{label}",
    )
    return [
        DefaultInfo(
            files = depset([folder, archive]),
            runfiles = ctx.runfiles([folder, archive]),
        ),
        OutputGroupInfo(
            archive = depset([archive]),
            folder = depset([folder]),
            manifest = depset([manifest, pin]),
            pin = depset([pin]),
        ),
    ]

enclave_release = rule(
    implementation = _enclave_release_impl,
    doc = "Assembles a release: NAME/ (folder), NAME.tar, NAME.json (the manifest) and NAME.ts (the pin).",
    attrs = {
        "commit": attr.string(doc = "source commit, for tests; else that of //tools/rules:source_commit"),
        "document": attr.label(mandatory = True, allow_single_file = [".html"], doc = "template of index.html"),
        "frame": attr.label(mandatory = True, allow_single_file = [".ts"], doc = "entry of the frame"),
        "go_sums": attr.label_list(mandatory = True, allow_files = True, doc = "go.sum files of the modules in the WebAssembly"),
        "licenses": attr.label_list(mandatory = True, allow_files = True, doc = "license texts, ours first"),
        "packages": attr.label(allow_single_file = [".txt"], doc = "list of the npm packages in strength"),
        "protocol": attr.int(mandatory = True, doc = "version of the channel protocol"),
        "repository": attr.string(doc = "source repository, for tests; else that of //tools/rules:source_repository"),
        "srcs": attr.label_list(allow_files = [".ts"], doc = "what the frame and the worker import"),
        "strength": attr.label(allow_single_file = [".js"], doc = "script that rates passphrases, loaded when one is chosen"),
        "style": attr.label(mandatory = True, allow_single_file = [".css"], doc = "style sheet of the document"),
        "version": attr.label(mandatory = True, allow_single_file = True, doc = "file with the version of the release, such as 0.5.0"),
        "wasm": attr.label(mandatory = True, allow_single_file = True, doc = "the enclave's program"),
        "worker": attr.label(mandatory = True, allow_single_file = [".ts"], doc = "entry of the worker"),
        "_commit": attr.label(default = "//tools/rules:source_commit"),
        "_mkrelease": attr.label(default = "//tools/cmd/mkrelease", executable = True, cfg = "exec"),
        "_pins": attr.label_list(
            default = ["//third_party/bazel:modules.txt", "@go_sdk_pins//:pins.txt"],
            allow_files = True,
        ),
        "_repository": attr.label(default = "//tools/rules:source_repository"),
        "_wasm_exec": attr.label(default = "@wrapped_go_sdk//:lib/wasm/wasm_exec.js", allow_single_file = True),
    },
    toolchains = ["@rules_go//go:toolchain"],
)
