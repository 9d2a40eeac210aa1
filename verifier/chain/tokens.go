// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// tag is an opening tag of a document, names in lower case.
type tag struct {
	name       string
	attributes map[string]string
}

var errHTML = errors.New("markup outside the small part of HTML that a document of a release may use")

// scanner reads a document from the byte offset at.
type scanner struct {
	text string
	at   int
}

// parseTags returns the opening tags of a document in order. The content of
// script elements is refused unless it is white space.
func parseTags(document []byte) ([]tag, error) {
	if !utf8.Valid(document) || strings.IndexByte(string(document), 0) >= 0 {
		return nil, errors.New("text that is not UTF-8, or has NUL in it")
	}
	s := &scanner{text: string(document)}
	var tags []tag
	for {
		next := strings.IndexByte(s.text[s.at:], '<')
		if next < 0 {
			return tags, nil
		}
		s.at += next + 1
		t, opened, err := s.markup()
		if err != nil {
			return nil, err
		}
		if !opened {
			continue
		}
		tags = append(tags, t)
		if t.name == "script" && !s.emptyScript() {
			return nil, errors.New("a script inside the document")
		}
	}
}

// markup reads what follows a "<": a tag, comment or doctype.
func (s *scanner) markup() (t tag, opened bool, err error) {
	rest := s.text[s.at:]
	switch {
	case strings.HasPrefix(rest, "!--"):
		return tag{}, false, s.comment()
	case len(rest) >= 14 && strings.EqualFold(rest[:14], "!doctype html>"):
		s.at += 14
		return tag{}, false, nil
	case strings.HasPrefix(rest, "/"):
		s.at++
		if s.word() == "" {
			return tag{}, false, errHTML
		}
		s.space()
		return tag{}, false, s.expect('>')
	}
	t = tag{name: strings.ToLower(s.word()), attributes: make(map[string]string)}
	if t.name == "" || t.name[0] < 'a' || t.name[0] > 'z' {
		return tag{}, false, errHTML
	}
	return t, true, s.attributes(t.attributes)
}

// comment reads the rest of a comment. It has no "<" or ">": inside a title
// the browser takes a comment for text, and would see the tags in it.
func (s *scanner) comment() error {
	body, _, ended := strings.Cut(s.text[s.at+3:], "-->")
	if !ended || strings.ContainsAny(body, "<>") || strings.HasPrefix(body, "-") {
		return errors.New("a comment with < or > in it, or without an end")
	}
	s.at += 3 + len(body) + 3
	return nil
}

// attributes reads up to and with the ">" of a tag.
func (s *scanner) attributes(into map[string]string) error {
	for {
		spaced := s.space()
		if s.accept('/') {
			return s.expect('>')
		}
		if s.accept('>') {
			return nil
		}
		name := strings.ToLower(s.word())
		if name == "" || !spaced {
			return errHTML
		}
		if _, twice := into[name]; twice {
			return errors.New("an attribute that is there twice")
		}
		value, err := s.value()
		if err != nil {
			return err
		}
		into[name] = value
	}
}

// value reads "=" and the value of an attribute, if there is one.
func (s *scanner) value() (string, error) {
	if !s.accept('=') {
		return "", nil
	}
	for _, quote := range []byte{'"', '\''} {
		if s.accept(quote) {
			value, _, ended := strings.Cut(s.text[s.at:], string(quote))
			if !ended {
				return "", errHTML
			}
			s.at += len(value) + 1
			return value, nil
		}
	}
	value := s.take(isUnquoted)
	if value == "" {
		return "", errHTML
	}
	return value, nil
}

// emptyScript reads white space and the end tag of a script.
func (s *scanner) emptyScript() bool {
	s.space()
	const end = "</script>"
	rest := s.text[s.at:]
	if len(rest) < len(end) || !strings.EqualFold(rest[:len(end)], end) {
		return false
	}
	s.at += len(end)
	return true
}

func (s *scanner) word() string { return s.take(isWord) }

func (s *scanner) space() bool {
	return s.take(func(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }) != ""
}

func (s *scanner) take(accepts func(byte) bool) string {
	from := s.at
	for s.at < len(s.text) && accepts(s.text[s.at]) {
		s.at++
	}
	return s.text[from:s.at]
}

func (s *scanner) accept(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) expect(c byte) error {
	if !s.accept(c) {
		return errHTML
	}
	return nil
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == ':'
}

// isUnquoted leaves out "/" where it could be the end of the tag: addresses
// are quoted.
func isUnquoted(c byte) bool { return isWord(c) || c == '.' || c == '+' || c == '%' || c == '#' }
