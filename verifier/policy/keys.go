// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// cosignatureV1 is the type of a witness's key in C2SP signed-note keys.
const cosignatureV1 = 0x04

// maxUpdateKeys is how many keys apps take (package updateproof).
const maxUpdateKeys = 16

func (p *Policy) checkWitnesses() error {
	w := p.Witnesses
	if w.Threshold == 0 && len(w.Keys) == 0 {
		return nil
	}
	if err := checkList("witnesses.keys", w.Keys, 1); err != nil {
		return err
	}
	names, keys := make(map[string]bool), make(map[string]bool)
	for i, text := range w.Keys {
		name, key, ok := parseWitness(text)
		switch {
		case !ok:
			return refuse(at("witnesses.keys", i), "expected a C2SP verifier key of a witness: name+hash+base64, Ed25519 cosignatures (type 0x04)")
		case names[name] || keys[key]:
			return refuse(at("witnesses.keys", i), "another witness has the same name or key: both are one witness")
		}
		names[name], keys[key] = true, true
	}
	return checkThreshold("witnesses.threshold", w.Threshold, len(w.Keys))
}

// parseWitness reads name+hash+base64, where the hash is the beginning of the
// SHA-256 of the name, a newline and the key with its type.
func parseWitness(text string) (name, key string, ok bool) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || !isVisible(text) || parts[0] == "" {
		return "", "", false
	}
	typed, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(typed) != 33 || typed[0] != cosignatureV1 {
		return "", "", false
	}
	sum := sha256.Sum256(slices.Concat([]byte(parts[0]+"\n"), typed))
	if hash, err := hex.DecodeString(parts[1]); err != nil || len(hash) != 4 || binary.BigEndian.Uint32(hash) != binary.BigEndian.Uint32(sum[:4]) {
		return "", "", false
	}
	return parts[0], string(typed[1:]), true
}

func (p *Policy) checkUpdate() error {
	if p.Update == nil {
		return nil
	}
	switch {
	case len(p.Update.Keys) < 1 || len(p.Update.Keys) > maxUpdateKeys:
		return refuse("update.keys", "expected 1 to 16")
	case p.Witnesses.Threshold < 1:
		return refuse("update", "expected witnesses.threshold of at least 1: apps take the time of an update from witnesses")
	}
	if err := checkList("update.keys", p.Update.Keys, 1); err != nil {
		return err
	}
	for i, text := range p.Update.Keys {
		key := parseKey(text)
		if key == nil || key.Curve != elliptic.P256() {
			return refuse(at("update.keys", i), "expected base64 of a DER SubjectPublicKeyInfo with a P-256 key")
		}
		isParty := func(identity Identity) bool { return identity.Key == text }
		if slices.ContainsFunc(p.Identities(), isParty) || slices.ContainsFunc(p.Rebuilders.Identities(), isParty) {
			return refuse(at("update.keys", i), "a publisher or rebuilder has the same key: whoever takes that one could also move the pins of apps")
		}
	}
	return nil
}
