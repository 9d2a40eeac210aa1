# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""The provider that carries a package's metadata file."""

visibility("public")

PackageMetadataInfo = provider(
    doc = "Metadata about a package: a JSON file with its purl.",
    fields = {
        "files": "depset of File: the metadata file and what it refers to",
        "metadata": "File: JSON with the members attributes, label and purl",
    },
)
