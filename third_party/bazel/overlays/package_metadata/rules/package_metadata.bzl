# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""package_metadata: writes the JSON that rules_go reads for a binary's build info.

Its members and their values are those of the registry's module of the same name: the purl reaches the
bytes of what is built, so both must write the same one.
"""

load("//providers:package_metadata_info.bzl", "PackageMetadataInfo")

visibility("public")

def _package_metadata_impl(ctx):
    metadata = ctx.actions.declare_file(ctx.label.name + ".package-metadata.json")
    ctx.actions.write(metadata, json.encode({
        "attributes": {},
        "label": str(ctx.label),
        "purl": ctx.attr.purl,
    }))
    files = depset([metadata])
    return [
        DefaultInfo(files = files),
        PackageMetadataInfo(files = files, metadata = metadata),
    ]

_package_metadata = rule(
    implementation = _package_metadata_impl,
    attrs = {
        "purl": attr.string(mandatory = True),
    },
    provides = [PackageMetadataInfo],
)

def package_metadata(name, purl, visibility = None, **kwargs):
    """Declares a package's metadata.

    Args:
      name: name of the target.
      purl: package URL, such as pkg:golang/golang.org/x/crypto@v0.58.0.
      visibility: visibility of the target.
      **kwargs: passed on; attributes are accepted and not written (nothing here reads them).
    """
    kwargs.pop("attributes", None)

    # A package's default applicable_licenses name this very target.
    _package_metadata(
        name = name,
        purl = purl,
        applicable_licenses = [],
        visibility = visibility,
        **kwargs
    )
