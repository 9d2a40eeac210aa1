// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/verdict"
)

// Attestations returns attestations.jsonl: the bundles of a release, one a line,
// sorted by the names of their files. It refuses bundles that are about another
// release; it verifies no signature.
func Attestations(set *artifact.Set, bundles map[string][]byte) ([]byte, error) {
	manifest, ok := set.Content(release.ManifestPath)
	if !ok {
		return nil, unavailable(release.ManifestPath, "it is missing", "Name a release")
	}
	var lines bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(bundles)) {
		if err := checkAbout(name, bundles[name], release.Digest(manifest)); err != nil {
			return nil, err
		}
		line, err := compact(bundles[name])
		if err != nil {
			return nil, asFault(err)
		}
		lines.Write(line)
	}
	if lines.Len() == 0 {
		return nil, refused("release", "at least one "+release.SignatureSuffix+" file", "none", "Sign it first, with \"kmssign release\"")
	}
	return lines.Bytes(), nil
}

// Bundles returns the bundles that lie at the root of a set.
func Bundles(set *artifact.Set) map[string][]byte {
	bundles := make(map[string][]byte)
	for _, name := range set.Names() {
		if release.IsSignature(name) {
			bundles[name], _ = set.Content(name)
		}
	}
	return bundles
}

// checkAbout says whether a bundle is in its form, and is about the release with a
// digest: signs its manifest, or states something with the manifest as a subject.
func checkAbout(name string, data []byte, digest string) error {
	shown := verdict.FileName(name)
	parsed, err := sigbundle.Parse(data)
	if err != nil {
		return refused(shown, "a Sigstore bundle", "something else", "Take it out, or get it again")
	}
	about, err := subjectOf(data, parsed.IsStatement())
	switch {
	case err != nil:
		return refused(shown, "a signature over a file, or an in-toto statement", "something else", "Take it out")
	case about != digest:
		return refused(shown, "a bundle about release "+digest, "one about another release, or none", "Take it out: it was made for something else")
	}
	return nil
}

// subjectOf returns, in hexadecimal, the digest that a bundle gives for the
// manifest, not verified.
func subjectOf(data []byte, isStatement bool) (string, error) {
	var shape struct {
		Message struct {
			MessageDigest struct{ Digest []byte }
		} `json:"messageSignature"`
		Envelope struct{ Payload []byte } `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(data, &shape); err != nil {
		return "", err
	}
	if !isStatement {
		return hex.EncodeToString(shape.Message.MessageDigest.Digest), nil
	}
	statement, err := wire.Parse(shape.Envelope.Payload)
	if err != nil {
		return "", err
	}
	subjects, _ := statement.Get("subject")
	elements, _ := subjects.Elements()
	for _, subject := range elements {
		name, _ := subject.Get("name")
		if text, _ := name.AsString(); text == release.ManifestPath {
			digests, _ := subject.Get("digest")
			digest, _ := digests.Get("sha256")
			text, _ := digest.AsString()
			return text, nil
		}
	}
	return "", nil
}

func sameBase64(a, b string) bool {
	x, errX := base64.StdEncoding.DecodeString(a)
	y, errY := base64.StdEncoding.DecodeString(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
