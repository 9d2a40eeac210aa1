// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"encoding/base64"
	"slices"
	"strings"
)

// What lies under /.well-known/, and the embedder's file. WAICT manifests and
// the last two are listed in a manifest, the others are companions.
const (
	WAICTFolder          = ".well-known/waict/manifests/"
	EvidenceFolder       = ".well-known/kms-enclave/" // apps of any origin may read what is here
	AttestationsPath     = EvidenceFolder + "attestations.jsonl"
	UpdateProofPath      = EvidenceFolder + "release.tlog-proof"
	WebcatEnrollmentPath = ".well-known/webcat/enrollment.json"
	WebcatBundlePath     = ".well-known/webcat/bundle.json"
	WebcatManifestPath   = ".well-known/webcat/manifest.json"
	EmbedPath            = "embed.json"
)

// waictDigits is how many base64url digits of the SHA-256 are in the name of a
// WAICT manifest.
const waictDigits = 22

// laterRoles are the roles since format 2, and how many files have each.
var laterRoles = map[Role]int{RoleWAICT: 2, RoleWebcat: 1, RoleEmbed: 1}

// CompanionPaths returns the paths, sorted, that a host may serve beside the
// listed files: what signing adds under /.well-known/.
func CompanionPaths() []string {
	return []string{AttestationsPath, UpdateProofPath, WebcatBundlePath, WebcatEnrollmentPath}
}

// IsSignature says whether path names a signature beside a release, which no
// file lists.
func IsSignature(path string) bool {
	return strings.HasSuffix(path, SignatureSuffix) && !strings.Contains(path, "/") && checkPath(path) == nil
}

// IsCompanion says whether path names something that signing adds to a
// release: a signature, or one of CompanionPaths. No file lists those.
func IsCompanion(path string) bool {
	return IsSignature(path) || slices.Contains(CompanionPaths(), path)
}

// UnlistedMediaType returns the Content-Type of a path that a host serves and
// no manifest lists, or "" if path is none of them.
func UnlistedMediaType(path string) string {
	switch path {
	case ManifestPath, ProvenancePath, DeploymentPath, WebcatEnrollmentPath, WebcatBundlePath:
		return "application/json"
	case AttestationsPath:
		return "application/jsonl"
	case ChecksumsPath, UpdateProofPath:
		return "text/plain; charset=utf-8"
	}
	return ""
}

// WAICTName returns the path of a WAICT manifest: in the form of the draft, or
// in the one that Firefox reads, which is plain JSON.
func WAICTName(stem string, firefox bool, content []byte) string {
	name := WAICTFolder + stem + "_" + waictHash(hexSHA256(content))
	if firefox {
		name += ".json"
	}
	return name
}

// waictHash returns the first waictDigits of the base64url of a SHA-256 given
// in hexadecimal digits; "" if it is none.
func waictHash(sum string) string {
	bytes := decodeHex(sum)
	if bytes == nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(bytes)[:waictDigits]
}

// Sum returns the SHA-256 of f as 32 bytes, or nil if f has none.
func (f File) Sum() []byte { return decodeHex(f.SHA256) }

// decodeHex returns the 32 bytes of a SHA-256, or nil if text is none.
func decodeHex(text string) []byte {
	if len(text) != 64 || !isLowerHex(text) {
		return nil
	}
	bytes := make([]byte, len(text)/2)
	for i := range bytes {
		bytes[i] = byte(strings.IndexByte(hexDigits, text[2*i])<<4 | strings.IndexByte(hexDigits, text[2*i+1]))
	}
	return bytes
}

// validateLater checks the path of a file with a role of format 2.
func (f File) validateLater() error {
	switch f.Role {
	case RoleWAICT:
		name, inFolder := strings.CutPrefix(f.Path, WAICTFolder)
		stem, named := strings.CutSuffix(strings.TrimSuffix(name, ".json"), "_"+waictHash(f.SHA256))
		if !inFolder || !named || stem == "" || !containsOnly(stem, nameCharacters) {
			return &FormatError{f.Path, "name: expected " + WAICTFolder + "stem_H, H the first 22 digits of sha256 in base64url, with or without .json"}
		}
	case RoleWebcat:
		if f.Path != WebcatManifestPath {
			return &FormatError{f.Path, "path: expected " + WebcatManifestPath + " for the role webcat"}
		}
	case RoleEmbed:
		if f.Path != EmbedPath {
			return &FormatError{f.Path, "path: expected " + EmbedPath + " for the role embed"}
		}
	}
	return nil
}

const reasonVersion = "expected MAJOR.MINOR.PATCH of Semantic Versioning, perhaps with -PRERELEASE, in at most 64 bytes"

// IsVersion says whether s is a version of Semantic Versioning 2.0.0 without
// build metadata, in at most 64 bytes: "0.5.0", "1.0.0-rc.1".
func IsVersion(s string) bool {
	core, prerelease, hasPrerelease := strings.Cut(s, "-")
	numbers := strings.Split(core, ".")
	if len(s) > 64 || len(numbers) != 3 || slices.ContainsFunc(numbers, func(n string) bool { return !isNumber(n) }) {
		return false
	}
	if !hasPrerelease {
		return true
	}
	for part := range strings.SplitSeq(prerelease, ".") {
		if part == "" || !containsOnly(part, versionCharacters) || containsOnly(part, "0123456789") && !isNumber(part) {
			return false
		}
	}
	return true
}

const versionCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"

// isNumber says whether s is decimal digits without a leading zero.
func isNumber(s string) bool {
	return s != "" && containsOnly(s, "0123456789") && (s == "0" || s[0] != '0')
}
