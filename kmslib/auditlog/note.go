// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// Limits of a signed note.
const (
	maxNote       = 64 << 10 // bytes
	maxSignatures = 64
)

// signaturePrefix begins each signature line.
const signaturePrefix = "— "

// Checkpoint is a checkpoint that was read. Only SignedBy tells whether it is
// genuine.
type Checkpoint struct {
	Log        string // origin line
	Size       int64  // number of entries
	Root       merkle.Hash
	Signatures []NoteSignature // also those that others added
}

// NoteSignature is one signature line of a note.
type NoteSignature struct {
	Name      string
	KeyHash   uint32
	Signature []byte // what follows the key hash: DER for ECDSA
}

// body returns the text of a checkpoint, which is also what is signed.
func body(log string, size int64, root merkle.Hash) []byte {
	text := append([]byte(log), '\n')
	text = strconv.AppendInt(text, size, 10)
	text = append(text, '\n')
	text = base64.StdEncoding.AppendEncode(text, root[:])
	return append(text, '\n')
}

// note returns a checkpoint with the signature, r ‖ s, of the key with the id.
func note(log string, size int64, root merkle.Hash, id string, signature []byte) (string, error) {
	hash, ok := keyHash(id)
	if !ok || len(signature) != SignatureSize {
		return "", refuse("checkpoint", "expected a key id and a signature of 64 bytes")
	}
	line := binary.BigEndian.AppendUint32(nil, hash)
	line = append(line, toDER(signature)...)
	return string(body(log, size, root)) + "\n" + signaturePrefix + log + " " + base64.StdEncoding.EncodeToString(line) + "\n", nil
}

// Body returns the text of the checkpoint, which is what its signatures are over.
func (c *Checkpoint) Body() []byte { return body(c.Log, c.Size, c.Root) }

// SignedBy says whether one of the signatures is by the key point in the name of
// the log.
func (c *Checkpoint) SignedBy(point []byte, verify VerifyFunc) bool {
	if !isPoint(point) {
		return false
	}
	hash, _ := keyHash(keyID(point))
	for _, s := range c.Signatures {
		if s.Name != c.Log || s.KeyHash != hash {
			continue
		}
		if signature, ok := fromDER(s.Signature); ok && verify(point, c.Body(), signature) {
			return true
		}
	}
	return false
}

// ParseCheckpoint reads a checkpoint: three lines, an empty one, and at least one
// signature line, as C2SP signed-note and tlog-checkpoint specify, without
// extension lines. The error is a *FormatError.
func ParseCheckpoint(text []byte) (*Checkpoint, error) {
	if len(text) > maxNote {
		return nil, refuse("checkpoint", "longer than 65536 bytes")
	}
	if !isNoteText(text) {
		return nil, refuse("checkpoint", "expected UTF-8 without control characters")
	}
	lines := strings.SplitAfter(string(text), "\n")
	if len(lines) < 6 || lines[3] != "\n" || lines[len(lines)-1] != "" {
		return nil, refuse("checkpoint", "expected origin, size, root, an empty line, and signatures, each line ended")
	}
	c, err := parseBody(lines[:3])
	if err != nil {
		return nil, err
	}
	lines = lines[4 : len(lines)-1]
	if len(lines) > maxSignatures {
		return nil, refuse("checkpoint", "more than 64 signatures")
	}
	for _, line := range lines {
		s, ok := parseSignature(strings.TrimSuffix(line, "\n"))
		if !ok {
			return nil, refuse("checkpoint", "expected signature lines of a dash, a name and base64")
		}
		c.Signatures = append(c.Signatures, s)
	}
	return c, nil
}

func isNoteText(text []byte) bool {
	for _, b := range text {
		if b < ' ' && b != '\n' {
			return false
		}
	}
	return utf8.Valid(text)
}

// parseBody reads the three lines, each with its newline.
func parseBody(lines []string) (*Checkpoint, error) {
	log, size, root := strings.TrimSuffix(lines[0], "\n"), strings.TrimSuffix(lines[1], "\n"), strings.TrimSuffix(lines[2], "\n")
	if log == "" {
		return nil, refuse("checkpoint", "the first line, the origin of the log, is empty")
	}
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 || n > merkle.MaxSize || strconv.FormatInt(n, 10) != size {
		return nil, refuse("checkpoint", "the second line is not a tree size")
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(root)
	if err != nil || len(hash) != merkle.HashSize {
		return nil, refuse("checkpoint", "the third line is not a root hash in base64")
	}
	return &Checkpoint{Log: log, Size: n, Root: merkle.Hash(hash)}, nil
}

func parseSignature(line string) (NoteSignature, bool) {
	rest, ok := strings.CutPrefix(line, signaturePrefix)
	name, text, found := strings.Cut(rest, " ")
	if !ok || !found || name == "" || strings.ContainsAny(name, "+\u00a0\u3000") {
		return NoteSignature{}, false
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(data) < 5 {
		return NoteSignature{}, false
	}
	return NoteSignature{name, binary.BigEndian.Uint32(data), data[4:]}, true
}
