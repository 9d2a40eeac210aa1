// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package waict

import (
	"encoding/base64"
	"strings"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
)

// Pin adds the enclave's document to the manifest of an app, in the form of
// the draft, so that the browser loads nothing else into the iframe. The
// manifest may have any members; entries for the same addresses are replaced,
// all else is kept. The proof is left empty, since it was for the manifest as
// it was. The result is canonical JSON. The error is a *wire.SyntaxError or
// *FormatError.
func Pin(manifest []byte, enclave origin.Origin, embed release.Embed) ([]byte, error) {
	body, ended := strings.CutSuffix(string(manifest), "\n")
	at := strings.LastIndexByte(body, '\n')
	if !ended || at < 0 {
		return nil, &FormatError{"expected JSON, a newline, a proof or nothing, and a newline"}
	}
	pinned, err := pin([]byte(body[:at]), enclave, embed, base64.RawURLEncoding)
	if err != nil {
		return nil, err
	}
	return append(pinned, "\n\n"...), nil
}

// PinFirefox is Pin for a manifest in Firefox's form. Firefox checks scripts
// and styles alone, so there it is a promise that nobody holds yet.
func PinFirefox(manifest []byte, enclave origin.Origin, embed release.Embed) ([]byte, error) {
	return pin(manifest, enclave, embed, base64.StdEncoding)
}

func pin(manifest []byte, enclave origin.Origin, embed release.Embed, encoding *base64.Encoding) ([]byte, error) {
	v, err := wire.Parse(manifest)
	if err != nil {
		return nil, err
	}
	all, isObject := v.Members()
	old, _ := v.Get("hashes")
	entries, hasHashes := old.Members()
	if !isObject || !hasHashes {
		return nil, &FormatError{"expected an object with the member hashes, an object"}
	}
	ours := map[string]string{}
	for url, text := range embed.Hashes {
		hash, ok := decode(base64.RawURLEncoding, text)
		path, isTemplate := strings.CutPrefix(url, release.OriginPlaceholder)
		if !ok || !isTemplate {
			return nil, &FormatError{"expected the hashes of embed.json"}
		}
		ours[enclave.String()+path] = encoding.EncodeToString(hash[:])
	}
	var merged []wire.Member
	for _, entry := range entries {
		if _, replaced := ours[entry.Name]; !replaced {
			merged = append(merged, entry)
		}
	}
	for url, text := range ours {
		merged = append(merged, wire.Member{Name: url, Value: wire.String(text)})
	}
	for i := range all {
		if all[i].Name == "hashes" {
			all[i].Value = wire.Object(merged...)
		}
	}
	return wire.Object(all...).Append(nil), nil
}
