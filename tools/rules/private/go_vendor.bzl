# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""A Go module of its own, outside go.work: its dependencies as a repository, its programs as a build rule.

What such a module needs must not enter the version selection of go.work. So Go itself vendors what its own
go.mod names and go.sum pins, and Go itself builds it. Only tests and tools for trying out are built so.
"""

load(":go_modules.bzl", "host_sdk")

def _go_vendor_impl(rctx):
    module = rctx.path(rctx.attr.go_mod).dirname
    rctx.watch_tree(module)
    sdk = rctx.path(rctx.attr.sdk).dirname
    environment = {
        "GOFLAGS": "-mod=readonly",
        "GOMODCACHE": str(rctx.path("modcache")),
        "GOPATH": str(rctx.path("gopath")),
        "GOCACHE": str(rctx.path("gocache")),
        "GOROOT": str(sdk),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "HOME": str(rctx.path(".")),
    }
    if rctx.getenv("GOPROXY"):
        environment["GOPROXY"] = rctx.getenv("GOPROXY")
    result = rctx.execute(
        [str(sdk) + "/bin/go", "mod", "vendor", "-o", str(rctx.path("vendor"))],
        environment = environment,
        working_directory = str(module),
        timeout = 1800,
    )
    if result.return_code:
        fail("go mod vendor in {}: {}".format(module, result.stderr))
    rctx.execute(["chmod", "-R", "u+w", "modcache"])
    for folder in ["modcache", "gopath", "gocache"]:
        rctx.delete(folder)

    # One file: thousands of inputs would cost more to lay out than to unpack.
    result = rctx.execute([
        "tar",
        "--create",
        "--file=vendor.tar",
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mode=u=rwX,go=rX",
        "vendor",
    ])
    if result.return_code:
        fail("packing {}: {}".format(rctx.name, result.stderr))
    rctx.delete("vendor")
    rctx.file("BUILD.bazel", "exports_files([\"vendor.tar\"])\n")

_go_vendor_repository = repository_rule(
    implementation = _go_vendor_impl,
    attrs = {
        "go_mod": attr.label(mandatory = True, doc = "go.mod of the module"),
        "sdk": attr.label(mandatory = True, doc = "ROOT of the SDK to ask"),
    },
)

def _extension_impl(mctx):
    for module in mctx.modules:
        for tag in module.tags.module:
            _go_vendor_repository(name = tag.name, go_mod = tag.go_mod, sdk = host_sdk(mctx, tag.sdks))
    return mctx.extension_metadata(reproducible = True)

go_vendor = module_extension(
    implementation = _extension_impl,
    tag_classes = {
        "module": tag_class(attrs = {
            "go_mod": attr.label(mandatory = True),
            "name": attr.string(mandatory = True),
            "sdks": attr.label_list(mandatory = True),
        }),
    },
)

# Go wants a folder with the module's files and vendor/, and caches that it can write to.
_SCRIPT = """
set -eu
root=$PWD
work=$root/$1.work
mkdir -p "$work/module" "$work/cache"
while read -r from to; do
  mkdir -p "$work/module/$(dirname "$to")"
  cp -L "$from" "$work/module/$to"
done <"$4"
tar -xf "$3" -C "$work/module"
export GOROOT="$root/$2" GOCACHE="$work/cache" GOPATH="$work/path" HOME="$work" GOWORK=off GOTOOLCHAIN=local \\
  GOPROXY=off GOSUMDB=off CGO_ENABLED=0 GOFLAGS='-mod=vendor -trimpath -buildvcs=false'
cd "$work/module"
"$GOROOT/bin/go" build -ldflags='-s -w -buildid=' -o "$root/$1" "$5"
rm -rf "$work"
"""

def _go_vendored_binary_impl(ctx):
    sdk = ctx.toolchains["@rules_go//go:toolchain"].sdk
    program = ctx.actions.declare_file(ctx.label.name)
    listing = ctx.actions.declare_file(ctx.label.name + ".sources")
    folder = ctx.label.package + "/"
    ctx.actions.write(listing, "".join([
        "{} {}\n".format(f.path, f.short_path.removeprefix(folder))
        for f in ctx.files.srcs
    ]))
    ctx.actions.run_shell(
        command = _SCRIPT,
        arguments = [program.path, sdk.root_file.dirname, ctx.file.vendor.path, listing.path, ctx.attr.main],
        inputs = depset(
            ctx.files.srcs + [ctx.file.vendor, listing, sdk.root_file, sdk.go],
            transitive = [sdk.srcs, sdk.tools, sdk.headers],
        ),
        outputs = [program],
        mnemonic = "GoVendoredBinary",
        progress_message = "Building %{label} from its vendored modules",
    )
    return [DefaultInfo(executable = program, files = depset([program]))]

go_vendored_binary = rule(
    implementation = _go_vendored_binary_impl,
    doc = "A program of a Go module outside go.work, built by go build from its vendored dependencies.",
    executable = True,
    attrs = {
        "main": attr.string(mandatory = True, doc = "package of the program, such as ./cmd/name"),
        "srcs": attr.label_list(mandatory = True, allow_files = True, doc = "every file of the module, go.mod and go.sum among them"),
        "vendor": attr.label(mandatory = True, allow_single_file = [".tar"], doc = "vendor.tar of its go_vendor repository"),
    },
    toolchains = ["@rules_go//go:toolchain"],
)
