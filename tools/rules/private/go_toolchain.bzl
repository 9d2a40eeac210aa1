# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""A repository with one Go SDK, from the module golang.org/toolchain or from go.dev's archive.

Both hold the same tree but for what is evened out here: the archive also has documents and tests, the
module spells go.mod as _go.mod, and they differ in go.env's default for GOTOOLCHAIN. What is pinned is
the evened tree, so it does not matter which of the two a machine can reach.
"""

_GO_ENV = """# Set by tools/rules/private/go_toolchain.bzl: the SDK never switches to another toolchain.
GOPROXY={goproxy}
GOSUMDB=sum.golang.org
GOTOOLCHAIN=local
"""

_DIGEST = """
set -eu
cd "$1"
if command -v sha256sum >/dev/null; then sum=sha256sum; else sum='shasum -a 256'; fi
find . -type f ! -path ./BUILD.bazel ! -path ./WORKSPACE ! -path ./REPO.bazel ! -path ./go.env |
  LC_ALL=C sort | tr '\\n' '\\0' | xargs -0 $sum | $sum | cut -d' ' -f1
"""

_ARCHIVE_ONLY = ["api", "doc", "misc", "test", "codereview.cfg", "CONTRIBUTING.md", "README.md", "SECURITY.md"]

def _proxies(rctx):
    """The addresses in GOPROXY, in order."""
    value = rctx.getenv("GOPROXY", "").replace("|", ",")
    return [p.rstrip("/") for p in value.split(",") if "://" in p]

def _fetch(rctx):
    version = "v0.0.1-go{}.{}".format(rctx.attr.version, rctx.attr.platform)
    proxies = _proxies(rctx)
    if proxies:
        rctx.download_and_extract(
            url = ["{}/golang.org/toolchain/@v/{}.zip".format(p, version) for p in proxies],
            sha256 = rctx.attr.module_sha256,
            stripPrefix = "golang.org/toolchain@" + version,
        )
        return
    rctx.download_and_extract(
        url = "https://go.dev/dl/go{}.{}.tar.gz".format(rctx.attr.version, rctx.attr.platform),
        stripPrefix = "go",
    )

def _even_out(rctx):
    for name in _ARCHIVE_ONLY:
        rctx.delete(name)
    script = "cd \"$1\" && find . -name _go.mod -type f | while read -r f; do mv \"$f\" \"${f%_go.mod}go.mod\"; done"
    result = rctx.execute(["sh", "-c", script, "sh", str(rctx.path("."))])
    if result.return_code:
        fail("laying out the Go SDK: " + result.stderr)

    # The default proxy is whatever the SDK shipped with; only the toolchain switch is set.
    lines = [line for line in rctx.read("go.env").splitlines() if line.startswith("GOPROXY=")]
    goproxy = lines[0].removeprefix("GOPROXY=") if lines else "direct"
    rctx.file("go.env", _GO_ENV.format(goproxy = goproxy), executable = False)

def _go_toolchain_impl(rctx):
    _fetch(rctx)
    _even_out(rctx)
    result = rctx.execute(["sh", "-c", _DIGEST, "sh", str(rctx.path("."))])
    digest = result.stdout.strip()
    if result.return_code or digest != rctx.attr.tree_sha256:
        fail("Go {} for {} is not the pinned SDK.\n  expected tree sha256 {}\n  found    {}{}".format(
            rctx.attr.version,
            rctx.attr.platform,
            rctx.attr.tree_sha256,
            digest,
            result.stderr,
        ))
    rctx.file("ROOT", "")
    rctx.file("BUILD.bazel", "exports_files([\"ROOT\"])\n")

_go_toolchain_repository = repository_rule(
    implementation = _go_toolchain_impl,
    attrs = {
        "module_sha256": attr.string(mandatory = True, doc = "sha256 of the module zip"),
        "platform": attr.string(mandatory = True, doc = "as the module spells it, such as linux-amd64"),
        "tree_sha256": attr.string(mandatory = True, doc = "sha256 of the sorted list of every file's sha256 and path"),
        "version": attr.string(mandatory = True, doc = "such as 1.26.8"),
    },
    doc = "One Go SDK, checked against the hash of its tree.",
)

def _pins_impl(rctx):
    rctx.file("pins.txt", "".join([pin + "\n" for pin in rctx.attr.pins]))
    rctx.file("BUILD.bazel", "exports_files([\"pins.txt\"])\n")

_pins_repository = repository_rule(
    implementation = _pins_impl,
    attrs = {
        "pins": attr.string_list(mandatory = True),
    },
    doc = "pins.txt: the SDKs of all platforms, laid out as third_party/bazel/modules.txt.",
)

def _extension_impl(mctx):
    pins = []
    for module in mctx.modules:
        for sdk in module.tags.sdk:
            _go_toolchain_repository(
                name = "go_sdk_" + sdk.platform.replace("-", "_"),
                module_sha256 = sdk.module_sha256,
                platform = sdk.platform,
                tree_sha256 = sdk.tree_sha256,
                version = sdk.version,
            )
            pins.append("go . golang.org/toolchain v0.0.1-go{}.{} {}".format(sdk.version, sdk.platform, sdk.module_sha256))
    _pins_repository(name = "go_sdk_pins", pins = sorted(pins))
    return mctx.extension_metadata(reproducible = True)

go_toolchain = module_extension(
    implementation = _extension_impl,
    tag_classes = {
        "sdk": tag_class(attrs = {
            "module_sha256": attr.string(mandatory = True),
            "platform": attr.string(mandatory = True),
            "tree_sha256": attr.string(mandatory = True),
            "version": attr.string(mandatory = True),
        }),
    },
)
