// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site_test

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/verdict"
)

// twoFaced serves one of two handlers, chosen by the request (M21).
func twoFaced(honest, other http.Handler, choose func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if choose(r) {
			other.ServeHTTP(w, r)
			return
		}
		honest.ServeHTTP(w, r)
	})
}

// checkWith returns the report on a handler, on loopback.
func checkWith(t *testing.T, handler http.Handler, config site.Config) *verdict.Report {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return checkAt(t, server.URL, config)
}

func checkAt(t *testing.T, address string, config site.Config) *verdict.Report {
	t.Helper()
	base, err := origin.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	transport := site.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	config.Transport, config.Random = transport, rand.Reader
	report := verdict.New("site", address, site.Required(config.Expect)...)
	site.Check(t.Context(), report, base, config)
	return report
}

// faces returns a host that serves a release faithfully, and one that serves
// another worker under the same name.
func faces(t *testing.T) (honest, other http.Handler, worker string) {
	t.Helper()
	files := releasetest.Build(t)
	worker = files.Named(t, release.RoleWorker)
	a := &releasetest.Host{Files: files}
	b := &releasetest.Host{Files: files, Tamper: on(worker, func(r *releasetest.Response) { r.Body[0] ^= 1 })}
	a.Prepare(t)
	b.Prepare(t)
	return a, b, worker
}

// wantSame wants a refused check of equivocation that says who got something
// else.
func wantSame(t *testing.T, report *verdict.Report, path, who string) {
	t.Helper()
	if !slices.ContainsFunc(report.Checks(), func(c verdict.Check) bool {
		return c.Step == verdict.Same && c.Result == verdict.Refuted && c.Subject == path &&
			strings.HasPrefix(c.Expected, "sha256 ") && strings.Contains(c.Found, who)
	}) {
		t.Errorf("nobody told about %q on %s\n%s", who, path, describe(report))
	}
}

func TestHostThatServesSomePeopleSomethingElseIsRefuted(t *testing.T) {
	honest, other, worker := faces(t)
	for _, c := range []struct {
		name   string
		choose func(*http.Request) bool
		who    string
	}{
		{"by language", func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Accept-Language"), "de") }, "as Safari on an iPhone"},
		{"by phone", func(r *http.Request) bool { return r.Header.Get("Sec-CH-UA-Mobile") == "?1" }, "as Chrome on Android"},
		{"by platform", func(r *http.Request) bool { return strings.Contains(r.UserAgent(), "Windows NT") }, "as Chrome on Windows"},
		{"by client hint", func(r *http.Request) bool { return r.Header.Get("Sec-CH-WAICT") != "" }, "as Firefox with WAICT"},
		{"by cookie", func(r *http.Request) bool { return r.Header.Get("Cookie") != "" }, "as a visitor who comes back"},
		{"by app", func(r *http.Request) bool { return r.Header.Get("Origin") == "https://app.example" }, "as an app that embeds it"},
		{"by referrer", func(r *http.Request) bool { return r.Referer() == "https://app.example/" }, "as an app that embeds it"},
		{"by coding", func(r *http.Request) bool { return r.Header.Get("Accept-Encoding") == "zstd" }, "when asked for zstd"},
		{"by browsers' codings", func(r *http.Request) bool { return r.Header.Get("Accept-Encoding") == "gzip, deflate, br, zstd" }, "as Chrome on Windows"},
		{"by Safari's codings", func(r *http.Request) bool { return r.Header.Get("Accept-Encoding") == "gzip, deflate, br" }, "as Safari on an iPhone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantSame(t, checkWith(t, twoFaced(honest, other, c.choose), site.Config{}), worker, c.who)
		})
	}
}

func TestHostThatChangesItsMindIsRefuted(t *testing.T) {
	honest, other, worker := faces(t)
	var asked atomic.Int32
	lately := func(r *http.Request) bool {
		return r.URL.Path == "/"+worker && asked.Add(1) > 25
	}
	report := checkWith(t, twoFaced(honest, other, lately), site.Config{Rounds: 3})
	wantSame(t, report, worker, ", in round 3")
	asked.Store(0)
	if report := checkWith(t, twoFaced(honest, other, lately), site.Config{Rounds: 1}); report.Conclude() != verdict.ConcludeVerified {
		t.Error(describe(report))
	}
}

func TestHostThatTellsAddressesApartIsRefuted(t *testing.T) {
	honest, other, worker := faces(t)
	elsewhere := httptest.NewServer(other)
	t.Cleanup(elsewhere.Close)
	address := strings.TrimPrefix(elsewhere.URL, "http://")
	vantage, err := site.Via(address)
	if err != nil {
		t.Fatal(err)
	}
	report := checkWith(t, honest, site.Config{Vantages: []site.Vantage{vantage}})
	wantSame(t, report, worker, ", through "+address)
}

func TestHostThatTellsNetworksApartIsRefuted(t *testing.T) {
	honest, other, worker := faces(t)
	// A proxy in another network; what it forwards says so.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Network", "another")
		(forwarder{}).ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	vantage, err := site.Via(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	byNetwork := func(r *http.Request) bool { return r.Header.Get("X-Network") != "" }
	report := checkWith(t, twoFaced(honest, other, byNetwork), site.Config{Vantages: []site.Vantage{vantage}})
	wantSame(t, report, worker, ", through "+proxy.URL)
}

// forwarder forwards requests to the URL that they name.
type forwarder struct{}

func (forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.RequestURI = ""
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body) // a client that went away is no concern of a proxy
}

func TestSameEverywhereIsVerified(t *testing.T) {
	honest, _, _ := faces(t)
	server := httptest.NewServer(honest)
	t.Cleanup(server.Close)
	vantage, err := site.Via(strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	report := checkAt(t, server.URL, site.Config{Rounds: 2, Vantages: []site.Vantage{vantage}})
	if report.Conclude() != verdict.ConcludeVerified {
		t.Error(describe(report))
	}
}

func TestFileThatOnlySomeGetIsRefuted(t *testing.T) {
	honest, _, _ := faces(t)
	report := checkWith(t, twoFaced(honest, http.NotFoundHandler(), func(r *http.Request) bool {
		return r.URL.Path == "/sri.json" && r.Header.Get("Cookie") != ""
	}), site.Config{})
	wantSame(t, report, "sri.json", "status 404 as a visitor who comes back")
	assertCheck(t, report, tampering{step: verdict.Fetch, path: "sri.json", result: verdict.Refuted})
}

func TestHostThatSetsAHeaderForOneVisitorIsRefuted(t *testing.T) {
	files := releasetest.Build(t)
	host := &releasetest.Host{Files: files}
	host.Prepare(t)
	report := checkWith(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			w.Header().Set("Set-Cookie", "a=b")
		}
		host.ServeHTTP(w, r)
	}), site.Config{})
	assertCheck(t, report, tampering{step: verdict.Headers, path: "index.html", result: verdict.Refuted})
}

func TestTooManyRequestsEndTheCheckPolitely(t *testing.T) {
	honest, _, _ := faces(t)
	var asked atomic.Int32
	report := checkWith(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 40 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		honest.ServeHTTP(w, r)
	}), site.Config{Rounds: 3})
	if report.Conclude() != verdict.ConcludeUnchecked || !strings.Contains(describe(report), "429") {
		t.Error(describe(report))
	}
	if n := asked.Load(); n > 60 {
		t.Errorf("%d requests, most of them after the host had said that these are too many", n)
	}
}

func TestTooManyRoundsAreNotAskedFor(t *testing.T) {
	honest, _, _ := faces(t)
	vantage, err := site.Via("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string]site.Config{
		"rounds":   {Rounds: 21},
		"vantages": {Vantages: slices.Repeat([]site.Vantage{vantage}, 33)},
		"requests": {Rounds: 20, Vantages: slices.Repeat([]site.Vantage{vantage}, 32)},
	} {
		var asked atomic.Int32
		report := checkWith(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			honest.ServeHTTP(w, r)
		}), config)
		if report.Conclude() != verdict.ConcludeUnchecked || asked.Load() > 2 {
			t.Errorf("%s: %d requests\n%s", name, asked.Load(), describe(report))
		}
	}
}

func TestVantagesAreAddressesOrProxies(t *testing.T) {
	for _, right := range []string{"192.0.2.1", "192.0.2.1:8443", "2001:db8::1", "[2001:db8::1]:443", "http://proxy.example:3128", "https://proxy.example", "socks5://127.0.0.1:9050"} {
		if vantage, err := site.Via(right); err != nil || vantage.Name != right {
			t.Errorf("%s: name %q, error %v", right, vantage.Name, err)
		}
	}
	for _, wrong := range []string{"", "kms.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.256", "[::1]", "ftp://x", "http://", "http://x/y", "socks5://x?y", "://"} {
		if _, err := site.Via(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
	if vantage, err := site.Via("http://me:secret@proxy.example"); err != nil || strings.Contains(vantage.Name, "secret") {
		t.Errorf("name %q, error %v", vantage.Name, err)
	}
}

func FuzzVia(f *testing.F) {
	f.Add("192.0.2.1:443")
	f.Add("socks5://127.0.0.1:9050")
	f.Fuzz(func(t *testing.T, address string) {
		if vantage, err := site.Via(address); (err == nil) != (vantage.Transport != nil) {
			t.Fatalf("transport %v, error %v", vantage.Transport, err)
		}
	})
}

type book map[string][]netip.Addr

func (b book) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if found, ok := b[host]; ok {
		return found, nil
	}
	return nil, &net.DNSError{Err: "no such host"}
}

func TestEveryAddressOfAHostIsAVantage(t *testing.T) {
	a, b := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::1")
	all, err := site.Addresses(t.Context(), book{"kms.example": {b, a, a}}, "kms.example")
	if err != nil || len(all) != 2 || all[0].Name != "192.0.2.7" || all[1].Name != "2001:db8::1" {
		t.Errorf("%v, error %v", all, err)
	}
	if _, err := site.Addresses(t.Context(), book{}, "elsewhere.example"); err == nil {
		t.Error("found addresses of no host")
	}
}

func TestEvidenceIsJudgedOnWhatIsServed(t *testing.T) {
	honest, _, _ := faces(t)
	report := checkWith(t, honest, site.Config{Evidence: func(report *verdict.Report, set *artifact.Set, m *release.Manifest) {
		if _, ok := set.Content(release.ManifestPath); !ok || m == nil {
			t.Error("no release to judge")
		}
		report.Refute(verdict.Required, "release.json", "a", "b", "c")
	}})
	assertCheck(t, report, tampering{step: verdict.Required, path: release.ManifestPath, result: verdict.Refuted})
}
