# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""A repository with the node_modules tree that a package-lock.json describes.

Every package is checked against the lock file's integrity. The lock file names no host: the registry is
NPM_CONFIG_REGISTRY, which tools/bazel takes from npm's own configuration. Install scripts never run.
Only tests use this repository; nothing of it reaches a release.
"""

_BUILD = """package(default_visibility = ["//visibility:public"])

filegroup(
    name = "node_modules",
    srcs = glob(
        ["node_modules/**"],
        # Bazel allows no such names in labels, and nothing needs the files.
        exclude = ["**/* *", "**/*.md", "**/*.map", "**/BUILD", "**/BUILD.bazel"],
    ),
)

exports_files(glob(["node_modules/@typescript/*/lib/tsc*"], allow_empty = True))

filegroup(
    name = "typescript",
    srcs = glob(["node_modules/@typescript/*/**"], allow_empty = True),
)
"""

def _wanted(entry, os, cpu):
    """Whether a package is for this platform; the lock file lists the binaries of all."""
    return (not entry.get("os") or os in entry["os"]) and (not entry.get("cpu") or cpu in entry["cpu"])

def _drop_other_platforms(rctx, prebuilds, platform):
    """Deletes the binaries that a package brings for other platforms, where node-gyp-build looks for them."""
    if prebuilds.exists:
        for folder in prebuilds.readdir():
            if folder.basename != platform:
                rctx.delete(folder)

def _npm_impl(rctx):
    registry = rctx.getenv("NPM_CONFIG_REGISTRY", "").rstrip("/")
    if not registry:
        fail("tests need npm packages, and no npm registry is known.\n" +
             "Install npm, or set NPM_CONFIG_REGISTRY (as `npm config get registry` prints it).")
    os = {"mac os x": "darwin"}.get(rctx.os.name, rctx.os.name)
    cpu = {"aarch64": "arm64", "amd64": "x64", "x86_64": "x64"}.get(rctx.os.arch, rctx.os.arch)
    lock = json.decode(rctx.read(rctx.attr.lock_file))
    pending = {}
    for path, entry in sorted(lock["packages"].items()):
        if not path or not _wanted(entry, os, cpu):
            continue

        # A package under another name than its own says which it is.
        name = entry.get("name") or path.rpartition("node_modules/")[2]
        archive = "archives/{}.tgz".format(len(pending))
        pending[path] = (archive, rctx.download(
            url = "{}/{}/-/{}-{}.tgz".format(registry, name, name.rpartition("/")[2], entry["version"]),
            output = archive,
            integrity = entry["integrity"],
            block = False,
        ))
    for path, (archive, download) in pending.items():
        download.wait()

        # An archive has one folder at its root, mostly but not always called package.
        rctx.extract(archive, output = "unpacked")
        folder = rctx.path("unpacked").readdir()[0]
        target = rctx.path(path)
        move = rctx.execute(["sh", "-c", "mkdir -p \"$2\" && mv \"$1\"/* \"$2\"/", "sh", str(folder), str(target)])
        if move.return_code:
            fail("laying out {}: {}".format(path, move.stderr))
        rctx.delete("unpacked")
        _drop_other_platforms(rctx, target.get_child("prebuilds"), os + "-" + cpu)
    rctx.delete("archives")
    rctx.file("BUILD.bazel", _BUILD)

_npm_repository = repository_rule(
    implementation = _npm_impl,
    attrs = {
        "lock_file": attr.label(mandatory = True, doc = "package-lock.json, lockfileVersion 3"),
    },
)

def _extension_impl(mctx):
    for module in mctx.modules:
        for tree in module.tags.tree:
            _npm_repository(name = tree.name, lock_file = tree.lock_file)
    return mctx.extension_metadata(reproducible = True)

npm = module_extension(
    implementation = _extension_impl,
    tag_classes = {
        "tree": tag_class(attrs = {
            "lock_file": attr.label(mandatory = True),
            "name": attr.string(mandatory = True),
        }),
    },
)
