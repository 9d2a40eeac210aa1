// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package origin is the one parser of web origins: who embeds the enclave, and
// for which push service a token is meant.
//
// An origin is written as browsers serialise it (HTML, section 7.1.1), so that
// two origins are the same exactly if their strings are:
//
//	origin = "https://" host [":" port] / "http://" loopback [":" port]
//	host   = DNS name or dotted IPv4 address
//	loopback = "localhost" / any name under ".localhost" / "127.0.0.1"
//
// A DNS name is 1 to 253 bytes of labels joined by dots; a label is 1 to 63 of
// a-z 0-9 and hyphens, with no hyphen at either end; international names are in
// their "xn--" form. A name whose last label is all digits must be an IPv4
// address, four numbers 0 to 255 without leading zeros; one whose last label
// begins with "0x" is refused, because browsers read it as a number too. A port is 1 to 65535
// without leading zeros, and left out where it is the scheme's own (443, 80).
//
// Refused: a path, even "/"; query, fragment, user name, white space, upper
// case, a trailing dot, IPv6 addresses, "null", and http beyond loopback. The
// longest origin is 267 bytes.
//
// Example: "https://push.example.net:8443" has the host "push.example.net".
package origin

import (
	"errors"
	"strconv"
	"strings"
)

// MaxLength is the length in bytes of the longest origin.
const MaxLength = len("https://") + maxHost + len(":65535")

const (
	maxHost  = 253
	maxLabel = 63
)

// Origin is an origin that was parsed. Two are equal (==) if and only if they
// are the same origin. The zero Origin is none.
type Origin struct {
	text   string
	scheme string
	host   string
}

// Parse reads an origin. Its errors say what is wrong in fixed words, without
// any of text. The inverse is String.
func Parse(text string) (Origin, error) {
	if len(text) > MaxLength {
		return Origin{}, errors.New("longer than any origin")
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found || scheme != "https" && scheme != "http" {
		return Origin{}, errors.New("expected https:// and a host")
	}
	host, port, hasPort := strings.Cut(rest, ":")
	if err := checkHost(host); err != nil {
		return Origin{}, err
	}
	if hasPort {
		if err := checkPort(scheme, port); err != nil {
			return Origin{}, err
		}
	}
	o := Origin{text: text, scheme: scheme, host: host}
	if scheme == "http" && !o.IsLoopback() {
		return Origin{}, errors.New("expected https; http is only for localhost")
	}
	return o, nil
}

// String returns the origin as Parse took it, or "" for the zero Origin.
func (o Origin) String() string { return o.text }

// Host returns the host without the port.
func (o Origin) Host() string { return o.host }

// IsHTTPS says whether the scheme is https.
func (o Origin) IsHTTPS() bool { return o.scheme == "https" }

// IsLoopback says whether the host is this machine: localhost, a name under
// it, or 127.0.0.1.
func (o Origin) IsLoopback() bool {
	return o.host == "localhost" || strings.HasSuffix(o.host, ".localhost") || o.host == "127.0.0.1"
}

func checkHost(host string) error {
	switch {
	case host == "":
		return errors.New("host is missing")
	case len(host) > maxHost:
		return errors.New("host is longer than 253 bytes")
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return err
		}
	}
	last := labels[len(labels)-1]
	if isDigits(last) || strings.HasPrefix(last, "0x") {
		return checkIPv4(labels)
	}
	return nil
}

func checkLabel(label string) error {
	switch {
	case label == "":
		return errors.New("host has an empty label or a trailing dot")
	case len(label) > maxLabel:
		return errors.New("host has a label longer than 63 bytes")
	case label[0] == '-' || label[len(label)-1] == '-':
		return errors.New("host has a label with a hyphen at its end")
	}
	for i := range len(label) {
		c := label[i]
		switch {
		case c >= 'A' && c <= 'Z':
			return errors.New("host has upper case")
		case c == '/' || c == '?' || c == '#':
			return errors.New("an origin has no path, query or fragment, nor a slash at its end")
		case c == '@':
			return errors.New("an origin has no user name")
		case c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z'):
			return errors.New("host has a character other than a-z, 0-9, hyphen and dot")
		}
	}
	return nil
}

func checkIPv4(numbers []string) error {
	if len(numbers) != 4 {
		return errors.New("a host that ends in a number must be an IPv4 address of four")
	}
	for _, number := range numbers {
		n, ok := parseNumber(number)
		if !ok || n > 255 {
			return errors.New("an IPv4 address has numbers from 0 to 255")
		}
	}
	return nil
}

func checkPort(scheme, port string) error {
	n, ok := parseNumber(port)
	switch {
	case !ok || n == 0 || n > 65535:
		return errors.New("expected only a port from 1 to 65535 after the host")
	case scheme == "https" && n == 443, scheme == "http" && n == 80:
		return errors.New("the scheme's own port must be left out")
	}
	return nil
}

// parseNumber reads a decimal number in its only spelling.
func parseNumber(s string) (int, bool) {
	if !isDigits(s) || len(s) > 5 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
