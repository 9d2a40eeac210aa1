// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

var siteRules = []rule{
	{pattern: `site, body .well-known/kms-enclave/attestations.jsonl: (cut|doubled)`, reason: "a line needs no newline at the end, and a bundle twice is one"},

	{pattern: `site, one visitor .*`, steps: []verdict.Step{verdict.Same}},
	{pattern: `site, headers .*`, steps: []verdict.Step{verdict.Headers}},
	{pattern: `site, media type .*`, steps: []verdict.Step{verdict.MediaType}},
	// The headers promised depend on it.
	{pattern: `site, status deployment.json: .*`, steps: []verdict.Step{verdict.Headers, verdict.Fetch, unavailable}},
	{pattern: `site, status .well-known/kms-enclave/attestations.jsonl: 404`, steps: []verdict.Step{verdict.WellKnown, verdict.Required}},
	// Who looks for the worker in a page that cannot be had does not find it.
	{pattern: `site, status .*: (429|503)`, steps: []verdict.Step{unavailable, verdict.Chain, verdict.Checksums, verdict.Headers, verdict.Required}},
	{pattern: `site, status .*`, steps: []verdict.Step{verdict.Fetch}},
	{pattern: `site, content coding .*`, steps: []verdict.Step{verdict.Fetch, verdict.Content, verdict.Manifest, verdict.WellKnown}},
	{pattern: `site, body deployment.json: .*`, steps: []verdict.Step{verdict.Deployment, verdict.Headers}},
	{pattern: `site, body /: .*`, steps: []verdict.Step{verdict.Entry, verdict.Content}},
	{pattern: `site, body release.json: .*`, steps: []verdict.Step{verdict.Manifest, verdict.Pin}},
	{pattern: `site, body (provenance.intoto.json|SHA256SUMS): .*`, steps: []verdict.Step{verdict.Checksums, verdict.Provenance}},
	{pattern: `site, body .well-known/kms-enclave/.*`, steps: []verdict.Step{verdict.WellKnown, verdict.Bundle, verdict.Signature, verdict.Timestamp, verdict.Logged, verdict.Witness}},
	{pattern: `site, body .*`, steps: []verdict.Step{verdict.Content}},
	{pattern: `site, unknown address .*`, steps: []verdict.Step{verdict.Unknown, verdict.WellKnown}},
}

// reply is a response, before content coding.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// asker is who asks for what.
type asker struct {
	path    string // "/" for the entry
	round   int
	vantage int
	request *http.Request
}

// fakeHost answers requests without any network, altered.
type fakeHost struct {
	faithful *faithful
	vantage  int
	rounds   *rounds
	alter    func(*asker, *reply) // nil for none
}

// rounds counts how often each thing was asked for.
type rounds struct {
	mu    sync.Mutex
	asked map[string]int
}

func (r *rounds) next(request *http.Request, vantage int) int {
	key := strings.Join([]string{request.URL.Path, request.Header.Get("Accept-Encoding"), request.UserAgent(), string(rune('0' + vantage))}, "\n")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[key]++
	return r.asked[key]
}

// faithful keeps the right answers, since coding them costs time.
type faithful struct {
	host *releasetest.Host
	mu   sync.Mutex
	kept map[string]*reply
}

func (f *faithful) answer(path, coding string) *reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := path + "\n" + coding
	r, ok := f.kept[key]
	if !ok {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, path, nil)
		request.Header.Set("Accept-Encoding", coding)
		f.host.ServeHTTP(recorder, request)
		r = &reply{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
		f.kept[key] = r
	}
	return &reply{r.status, r.header.Clone(), r.body}
}

func (h fakeHost) RoundTrip(request *http.Request) (*http.Response, error) {
	coding := request.Header.Get("Accept-Encoding")
	r := h.faithful.answer(request.URL.Path, coding)
	if h.alter != nil {
		who := &asker{strings.TrimPrefix(request.URL.Path, "/"), h.rounds.next(request, h.vantage), h.vantage, request}
		if who.path == "" {
			who.path = "/"
		}
		plain := h.faithful.answer(request.URL.Path, "identity")
		altered := &reply{r.status, r.header, bytes.Clone(plain.body)}
		h.alter(who, altered)
		if !bytes.Equal(altered.body, plain.body) {
			r.body = releasetest.Encode(r.header.Get("Content-Encoding"), altered.body)
		}
		r.status = altered.status
	}
	return &http.Response{StatusCode: r.status, Header: r.header, Body: io.NopCloser(bytes.NewReader(r.body)), Request: request, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// zeros is a source of unknown addresses.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// visited is a site and who judges it.
type visited struct {
	t        *testing.T
	faithful *faithful
	world    *evidencetest.World
	policy   *policy.Policy
	root     *trust.Root
}

func newVisited(t *testing.T) *visited {
	t.Helper()
	w := newWorld(t, "ann")
	files := w.Files.Clone()
	files[release.AttestationsPath] = linesOf(t, w)
	host := &releasetest.Host{Files: files}
	host.Prepare(t)
	root, err := trust.Parse("trusted_root.json", w.Root)
	if err != nil {
		t.Fatal(err)
	}
	return &visited{t, &faithful{host: host, kept: make(map[string]*reply)}, w, w.Parsed(), root}
}

// linesOf returns the attestations.jsonl of a world.
func linesOf(t testing.TB, w *evidencetest.World) []byte {
	var lines []byte
	for _, name := range []string{provenanceBundle, annBundle, messageBundle} {
		lines = append(append(lines, parseJSON(t, w.Bundles[name]).render()...), '\n')
	}
	return lines
}

// visit checks the site as altered.
func (v *visited) visit(many int, alter func(*asker, *reply)) *verdict.Report {
	base, err := origin.Parse("https://kms.example")
	if err != nil {
		v.t.Fatal(err)
	}
	counted := &rounds{asked: make(map[string]int)}
	config := site.Config{Transport: fakeHost{v.faithful, 0, counted, alter}, Random: zeros{}, Expect: v.world.Files.Digest(), Rounds: many}
	if many > 1 {
		config.Vantages = []site.Vantage{{Name: "elsewhere", Transport: fakeHost{v.faithful, 1, counted, alter}}}
	}
	required := append(site.Required(config.Expect), evidence.Required(v.policy)...)
	config.Evidence = func(report *verdict.Report, set *artifact.Set, m *release.Manifest) {
		evidence.Check(report, evidence.Input{Set: set, Manifest: m, Items: evidence.Items(set), Policy: v.policy, Trust: v.root, Now: v.world.Now})
	}
	report := verdict.New("site", base.String(), required...)
	site.Check(v.t.Context(), report, base, config)
	return report
}

// mutations alters every path that is served, in some ways each, and in all
// ways some.
func (v *visited) mutations() []mutation {
	var all []mutation
	m := v.world.Files.Manifest(v.t)
	paths := append(m.ServedPaths(), release.DeploymentPath, "/", release.AttestationsPath)
	thorough := []string{"index.html", "/", release.ManifestPath, release.AttestationsPath, v.world.Files.Named(v.t, release.RoleWorker)}
	for i, path := range paths {
		n := 0
		for _, change := range v.changes(path) {
			n++
			if !slices.Contains(thorough, path) && (n+i)%9 != 0 && !strings.HasPrefix(change.what, "byte") {
				continue
			}
			alter := func(who *asker, r *reply) {
				if who.path == path {
					change.apply(r)
				}
			}
			all = append(all, mutation{"site, " + change.kind, path, change.what, "", func(*parsed) *verdict.Report { return v.visit(1, alter) }})
		}
		one := persons[i%len(persons)]
		all = append(all, mutation{"site, one visitor", path, one.name, "", func(*parsed) *verdict.Report {
			return v.visit(2, func(who *asker, r *reply) {
				if who.path == path && one.is(who) {
					r.body = append(r.body, '\n')
				}
			})
		}})
	}
	return append(all, v.unknown()...)
}

// persons are those to whom a host may serve something else.
var persons = []struct {
	name string
	is   func(*asker) bool
}{
	{"in the second round", func(a *asker) bool { return a.round == 2 }},
	{"through a vantage", func(a *asker) bool { return a.vantage == 1 }},
	{"with a cookie", func(a *asker) bool { return a.request.Header.Get("Cookie") != "" }},
	{"on a phone", func(a *asker) bool { return a.request.Header.Get("Sec-CH-UA-Mobile") == "?1" }},
	{"with brotli", func(a *asker) bool { return a.request.Header.Get("Accept-Encoding") == "br" }},
	{"from an app", func(a *asker) bool { return a.request.Header.Get("Origin") != "" }},
	{"in another language", func(a *asker) bool { return strings.HasPrefix(a.request.Header.Get("Accept-Language"), "ja") }},
}

// change is one thing altered in an answer.
type change struct {
	kind, what string
	apply      func(*reply)
}

func (v *visited) changes(path string) []change {
	target := path
	if path == "/" {
		target = ""
	}
	right := v.faithful.answer("/"+target, "identity")
	all := []change{
		{"body", "cut", func(r *reply) { r.body = r.body[:len(r.body)-1] }},
		{"body", "emptied", func(r *reply) { r.body = nil }},
		{"body", "doubled", func(r *reply) { r.body = append(r.body, r.body...) }},
		{"media type", "another", func(r *reply) { r.header.Set("Content-Type", "text/html; charset=latin1") }},
		{"media type", "none", func(r *reply) { r.header.Del("Content-Type") }},
		{"content coding", "broken", func(r *reply) { r.header.Set("Content-Encoding", "gzip"); r.body = append(r.body, 0) }},
		{"content coding", "unknown", func(r *reply) { r.header.Set("Content-Encoding", "dcz") }},
	}
	for _, at := range places(len(right.body)) {
		all = append(all, change{"body", "byte flipped " + at.name, func(r *reply) { r.body[at.index] ^= 1 }})
	}
	for _, status := range []struct {
		name string
		code int
	}{{"204", 204}, {"206", 206}, {"302", 302}, {"404", 404}, {"429", 429}, {"503", 503}} {
		all = append(all, change{"status", status.name, func(r *reply) {
			r.status = status.code
			r.header.Set("Location", "https://kms.example/other")
		}})
	}
	for _, name := range []string{"Set-Cookie", "Access-Control-Allow-Credentials", "Refresh", "Link", "SourceMap", "Service-Worker-Allowed",
		"Clear-Site-Data", "Content-Security-Policy-Report-Only", "Content-Disposition", "Origin-Trial", "Speculation-Rules"} {
		all = append(all, change{"headers", name + " added", func(r *reply) { r.header.Set(name, "x") }})
	}
	all = append(all, change{"headers", "vary on cookies", func(r *reply) { r.header.Set("Vary", "Accept-Encoding, Cookie") }})
	for _, name := range slices.Sorted(maps.Keys(right.header)) {
		if name == "Content-Type" || name == "Vary" {
			continue
		}
		all = append(all,
			change{"headers", name + " removed", func(r *reply) { r.header.Del(name) }},
			change{"headers", name + " doubled", func(r *reply) { r.header.Add(name, r.header.Get(name)) }},
			change{"headers", name + " flipped", func(r *reply) { r.header.Set(name, flipText(r.header.Get(name), 0)) }},
			change{"headers", name + " extended", func(r *reply) { r.header.Set(name, r.header.Get(name)+", x") }})
	}
	return all
}

// unknown alters what a host says of addresses that no release has.
func (v *visited) unknown() []mutation {
	var all []mutation
	for _, suffix := range []string{"", ".html", ".json"} {
		for _, c := range []change{
			{"unknown address", "a page", func(r *reply) {
				r.status = 200
				r.header.Set("Content-Type", "text/html")
				r.body = []byte("<script src=/x.js></script>")
			}},
			{"unknown address", "an error page with a script", func(r *reply) {
				r.header.Set("Content-Type", "text/html")
				r.body = []byte("<script src=/x.js></script>")
			}},
			{"unknown address", "a cookie", func(r *reply) { r.header.Set("Set-Cookie", "a=b") }},
		} {
			alter := func(who *asker, r *reply) {
				if strings.HasSuffix(who.path, strings.Repeat("0", 32)+suffix) {
					c.apply(r)
				}
			}
			all = append(all, mutation{"site, unknown address", suffix, c.what, "", func(*parsed) *verdict.Report { return v.visit(1, alter) }})
		}
	}
	return all
}

func TestEveryAlteredSiteIsRefused(t *testing.T) {
	v := newVisited(t)
	if report := v.visit(2, nil); report.Conclude() != verdict.ConcludeVerified {
		t.Fatal(text(report))
	}
	tb := newTable(t, v.visit(1, nil), siteRules)
	tb.run(v.mutations())
	tb.print()
}
