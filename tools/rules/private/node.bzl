# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""Scripts that node runs, bundled by ts_bundle where they are TypeScript. Only tests and benchmarks use it.

Node is one of the programs that tools/test brings in, found on PATH: it never takes part in a release.
"""

_COMMON = """#!/bin/sh
set -eu
command -v node >/dev/null || {{
  echo "node is not installed; tools/test brings it in (or run with KMS_ROOT=test)" >&2
  exit 1
}}
{environment}
"""

_TEST = """
# Cases go to the log for people and to test.xml for the count.
# All files share one process, and so one browser.
exec node --preserve-symlinks --preserve-symlinks-main --test --test-isolation=none --test-timeout={timeout} \\
  --test-reporter=spec --test-reporter-destination=stdout \\
  --test-reporter=junit --test-reporter-destination="$XML_OUTPUT_FILE" \\
  {files}
"""

_BINARY = """
exec node --preserve-symlinks --preserve-symlinks-main {files} "$@"
"""

_ATTRIBUTES = {
    "data": attr.label_list(allow_files = True, doc = "what the program reads beside srcs"),
    "env": attr.string_dict(doc = "environment, as it is"),
    "paths": attr.label_keyed_string_dict(allow_files = True, doc = "file or folder → environment variable that names it"),
    "srcs": attr.label_list(mandatory = True, allow_files = True),
}

def _script(ctx, tail, **kwargs):
    lines = ["export {}='{}'".format(name, value) for name, value in sorted(ctx.attr.env.items())]
    runfiles = ctx.runfiles(ctx.files.srcs + ctx.files.data + ctx.files.paths)
    for target, name in ctx.attr.paths.items():
        executable = target[DefaultInfo].files_to_run.executable
        files = target.files.to_list()
        if not executable and len(files) != 1:
            fail("{}: {} has {} files, expected one".format(name, target.label, len(files)))
        path = executable.short_path if executable else files[0].short_path
        lines.append("export {}=\"$PWD/{}\"".format(name, path))
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    for name, folder in ctx.attr.node_modules.items():
        lines.append("export {}=\"$PWD/{}\"".format(folder, name.label.workspace_root.replace("external/", "../") + "/node_modules"))
        runfiles = runfiles.merge(ctx.runfiles(name.files.to_list()))
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        script,
        _COMMON.format(environment = "\n".join(lines)) + tail.format(**kwargs),
        is_executable = True,
    )
    return [DefaultInfo(executable = script, runfiles = runfiles)]

def _node_test_impl(ctx):
    return _script(
        ctx,
        _TEST,
        files = " ".join([f.short_path for f in ctx.files.tests]),
        timeout = ctx.attr.case_timeout * 1000,
    )

node_test = rule(
    implementation = _node_test_impl,
    doc = "Runs test files with node --test; each case counts.",
    test = True,
    attrs = _ATTRIBUTES | {
        "case_timeout": attr.int(default = 60, doc = "seconds for one case"),
        "node_modules": attr.label_keyed_string_dict(doc = "npm tree → environment variable that names its node_modules"),
        "tests": attr.label_list(mandatory = True, allow_files = True, doc = "those of srcs that are test files"),
    },
)

def _node_binary_impl(ctx):
    return _script(ctx, _BINARY, files = ctx.file.main.short_path)

node_binary = rule(
    implementation = _node_binary_impl,
    doc = "Runs a script with node.",
    executable = True,
    attrs = _ATTRIBUTES | {
        "main": attr.label(mandatory = True, allow_single_file = True),
        "node_modules": attr.label_keyed_string_dict(doc = "npm tree → environment variable that names its node_modules"),
    },
)

def _folder_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add(out.path)
    inputs = []
    for target, path in ctx.attr.files.items():
        files = target.files.to_list()
        if len(files) != 1:
            fail("{}: {} has {} files, expected one".format(path, target.label, len(files)))
        arguments.add(files[0])
        arguments.add(path)
        inputs.append(files[0])
    ctx.actions.run_shell(
        command = "out=$1; shift; while [ $# -gt 0 ]; do mkdir -p \"$(dirname \"$out/$2\")\"; cp -L \"$1\" \"$out/$2\"; shift 2; done",
        arguments = [arguments],
        inputs = inputs,
        outputs = [out],
        mnemonic = "Folder",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

folder = rule(
    implementation = _folder_impl,
    doc = "A folder of files; for demos and tests, never for a release.",
    attrs = {
        "files": attr.label_keyed_string_dict(mandatory = True, allow_files = True, doc = "file → its path in the folder"),
    },
)
