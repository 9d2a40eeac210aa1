// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
)

// decode reads the shape of a manifest, without what validate checks.
func decode(v wire.Value) (*Manifest, error) {
	r := wire.NewObjectReader(v)
	format, version := r.String("format"), ""
	switch format {
	case Format:
		if version = r.String("version"); !IsVersion(version) {
			r.Refuse("version", reasonVersion)
		}
	case FirstFormat:
	default:
		r.Refuse("format", "expected "+Format+" or "+FirstFormat)
	}
	protocol := r.Int("protocol")
	if protocol < 1 || protocol > maxProtocol {
		r.Refuse("protocol", "expected 1 to 1000000")
	}
	m := &Manifest{Version: version, Protocol: int(protocol), Entry: r.String("entry")}
	source := r.Object("source")
	m.Source = Source{Repository: source.String("repository"), Commit: source.String("commit")}
	files, rules := r.Array("files"), r.Array("headers")
	if err := r.Done(); err != nil {
		return nil, err
	}
	var err error
	if m.Files, err = decodeEach(files, "files", decodeFile); err != nil {
		return nil, err
	}
	m.Headers, err = decodeEach(rules, "headers", decodeRule)
	return m, err
}

// decodeEach decodes the elements of the array that a field holds.
func decodeEach[T any](values []wire.Value, field string, decode func(*wire.ObjectReader) T) ([]T, error) {
	list := make([]T, 0, len(values))
	for _, v := range values {
		r := wire.NewObjectReader(v)
		item := decode(r)
		if err := r.Done(); err != nil {
			return nil, &inField{field, err}
		}
		list = append(list, item)
	}
	return list, nil
}

func decodeFile(r *wire.ObjectReader) File {
	return File{
		Path:      r.String("path"),
		Size:      r.Int("size"),
		SHA256:    r.String("sha256"),
		Integrity: r.String("integrity"),
		Role:      Role(r.String("role")),
		MediaType: r.String("mediaType"),
	}
}

func decodeRule(r *wire.ObjectReader) HeaderRule {
	rule := HeaderRule{Paths: r.Strings("paths")}
	headers, err := decodeEach(r.Array("headers"), "headers", func(h *wire.ObjectReader) Header {
		return Header{Name: h.String("name"), Value: h.String("value")}
	})
	if err != nil {
		r.Refuse("headers", err.Error())
	}
	rule.Headers = headers
	return rule
}

// encode returns the canonical value of a manifest that is valid and sorted.
func (m *Manifest) encode() wire.Value {
	files := make([]wire.Value, 0, len(m.Files))
	for _, f := range m.Files {
		files = append(files, encodeFile(f))
	}
	rules := make([]wire.Value, 0, len(m.Headers))
	for _, rule := range m.Headers {
		rules = append(rules, encodeRule(rule))
	}
	format := []wire.Member{text("format", FirstFormat)}
	if m.Version != "" {
		format = []wire.Member{text("format", Format), text("version", m.Version)}
	}
	return wire.Object(append(format,
		wire.Member{Name: "protocol", Value: wire.Int(int64(m.Protocol))},
		wire.Member{Name: "source", Value: wire.Object(
			text("repository", m.Source.Repository),
			text("commit", m.Source.Commit),
		)},
		text("entry", m.Entry),
		wire.Member{Name: "files", Value: wire.Array(files...)},
		wire.Member{Name: "headers", Value: wire.Array(rules...)},
	)...)
}

func encodeFile(f File) wire.Value {
	return wire.Object(
		text("path", f.Path),
		wire.Member{Name: "size", Value: wire.Int(f.Size)},
		text("sha256", f.SHA256),
		text("integrity", f.Integrity),
		text("role", string(f.Role)),
		text("mediaType", f.MediaType),
	)
}

func encodeRule(rule HeaderRule) wire.Value {
	paths := make([]wire.Value, 0, len(rule.Paths))
	for _, path := range rule.Paths {
		paths = append(paths, wire.String(path))
	}
	headers := make([]wire.Value, 0, len(rule.Headers))
	for _, h := range rule.Headers {
		headers = append(headers, wire.Object(text("name", h.Name), text("value", h.Value)))
	}
	return wire.Object(
		wire.Member{Name: "paths", Value: wire.Array(paths...)},
		wire.Member{Name: "headers", Value: wire.Array(headers...)},
	)
}

func text(name, value string) wire.Member {
	return wire.Member{Name: name, Value: wire.String(value)}
}

// sorted returns a deep copy of m with every list in canonical order.
func (m *Manifest) sorted() *Manifest {
	c := *m
	c.Files = slices.Clone(m.Files)
	slices.SortFunc(c.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	c.Headers = make([]HeaderRule, 0, len(m.Headers))
	for _, rule := range m.Headers {
		headers := slices.Clone(rule.Headers)
		slices.SortFunc(headers, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
		c.Headers = append(c.Headers, HeaderRule{Paths: sortedStrings(rule.Paths), Headers: headers})
	}
	slices.SortFunc(c.Headers, func(a, b HeaderRule) int { return slices.Compare(a.Paths, b.Paths) })
	return &c
}

// inField says in which array an error was found.
type inField struct {
	field string
	err   error
}

func (e *inField) Error() string { return "in " + e.field + ": " + e.err.Error() }
func (e *inField) Unwrap() error { return e.err }
