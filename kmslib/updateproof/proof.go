// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// Header is the first line of the file.
const Header = "c2sp.org/tlog-proof@v1"

// Limits of the file.
const (
	MaxBytes  = 128 << 10
	maxHashes = 53 // a tree has at most 2^53−1 leaves
)

const (
	extraPrefix = "extra "
	indexPrefix = "index "
)

// Proof is a proof that was read, or made by FromEntry. It is well-formed, and
// proves nothing before Check.
type Proof struct {
	signature  []byte // DER
	index      int64
	hashes     []merkle.Hash
	text       []byte // of the checkpoint
	checkpoint *auditlog.Checkpoint
}

// FromEntry returns the proof that a signer writes: of its signature (DER), and of
// what the log answered: index and inclusion proof of the entry, and a
// checkpoint with witnesses' cosignatures. The error is an *Error.
func FromEntry(signature []byte, index int64, hashes [][]byte, checkpoint []byte) (*Proof, error) {
	var text bytes.Buffer
	text.WriteString(Header + "\n" + extraPrefix + base64.StdEncoding.EncodeToString(signature) + "\n")
	text.WriteString(indexPrefix + strconv.FormatInt(index, 10) + "\n")
	for _, hash := range hashes {
		text.WriteString(base64.StdEncoding.EncodeToString(hash) + "\n")
	}
	text.WriteByte('\n')
	text.Write(checkpoint)
	return Parse(text.Bytes())
}

// Parse reads the file. The error is an *Error with CodeFormat.
func Parse(data []byte) (*Proof, error) {
	if len(data) > MaxBytes {
		return nil, malformed(0, "longer than 131072 bytes")
	}
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	if !found {
		return nil, malformed(0, "expected an empty line between the inclusion proof and the checkpoint")
	}
	p := &Proof{text: slices.Clone(checkpoint)}
	lines := strings.Split(string(head), "\n")
	if lines[0] != Header {
		return nil, malformed(1, "expected "+Header)
	}
	if err := p.parseHead(lines); err != nil {
		return nil, err
	}
	return p, p.parseCheckpoint(len(lines) + 2)
}

// parseHead reads the lines before the checkpoint.
func (p *Proof) parseHead(lines []string) error {
	if len(lines) < 3 {
		return malformed(len(lines), "expected the lines extra and index")
	}
	var ok bool
	if p.signature, ok = decodeLine(lines[1], extraPrefix); !ok || !isSignature(p.signature) {
		return malformed(2, "expected extra and a P-256 ECDSA signature, DER in padded base64")
	}
	if p.index, ok = parseIndex(lines[2]); !ok {
		return malformed(3, "expected index and a number from 0 to 2^53-2")
	}
	if len(lines)-3 > maxHashes {
		return malformed(3+maxHashes+1, "expected at most 53 hashes")
	}
	for i, line := range lines[3:] {
		hash, ok := decodeLine(line, "")
		if !ok || len(hash) != merkle.HashSize {
			return malformed(i+4, "expected a SHA-256 hash in padded base64")
		}
		p.hashes = append(p.hashes, merkle.Hash(hash))
	}
	return nil
}

// parseCheckpoint reads the text that begins at a line.
func (p *Proof) parseCheckpoint(line int) error {
	var err error
	if p.checkpoint, err = auditlog.ParseCheckpoint(p.text); err != nil {
		var form *auditlog.FormatError
		if errors.As(err, &form) {
			return malformed(line, "in the checkpoint: "+form.Reason)
		}
		return malformed(line, "expected a checkpoint")
	}
	type signer struct {
		name string
		id   uint32
	}
	seen := make(map[signer]bool)
	for i, s := range p.checkpoint.Signatures {
		key := signer{s.Name, s.KeyHash}
		if seen[key] {
			return malformed(line+4+i, "a second signature of one name and key id")
		}
		seen[key] = true
	}
	return nil
}

// Marshal returns the bytes of the file, the inverse of Parse.
func (p *Proof) Marshal() []byte {
	text := []byte(Header + "\n" + extraPrefix)
	text = base64.StdEncoding.AppendEncode(text, p.signature)
	text = append(text, "\n"+indexPrefix...)
	text = strconv.AppendInt(text, p.index, 10)
	text = append(text, '\n')
	for _, hash := range p.hashes {
		text = base64.StdEncoding.AppendEncode(text, hash[:])
		text = append(text, '\n')
	}
	text = append(text, '\n')
	return append(text, p.text...)
}

// decodeLine decodes the base64 after a prefix.
func decodeLine(line, prefix string) ([]byte, bool) {
	text, ok := strings.CutPrefix(line, prefix)
	if !ok || strings.Contains(text, "\r") { // which the decoder would skip
		return nil, false
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	return data, err == nil
}

func parseIndex(line string) (int64, bool) {
	text, ok := strings.CutPrefix(line, indexPrefix)
	n, err := strconv.ParseInt(text, 10, 64)
	return n, ok && err == nil && n >= 0 && n < merkle.MaxSize && strconv.FormatInt(n, 10) == text
}
