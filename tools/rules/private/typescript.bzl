# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""TypeScript: bundled by esbuild as a Go library, checked by the compiler that npm ships as a program."""

def _ts_bundle_impl(ctx):
    out = ctx.outputs.out
    arguments = ctx.actions.args()
    arguments.add("-entry", ctx.file.entry)
    arguments.add("-module=" + ("true" if ctx.attr.module else "false"))
    if ctx.attr.node:
        arguments.add("-node")
    arguments.add_all(ctx.files.also, before_each = "-also")
    inputs = [ctx.file.entry] + ctx.files.also + ctx.files.srcs
    for target, name in ctx.attr.alias.items():
        files = target.files.to_list()
        if len(files) != 1:
            fail("alias {}: {} has {} files, expected one".format(name, target.label, len(files)))
        arguments.add("-alias", "{}={}".format(name, files[0].path))
        inputs.append(files[0])
    if ctx.attr.packages:
        arguments.add("-packages", ctx.attr.packages.label.workspace_root + "/node_modules")
        inputs = inputs + ctx.files.packages
    arguments.add("-out", out)
    ctx.actions.run(
        executable = ctx.executable._tsbundle,
        arguments = [arguments],
        inputs = inputs,
        outputs = [out],
        mnemonic = "TsBundle",
        progress_message = "Bundling %{label}",
    )
    return [DefaultInfo(files = depset([out]))]

ts_bundle = rule(
    implementation = _ts_bundle_impl,
    doc = "Bundles TypeScript into one readable file.",
    attrs = {
        "alias": attr.label_keyed_string_dict(allow_files = True, doc = "file → module name that it stands for"),
        "also": attr.label_list(allow_files = [".ts"], doc = "further entries in the entry's folder, run after it in order"),
        "entry": attr.label(mandatory = True, allow_single_file = [".ts"]),
        "module": attr.bool(default = True, doc = "an ES module; else a classic script"),
        "node": attr.bool(doc = "for node, whose own modules stay imports; else for browsers"),
        "out": attr.output(mandatory = True),
        "packages": attr.label(doc = "npm tree in which module names without an alias are looked up"),
        "srcs": attr.label_list(allow_files = [".ts"]),
        "_tsbundle": attr.label(default = "//tools/cmd/tsbundle", executable = True, cfg = "exec"),
    },
)

def _ts_strip_impl(ctx):
    if len(ctx.files.srcs) != len(ctx.outputs.outs):
        fail("{} srcs and {} outs".format(len(ctx.files.srcs), len(ctx.outputs.outs)))
    for src, out in zip(ctx.files.srcs, ctx.outputs.outs):
        arguments = ctx.actions.args()
        arguments.add("-strip")
        arguments.add("-entry", src)
        arguments.add("-out", out)
        ctx.actions.run(
            executable = ctx.executable._tsbundle,
            arguments = [arguments],
            inputs = [src],
            outputs = [out],
            mnemonic = "TsStrip",
        )
    return [DefaultInfo(files = depset(ctx.outputs.outs))]

ts_strip = rule(
    implementation = _ts_strip_impl,
    doc = "Each TypeScript file without its types, in the output of the same place.",
    attrs = {
        "outs": attr.output_list(mandatory = True),
        "srcs": attr.label_list(mandatory = True, allow_files = [".ts"]),
        "_tsbundle": attr.label(default = "//tools/cmd/tsbundle", executable = True, cfg = "exec"),
    },
)

def _ts_check_test_impl(ctx):
    compiler = [f for f in ctx.files._typescript if f.path.endswith("/lib/tsc") or f.path.endswith("/lib/tsc.exe")]
    if len(compiler) != 1:
        fail("the npm repository has {} TypeScript compilers for this platform, expected one".format(len(compiler)))
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    lines = ["#!/bin/sh", "set -eu", "tree=$TEST_TMPDIR/tree"]

    # The compiler follows links, so the sources are copied side by side with what the build makes.
    for file in ctx.files.srcs + [ctx.file.project]:
        lines.append("mkdir -p \"$tree/{0}\" && cp -L '{1}' \"$tree/{1}\"".format(file.short_path.rpartition("/")[0], file.short_path))
    for target, path in ctx.attr.generated.items():
        lines.append("cp -L '{}' \"$tree/{}\"".format(target.files.to_list()[0].short_path, path))
    for name, path in ctx.attr.node_modules.items():
        lines.append("mkdir -p \"$(dirname \"$tree/{1}\")\" && ln -s \"$PWD/{0}/node_modules\" \"$tree/{1}\"".format(name.label.workspace_root.replace("external/", "../"), path))
    lines.append("exec '{}' --pretty false --project \"$tree/{}\"".format(compiler[0].short_path, ctx.file.project.short_path))
    ctx.actions.write(script, "\n".join(lines) + "\n", is_executable = True)
    files = ctx.files.srcs + ctx.files.generated + ctx.files._typescript + ctx.files.node_modules + [ctx.file.project]
    return [DefaultInfo(executable = script, runfiles = ctx.runfiles(files))]

ts_check_test = rule(
    implementation = _ts_check_test_impl,
    doc = "Checks the TypeScript of a project file; any message fails.",
    test = True,
    attrs = {
        "generated": attr.label_keyed_string_dict(allow_files = True, doc = "file → path from the workspace's root at which it is imported"),
        "node_modules": attr.label_keyed_string_dict(doc = "npm tree → path from the workspace's root at which it is found"),
        "project": attr.label(mandatory = True, allow_single_file = [".json"]),
        "srcs": attr.label_list(allow_files = True),
        "_typescript": attr.label(default = "@npm//:typescript"),
    },
)
