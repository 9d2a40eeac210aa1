// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"google.golang.org/protobuf/encoding/protojson"

	"ats.run/kms-enclave/verifier/verdict"
)

// Services are the addresses that signing talks to.
type Services struct {
	Authority  string   // Fulcio, or "" where there is none
	Logs       []string // Rekor v2, at least one
	Timestamps []string // RFC 3161, at least one
}

const configName = "signing config"

// ParseServices reads a signing_config.json (media type
// application/vnd.dev.sigstore.signingconfig.v0.2+json) and returns the services
// that are in use at the time now.
func ParseServices(config []byte, now time.Time) (*Services, error) {
	parsed := new(v1.SigningConfig)
	if protojson.Unmarshal(config, parsed) != nil {
		return nil, misused(configName, "the JSON of a Sigstore signing config", "something else", adviceConfig)
	}
	c, err := root.NewSigningConfigFromProtobuf(parsed)
	if err != nil {
		return nil, misused(configName, "media type "+root.SigningConfigMediaType02, verdict.Quote(parsed.GetMediaType()), adviceConfig)
	}
	s := new(Services)
	if len(c.FulcioCertificateAuthorityURLs()) > 0 {
		authority, err := root.SelectService(c.FulcioCertificateAuthorityURLs(), []uint32{1}, now)
		if err != nil {
			return nil, misused(configName, "a certificate authority with API version 1 that is in use now", "none", adviceConfig)
		}
		s.Authority = authority.URL
	}
	logs, err := root.SelectServices(c.RekorLogURLs(), c.RekorLogURLsConfig(), []uint32{2}, now)
	if err != nil {
		return nil, misused(configName, "a Rekor log with API version 2 that is in use now", "none", adviceConfig)
	}
	stamps, err := root.SelectServices(c.TimestampAuthorityURLs(), c.TimestampAuthorityURLsConfig(), []uint32{1}, now)
	if err != nil {
		return nil, misused(configName, "a timestamp authority that is in use now", "none", adviceConfig)
	}
	for _, log := range logs {
		s.Logs = append(s.Logs, log.URL)
	}
	for _, stamp := range stamps {
		s.Timestamps = append(s.Timestamps, stamp.URL)
	}
	for _, address := range append(append([]string{s.Authority}, s.Logs...), s.Timestamps...) {
		if fault := checkAddress(configName, address); address != "" && fault != nil {
			return nil, fault
		}
	}
	return s, nil
}

const adviceConfig = "Give the signing_config.json of the Sigstore instance that you use"

// checkAddress refuses addresses over which a token could be read by others, or
// which carry a password.
func checkAddress(subject, address string) *Fault {
	const expected = "an https address without user and fragment (http only on loopback)"
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return misused(subject, expected, "another address", "Correct the address")
	}
	return nil
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// shown returns an address without its query, in which there may be secrets.
func shown(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return verdict.Plain(address)
}
