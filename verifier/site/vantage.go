// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Vantage is another way to the same site: through another of its addresses,
// or through a proxy somewhere else.
type Vantage struct {
	Name      string
	Transport http.RoundTripper // as that of Config
}

var errVantage = errors.New("expected an IP address, perhaps with a port (192.0.2.1, [2001:db8::1]:443), or a proxy (http://host:port, https://host:port, socks5://host:port)")

// Via returns the vantage of an IP address, with or without a port, to connect
// to instead of what DNS says, host name and TLS as ever; or of a proxy.
func Via(address string) (Vantage, error) {
	if strings.Contains(address, "://") {
		return viaProxy(address)
	}
	if ip, err := netip.ParseAddr(address); err == nil {
		return viaAddress(address, ip, ""), nil
	}
	if at, err := netip.ParseAddrPort(address); err == nil && at.Port() != 0 {
		_, port, _ := net.SplitHostPort(address)
		return viaAddress(address, at.Addr(), port), nil
	}
	return Vantage{}, errVantage
}

func viaProxy(address string) (Vantage, error) {
	proxy, err := url.Parse(address)
	isKnown := err == nil && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme)
	if !isKnown || proxy.Hostname() == "" || strings.Trim(proxy.Path, "/") != "" || proxy.RawQuery != "" {
		return Vantage{}, errVantage
	}
	transport := NewTransport()
	transport.Proxy = http.ProxyURL(proxy)
	return Vantage{proxy.Redacted(), transport}, nil
}

// viaAddress connects to ip, at the port of the request unless there is one.
func viaAddress(name string, ip netip.Addr, port string) Vantage {
	transport := NewTransport()
	transport.Proxy = nil
	dialer := &net.Dialer{Timeout: 15 * time.Second}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		_, asked, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if port != "" {
			asked = port
		}
		return dialer.DialContext(ctx, network, net.JoinHostPort(ip.String(), asked))
	}
	return Vantage{name, transport}
}

// Resolver looks up the addresses of a host; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Addresses returns a vantage for each address that DNS has for a host.
func Addresses(ctx context.Context, resolver Resolver, host string) ([]Vantage, error) {
	found, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, errors.New("DNS has no answer for the host")
	}
	slices.SortFunc(found, netip.Addr.Compare)
	var all []Vantage
	for _, ip := range slices.Compact(found) {
		ip = ip.Unmap()
		all = append(all, viaAddress(ip.String(), ip, ""))
	}
	return all, nil
}
