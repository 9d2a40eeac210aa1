// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"fmt"
	"sort"
	"strings"
)

// Pin returns release.ts: the typed constant that an app's build hands to the SDK, so that the app accepts
// this release and no other.
func (r *Release) Pin() []byte {
	var b strings.Builder
	b.WriteString("// Made by //enclave:manifest from release.json. An app passes it to connect() of the SDK.\n\n")
	b.WriteString("/** The release of the enclave that this app was built against. */\n")
	b.WriteString("export const release = {\n")
	fmt.Fprintf(&b, "  /** SHA-256 of release.json, lower-case hexadecimal. */\n  digest: %q,\n", r.Digest)
	fmt.Fprintf(&b, "  /** Version of the release (Semantic Versioning). */\n  version: %q,\n", r.Manifest.Version)
	fmt.Fprintf(&b, "  /** Version of the channel protocol that it speaks. */\n  protocol: %d,\n", r.Manifest.Protocol)
	fmt.Fprintf(&b, "  /** Commit of the source, or \"unreleased\". */\n  commit: %q,\n", r.Manifest.Source.Commit)
	fmt.Fprintf(&b, "  /** Path of the document that the SDK's iframe loads. */\n  entry: %q,\n", r.Manifest.Entry)
	b.WriteString("  /** Subresource Integrity of every served file. */\n  integrity: {\n")
	integrity := map[string]string{}
	for _, path := range r.Manifest.ServedPaths() {
		if f, ok := r.Manifest.File(path); ok {
			integrity[path] = f.Integrity
		}
	}
	paths := make([]string, 0, len(integrity))
	for path := range integrity {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		fmt.Fprintf(&b, "    %q: %q,\n", path, integrity[path])
	}
	b.WriteString("  },\n} as const;\n")
	return []byte(b.String())
}
