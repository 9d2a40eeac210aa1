// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"bufio"
	"errors"
	"io"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// BundleFormat is the label of exported bundles.
const BundleFormat = label.AuditBundle

// maxCertificates is the number of certificates that a bundle may have.
const maxCertificates = 1024

// BundleHeader is the first line of a bundle. The lines of the records First to
// Size-1 follow, then the footer; each can be made on its own, so that a long
// bundle can be written in pieces.
type BundleHeader struct {
	User         string
	Point        []byte        // the log key
	Certificates []Certificate // of every delegated key that signed one of the records or the checkpoint
	First        int64         // sequence number of the first record
	Size         int64         // number of entries of the log, at least First+1
	// Prefix is the frontier of the First entries that are left out, which
	// merkle.FrontierAt makes.
	Prefix merkle.Frontier
}

// Line returns the first line of a bundle, with its newline.
func (h BundleHeader) Line() []byte {
	certificates := make([]wire.Value, 0, len(h.Certificates))
	for _, c := range h.Certificates {
		certificates = append(certificates, c.value())
	}
	members := []wire.Member{
		member("format", wire.String(label.AuditBundle)),
		member("user", wire.String(h.User)),
		member("log", wire.String(Origin(h.User))),
		member("point", wire.String(encode(h.Point))),
		member("certificates", wire.Array(certificates...)),
		member("first", wire.Int(h.First)),
		member("size", wire.Int(h.Size)),
	}
	if h.First > 0 {
		members = append(members, member("prefix", wire.String(encode(h.Prefix.Marshal()))))
	}
	return line(wire.Object(members...))
}

// Line returns the line of a record in a bundle, with its newline. It leaves out
// the hashes, which follow from the records before.
func (r Record) Line() []byte {
	return line(wire.Object(r.what(), member("signature", wire.String(encode(r.Signature)))))
}

// Footer returns the last line of a bundle, with its newline. The checkpoint is
// the one of Size entries.
func Footer(checkpoint string) []byte {
	return line(wire.Object(member("checkpoint", wire.String(checkpoint))))
}

func line(v wire.Value) []byte { return append(v.Append(nil), '\n') }

// parseHeader reads the first line. Signatures are not checked.
func parseHeader(data []byte) (BundleHeader, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return BundleHeader{}, refuse("bundle", err.Error())
	}
	in := wire.NewObjectReader(v)
	readFormat(in, label.AuditBundle)
	h := BundleHeader{
		User: in.String("user"), Point: bytesOf(in, "point", PointSize),
		First: in.Int("first"), Size: in.Int("size"),
	}
	log, certificates := in.String("log"), in.Array("certificates")
	var prefix []byte
	if h.First > 0 {
		prefix = bytesOf(in, "prefix", -1)
	}
	if err := in.Done(); err != nil {
		return BundleHeader{}, refuse("bundle", err.Error())
	}
	switch {
	case !isName(h.User) || log != Origin(h.User):
		return BundleHeader{}, refuse("bundle", "user, log: expected a user id and the log of that user")
	case !isPoint(h.Point):
		return BundleHeader{}, refuse("bundle", "point: expected an uncompressed P-256 point")
	case h.First < 0 || h.First >= h.Size || h.Size > merkle.MaxSize:
		return BundleHeader{}, refuse("bundle", "first, size: expected first below size")
	case len(certificates) > maxCertificates:
		return BundleHeader{}, refuse("bundle", "certificates: more than 1024")
	}
	if h.Prefix, err = merkle.ParseFrontier(h.First, prefix); err != nil {
		return BundleHeader{}, refuse("bundle", err.Error())
	}
	for _, value := range certificates {
		c, err := certificateOf(value)
		if err != nil {
			return BundleHeader{}, err
		}
		h.Certificates = append(h.Certificates, c)
	}
	return h, nil
}

// parseLine reads a line after the first: a record, or the text of the checkpoint
// if the record is nil.
func parseLine(data []byte) (*Record, string, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return nil, "", refuse("bundle", err.Error())
	}
	in := wire.NewObjectReader(v)
	if _, last := v.Get("checkpoint"); last {
		text := in.String("checkpoint")
		if err := in.Done(); err != nil {
			return nil, "", refuse("bundle", err.Error())
		}
		return nil, text, nil
	}
	r, err := readRecord(in, v)
	if err != nil {
		return nil, "", err
	}
	return &r, "", nil
}

// lineReader reads lines of at most wire.MaxBytes.
type lineReader struct{ in *bufio.Reader }

func newLineReader(r io.Reader) *lineReader { return &lineReader{bufio.NewReaderSize(r, 1<<16)} }

// next returns a line without its newline. The error is io.EOF after the last, a
// *FormatError for a line that is too long or has no end, or one of reading.
func (l *lineReader) next() ([]byte, error) {
	var data []byte
	for {
		part, err := l.in.ReadSlice('\n')
		data = append(data, part...)
		switch {
		case err == nil:
			return data[:len(data)-1], nil
		case len(data) > wire.MaxBytes:
			return nil, refuse("bundle", "a line is longer than 1048576 bytes")
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(data) > 0:
			return nil, refuse("bundle", "its last line has no end")
		default:
			return nil, err
		}
	}
}
