// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"

	"ats.run/kms-enclave/kmslib/wire"
)

// entry is what a hashedrekord 0.0.2 of Rekor v2 says.
type entry struct {
	digest      string            // that was signed, in hexadecimal
	certificate *x509.Certificate // of the signer, or nil
	key         string            // of the signer if there is no certificate: base64 of its DER
}

// errUnread says that an entry is not one that this package can read. Nothing
// is known about who signed what in it.
var errUnread = errors.New("not a hashedrekord 0.0.2")

// parseEntry reads the body of an entry. Members that it does not know are no
// reason not to see who signed.
func parseEntry(body []byte) (*entry, error) {
	v, err := wire.Parse(body)
	if err != nil || textAt(v, "kind") != "hashedrekord" || textAt(v, "apiVersion") != "0.0.2" {
		return nil, errUnread
	}
	digest, err := bytesAt(v, "spec", "hashedRekordV002", "data", "digest")
	if err != nil {
		return nil, errUnread
	}
	e := &entry{digest: hex.EncodeToString(digest)}
	if der, err := bytesAt(v, "spec", "hashedRekordV002", "signature", "verifier", "x509Certificate", "rawBytes"); err == nil {
		if e.certificate, err = x509.ParseCertificate(der); err != nil {
			return nil, errUnread
		}
		return e, nil
	}
	der, err := bytesAt(v, "spec", "hashedRekordV002", "signature", "verifier", "publicKey", "rawBytes")
	if err != nil {
		return nil, errUnread
	}
	e.key = base64.StdEncoding.EncodeToString(der)
	return e, nil
}

// textAt returns the string at a path of members, or "".
func textAt(v wire.Value, path ...string) string {
	for _, name := range path {
		next, ok := v.Get(name)
		if !ok {
			return ""
		}
		v = next
	}
	s, _ := v.AsString()
	return s
}

// bytesAt returns what the base64 at a path of members says. Empty is none.
func bytesAt(v wire.Value, path ...string) ([]byte, error) {
	text := textAt(v, path...)
	if text == "" {
		return nil, errUnread
	}
	return base64.StdEncoding.DecodeString(text)
}
