# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""A repository with the output of `go list -m all`, for the test that gazelle selected the same versions.

gazelle reads go.work without running Go, and its selection has differed from Go's own.
"""

def _go_modules_impl(rctx):
    root = rctx.path(rctx.attr.go_work).dirname
    for file in rctx.attr.inputs:
        rctx.watch(rctx.path(file))
    sdk = rctx.path(rctx.attr.sdk).dirname
    environment = {
        "GOFLAGS": "-mod=readonly",
        "GOMODCACHE": str(rctx.path("modcache")),
        "GOPATH": str(rctx.path("gopath")),
        "GOCACHE": str(rctx.path("gocache")),
        "GOROOT": str(sdk),
        "GOTOOLCHAIN": "local",
        "HOME": str(rctx.path(".")),
    }
    if rctx.getenv("GOPROXY"):
        environment["GOPROXY"] = rctx.getenv("GOPROXY")
    result = rctx.execute(
        [str(sdk) + "/bin/go", "list", "-m", "-f", "{{if not .Main}}{{.Path}} {{.Version}}{{end}}", "all"],
        environment = environment,
        working_directory = str(root),
    )
    if result.return_code:
        fail("go list -m all: " + result.stderr)
    rctx.execute(["chmod", "-R", "u+w", "modcache"])
    for folder in ["modcache", "gopath", "gocache"]:
        rctx.delete(folder)
    rctx.file("list.txt", "\n".join(sorted([line for line in result.stdout.splitlines() if line])) + "\n")
    rctx.file("BUILD.bazel", "exports_files([\"list.txt\"])\n")

_go_modules_repository = repository_rule(
    implementation = _go_modules_impl,
    attrs = {
        "go_work": attr.label(mandatory = True),
        "inputs": attr.label_list(mandatory = True, doc = "the go.mod and go.sum files"),
        "sdk": attr.label(mandatory = True, doc = "ROOT of the SDK to ask"),
    },
)

_PLATFORMS = {
    "linux-aarch64": "linux_arm64",
    "linux-amd64": "linux_amd64",
    "mac os x-aarch64": "darwin_arm64",
    "mac os x-x86_64": "darwin_amd64",
}

def host_sdk(mctx, sdks):
    """Returns the one of the pinned SDKs' ROOT labels that runs here."""
    platform = _PLATFORMS.get("{}-{}".format(mctx.os.name, mctx.os.arch))
    if not platform:
        fail("no Go SDK is pinned for {} on {}".format(mctx.os.name, mctx.os.arch))
    return [sdk for sdk in sdks if platform in str(sdk)][0]

def _extension_impl(mctx):
    for module in mctx.modules:
        for tag in module.tags.work:
            _go_modules_repository(
                name = tag.name,
                go_work = tag.go_work,
                inputs = tag.inputs,
                sdk = host_sdk(mctx, tag.sdks),
            )
    return mctx.extension_metadata(reproducible = True)

go_modules = module_extension(
    implementation = _extension_impl,
    tag_classes = {
        "work": tag_class(attrs = {
            "go_work": attr.label(mandatory = True),
            "inputs": attr.label_list(mandatory = True),
            "name": attr.string(mandatory = True),
            "sdks": attr.label_list(mandatory = True),
        }),
    },
)
