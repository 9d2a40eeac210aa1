// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// MaxSize is the largest trusted_root.json that is read, in bytes.
const MaxSize = 1 << 20

// Root is a trusted_root.json.
type Root struct {
	Name     string // of the file, or of the embedded root
	SHA256   string // of JSON, 64 lower-case hexadecimal digits
	JSON     []byte
	Material *root.TrustedRoot
}

// Error says why a root was refused, in fixed words.
type Error struct{ Expected, Found, Advice string }

// Error describes the refusal.
func (e *Error) Error() string {
	return "trust root: expected " + e.Expected + ", found " + e.Found + ". " + e.Advice
}

const adviceRoot = "Get the file anew from whoever runs the signing service, and compare its SHA-256 with the one that they publish."

// Parse reads a trusted_root.json; name is for reports. Every error is an
// *Error.
func Parse(name string, data []byte) (*Root, error) {
	if len(data) > MaxSize {
		return nil, &Error{"at most 1 MiB", "more", adviceRoot}
	}
	material, err := parse(data)
	if err != nil {
		return nil, &Error{"a trusted_root.json of Sigstore, version 0.1 or 0.2", "something else", adviceRoot}
	}
	r := &Root{Name: name, SHA256: digest(data), JSON: bytes.Clone(data), Material: material}
	if len(r.Authorities()) == 0 {
		return nil, &Error{"at least one authority or log", "none", adviceRoot}
	}
	return r, nil
}

// parse guards against a parser that panics on input of the wrong shape.
func parse(data []byte) (material *root.TrustedRoot, err error) {
	defer func() {
		if recover() != nil {
			material, err = nil, errors.New("malformed")
		}
	}()
	return root.NewTrustedRootFromJSON(data)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Embedded returns the names of the roots in this program, sorted.
func Embedded() []string {
	var names []string
	for _, e := range embedded {
		names = append(names, e.name)
	}
	slices.Sort(names)
	return names
}

// Named returns an embedded root. Every error is an *Error.
func Named(name string) (*Root, error) {
	for _, e := range embedded {
		if e.name == name {
			return Parse(e.name, e.json)
		}
	}
	return nil, &Error{"the name of an embedded root", "a name that this program does not have",
		"See \"kmsverify trust\" for those it has, or give the root with --trusted-root."}
}
