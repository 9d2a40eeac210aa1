// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// Rule says whom a proof must come from. Check reads it anew each time.
type Rule struct {
	Keys      [][]byte // update keys, P-256, each as DER SubjectPublicKeyInfo; 1 to 16
	Log       string   // verifier key of the log: name+id+base64, type 1
	Witnesses []string // verifier keys of witnesses, type 4; 1 to 64
	Threshold int      // how many of them must have cosigned; 1 or more
}

// Limits of a rule.
const (
	maxKeys      = 16
	maxWitnesses = 64
)

// The types of C2SP signed-note keys that are read here.
const (
	typeEd25519     = 1
	typeCosignature = 4
)

// noteKey is a key by which a note may be signed.
type noteKey struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

// authorities is a rule that was read.
type authorities struct {
	updates   []updateKey
	log       noteKey
	witnesses []noteKey
	threshold int
}

type updateKey struct {
	spki []byte
	key  *ecdsa.PublicKey
}

// Validate returns nil if proofs can meet the rule, else an *Error with CodeRule.
func (r Rule) Validate() error {
	_, err := r.read()
	return err
}

func (r Rule) read() (*authorities, error) {
	a := &authorities{threshold: r.Threshold}
	if len(r.Keys) == 0 || len(r.Keys) > maxKeys {
		return nil, refuse(CodeRule, "expected 1 to 16 update keys, found "+strconv.Itoa(len(r.Keys)))
	}
	for i, spki := range r.Keys {
		key, ok := parseKey(spki)
		if !ok {
			return nil, refuse(CodeRule, "update key "+strconv.Itoa(i+1)+" is not the SubjectPublicKeyInfo of a P-256 key")
		}
		if slices.ContainsFunc(a.updates, func(other updateKey) bool { return bytes.Equal(other.spki, spki) }) {
			return nil, refuse(CodeRule, "update key "+strconv.Itoa(i+1)+" is there twice")
		}
		a.updates = append(a.updates, updateKey{spki, key})
	}
	var ok bool
	if a.log, ok = parseNoteKey(r.Log, typeEd25519); !ok {
		return nil, refuse(CodeRule, "expected the log's verifier key as name+id+key of an Ed25519 key, type 1")
	}
	if len(r.Witnesses) == 0 || len(r.Witnesses) > maxWitnesses {
		return nil, refuse(CodeRule, "expected 1 to 64 witnesses, found "+strconv.Itoa(len(r.Witnesses)))
	}
	for i, vkey := range r.Witnesses {
		witness, ok := parseNoteKey(vkey, typeCosignature)
		if !ok {
			return nil, refuse(CodeRule, "expected the verifier key of witness "+strconv.Itoa(i+1)+" as name+id+key of an Ed25519 key, type 4")
		}
		same := func(other noteKey) bool { return other.key.Equal(witness.key) }
		if same(a.log) || slices.ContainsFunc(a.witnesses, same) {
			return nil, refuse(CodeRule, "witness "+witness.name+" has the key of another witness, or of the log")
		}
		a.witnesses = append(a.witnesses, witness)
	}
	if r.Threshold < 1 || r.Threshold > len(r.Witnesses) {
		return nil, refuse(CodeRule, "expected a threshold from 1 to the number of witnesses, found "+strconv.Itoa(r.Threshold))
	}
	return a, nil
}

// parseNoteKey reads a verifier key of C2SP signed-note, of one type, whose id is
// the one that its name and key have. Names are visible ASCII.
func parseNoteKey(vkey string, kind byte) (noteKey, bool) {
	name, rest, _ := strings.Cut(vkey, "+")
	id, text, found := strings.Cut(rest, "+")
	key, ok := decodeLine(text, "")
	if !found || !ok || !isName(name) || len(key) != 1+ed25519.PublicKeySize || key[0] != kind {
		return noteKey{}, false
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	if id != hexID(sum[:4]) {
		return noteKey{}, false
	}
	return noteKey{name, binary.BigEndian.Uint32(sum[:4]), key[1:]}, true
}

func isName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' {
			return false
		}
	}
	return name != ""
}

// hexID does without package encoding/hex, which imports fmt.
func hexID(id []byte) string {
	const digits = "0123456789abcdef"
	var text []byte
	for _, b := range id {
		text = append(text, digits[b>>4], digits[b&15])
	}
	return string(text)
}
