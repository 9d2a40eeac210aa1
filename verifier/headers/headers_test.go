// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package headers_test

import (
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/headers"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/verdict"
)

func TestHeadersOfACompleteReleaseAreEnough(t *testing.T) {
	report := verdict.New("test", "test", verdict.Policy)
	headers.CheckMinimum(report, releasetest.Load(t).Manifest(t))
	if report.Conclude() != verdict.ConcludeVerified {
		t.Errorf("%+v", report.Checks())
	}
}

// edited returns the manifest of the small release, the header of the rule for
// a file of that role changed; without a new value it is removed.
func edited(t *testing.T, role release.Role, name, old, new string) *release.Manifest {
	t.Helper()
	files := releasetest.Build(t)
	m, path := files.Manifest(t), files.Named(t, role)
	for i, rule := range m.Headers {
		if !slices.Contains(rule.Paths, path) {
			continue
		}
		j := slices.IndexFunc(rule.Headers, func(h release.Header) bool { return h.Name == name })
		if j < 0 {
			m.Headers[i].Headers = append(rule.Headers, release.Header{Name: name, Value: new})
			return m
		}
		value := strings.Replace(rule.Headers[j].Value, old, new, 1)
		if value == rule.Headers[j].Value {
			t.Fatalf("no %q in %s", old, value)
		}
		m.Headers[i].Headers[j].Value = value
		return m
	}
	t.Fatalf("no rule for %s", path)
	return nil
}

func TestWeakerHeaderIsRefused(t *testing.T) {
	const csp = "content-security-policy"
	for _, c := range []struct {
		role             release.Role
		header, old, new string
		expected         string
	}{
		{release.RoleDocument, csp, "default-src 'none'", "default-src 'self'", "default-src 'none'"},
		{release.RoleDocument, csp, "default-src 'none'; ", "", "default-src 'none'"},
		{release.RoleDocument, csp, "script-src 'self'", "script-src 'self' 'unsafe-inline'", "sources"},
		{release.RoleDocument, csp, "script-src 'self'", "script-src 'self' 'unsafe-eval'", "sources"},
		{release.RoleDocument, csp, "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "sources"},
		{release.RoleDocument, csp, "script-src 'self'", "script-src 'self' 'strict-dynamic'", "sources"},
		{release.RoleDocument, csp, "script-src 'self'", "script-src 'self' 'nonce-abc'", "sources"},
		{release.RoleDocument, csp, "script-src 'self'", "script-src *", "sources"},
		{release.RoleDocument, csp, "script-src 'self'", "script-src https:", "sources"},
		{release.RoleDocument, csp, "script-src 'self'", "script-src https://cdn.example", "sources"},
		{release.RoleDocument, csp, "script-src 'self'", "script-src 'self' 'none'", "sources"},
		{release.RoleDocument, csp, "worker-src 'self'", "worker-src blob:", "sources"},
		{release.RoleDocument, csp, "img-src 'self'", "img-src data:", "sources"},
		{release.RoleDocument, csp, "style-src 'self'", "style-src 'unsafe-inline'", "sources"},
		{release.RoleDocument, csp, "connect-src 'self'", "connect-src 'self' wss:", "sources"},
		{release.RoleDocument, csp, "base-uri 'none'", "base-uri 'self'", "base-uri"},
		{release.RoleDocument, csp, "base-uri 'none'; ", "", "base-uri"},
		{release.RoleDocument, csp, "form-action 'none'", "form-action *", "form-action"},
		{release.RoleDocument, csp, "{embedders}", "{embedders} 'self'", "frame-ancestors"},
		{release.RoleDocument, csp, "{embedders}", "https://app.example", "frame-ancestors"},
		{release.RoleDocument, csp, "frame-ancestors {embedders}; ", "", "frame-ancestors"},
		{release.RoleDocument, csp, "require-trusted-types-for 'script'; ", "", "require-trusted-types-for"},
		{release.RoleDocument, csp, "trusted-types kms-worker", "trusted-types *", "trusted-types"},
		{release.RoleDocument, csp, "trusted-types kms-worker", "trusted-types 'allow-duplicates'", "trusted-types"},
		{release.RoleDocument, csp, "; trusted-types kms-worker", "", "trusted-types"},
		{release.RoleDocument, csp, "base-uri 'none'", "base-uri 'none'; base-uri 'none'", "one plain policy"},
		{release.RoleDocument, csp, "base-uri 'none'", "base-uri 'none'; report-uri https://x", "one plain policy"},
		{release.RoleDocument, csp, "base-uri 'none'", "base-uri 'none'; upgrade-insecure-requests", "one plain policy"},
		{release.RoleDocument, csp, "base-uri 'none'", "BASE-URI 'none'", "one plain policy"},
		{release.RoleDocument, csp, "base-uri 'none'", "base-uri 'none', default-src *", "one plain policy"},
		{release.RoleWorker, csp, "'wasm-unsafe-eval'", "'unsafe-eval'", "sources"},
		{release.RoleWorker, csp, "connect-src 'self'", "connect-src 'wasm-unsafe-eval'", "sources"},
		{release.RoleWorker, csp, "; require-trusted-types-for 'script'", "", "require-trusted-types-for"},
		{release.RoleWorker, csp, "default-src 'none'; ", "default-src 'none'; frame-ancestors *; ", "frame-ancestors"},
		{release.RoleScript, csp, "frame-ancestors 'none'", "script-src 'wasm-unsafe-eval'", "sources"},
		{release.RoleLicense, csp, "default-src 'none'", "default-src 'self'", "default-src 'none'"},
		{release.RoleDocument, "x-content-type-options", "nosniff", "none", "nosniff"},
		{release.RoleWasm, "x-content-type-options", "nosniff", "no", "nosniff"},
		{release.RoleDocument, "referrer-policy", "no-referrer", "unsafe-url", "no-referrer"},
		{release.RoleDocument, "cache-control", "no-cache", "public, max-age=60", "no-cache or no-store"},
		{release.RoleSBOM, "cache-control", "no-cache", "immutable", "no-cache or no-store"},
		{release.RoleDocument, "content-type", "", "text/plain", "text/html"},
		{release.RoleDocument, "cross-origin-opener-policy", "same-origin", "unsafe-none", "same-origin"},
		{release.RoleDocument, "access-control-allow-origin", "", "*", "release.json"},
		{release.RoleSBOM, "access-control-allow-origin", "", "*", "release.json"},
		{release.RoleDocument, "integrity-policy-waict-v1", "mode=enforce", "mode=report", "mode=enforce"},
		{release.RoleDocument, "integrity-policy-waict-v1", "mode=enforce", "mode=", "in its form"},
		{release.RoleWorker, "integrity-policy-waict-v1", "", "max-age=0, mode=enforce, manifest=\"/x\"", "documents only"},
		{release.RoleDocument, "set-cookie", "", "a=b", "may promise"},
		{release.RoleScript, "service-worker-allowed", "", "/", "may promise"},
	} {
		t.Run(string(c.role)+" "+c.header+" "+c.new, func(t *testing.T) {
			files := releasetest.Build(t)
			m, path := edited(t, c.role, c.header, c.old, c.new), files.Named(t, c.role)
			report := verdict.New("test", "test")
			headers.CheckMinimum(report, m)
			found := slices.ContainsFunc(report.Checks(), func(got verdict.Check) bool {
				return got.Result == verdict.Refuted && got.Subject == path && strings.Contains(got.Expected, c.expected)
			})
			if !found {
				t.Errorf("%+v", report.Checks())
			}
		})
	}
}

// What says which release this is, and who vouches for it, may be read from
// anywhere; by everybody or nobody, since another value names one embedder.
func TestEvidenceIsReadableByEverybodyOrNobody(t *testing.T) {
	for value, want := range map[string]verdict.Conclusion{"*": verdict.ConcludeVerified, "https://app.example": verdict.ConcludeRefuted} {
		files := releasetest.Build(t)
		files.SetHeader(t, release.AttestationsPath, "access-control-allow-origin", value)
		report := verdict.New("test", "test", verdict.Policy)
		headers.CheckMinimum(report, files.Manifest(t))
		if got := report.Conclude(); got != want {
			t.Errorf("%s: concluded %s, want %s", value, got, want)
		}
	}
}

// A window of the enclave's own speaks with the frame that opened it, so no
// opener policy is asked of it; but nobody may frame it.
func TestSecondDocumentIsFramedByNobody(t *testing.T) {
	const path = "window.html"
	m := releasetest.Load(t).Manifest(t)
	i := slices.IndexFunc(m.Headers, func(r release.HeaderRule) bool { return slices.Contains(r.Paths, m.Entry) })
	rule := release.HeaderRule{Paths: []string{path}, Headers: slices.Clone(m.Headers[i].Headers)}
	m.Files = append(m.Files, release.Describe(path, release.RoleDocument, nil))
	m.Headers = append(m.Headers, rule)
	set := func(name, old, new string) {
		j := slices.IndexFunc(rule.Headers, func(h release.Header) bool { return h.Name == name })
		rule.Headers[j].Value = strings.Replace(rule.Headers[j].Value, old, new, 1)
	}
	set("cross-origin-opener-policy", "same-origin", "unsafe-none")
	report := verdict.New("test", "test", verdict.Policy)
	headers.CheckMinimum(report, m)
	refused := func(c verdict.Check) bool {
		return c.Subject == path && strings.Contains(c.Expected, "frame-ancestors 'none'")
	}
	if !slices.ContainsFunc(report.Checks(), refused) {
		t.Errorf("with frame-ancestors {embedders}: %+v", report.Checks())
	}
	set("content-security-policy", "{embedders}", "'none'")
	report = verdict.New("test", "test", verdict.Policy)
	headers.CheckMinimum(report, m)
	if report.Conclude() != verdict.ConcludeVerified {
		t.Errorf("with frame-ancestors 'none': %+v", report.Checks())
	}
}

func TestStricterHeaderIsEnough(t *testing.T) {
	for _, c := range []struct {
		role             release.Role
		header, old, new string
	}{
		{release.RoleDocument, "content-security-policy", "script-src 'self'", "script-src 'sha384-AAAA='"},
		{release.RoleDocument, "content-security-policy", "style-src 'self'; ", ""},
		{release.RoleDocument, "content-security-policy", "base-uri", "object-src 'none'; frame-src 'none'; base-uri"},
		{release.RoleWorker, "content-security-policy", "default-src 'none';", "default-src 'none'; frame-ancestors 'none';"},
		{release.RoleDocument, "cache-control", "no-cache", "no-store, max-age=0"},
		{release.RoleDocument, "permissions-policy", "", "camera=()"},
		{release.RoleDocument, "integrity-policy", "", "blocked-destinations=(script)"},
		{release.RoleDocument, "content-type", "", "text/html; charset=utf-8"},
	} {
		t.Run(c.header+" "+c.new, func(t *testing.T) {
			report := verdict.New("test", "test", verdict.Policy)
			headers.CheckMinimum(report, edited(t, c.role, c.header, c.old, c.new))
			if report.Conclude() != verdict.ConcludeVerified {
				t.Errorf("%+v", report.Checks())
			}
		})
	}
}

func TestHostConfigurationMustCarryEveryHeader(t *testing.T) {
	files := releasetest.Build(t)
	for _, name := range []string{"_headers", "nginx.conf", "Caddyfile"} {
		for _, c := range []struct {
			name, old, new string
			want           verdict.Conclusion
		}{
			{"as released", "", "", verdict.ConcludeVerified},
			{"quotes escaped", "'self'", `\'self\'`, verdict.ConcludeVerified},
			{"embedders filled in", "{embedders}", "https://app.example", verdict.ConcludeVerified},
			{"name in another case", "referrer-policy", "Referrer-Policy", verdict.ConcludeVerified},
			{"header missing", "referrer-policy", "x-note", verdict.ConcludeRefuted},
			{"value weaker", "nosniff", "sniff", verdict.ConcludeRefuted},
			{"policy weaker", "base-uri 'none'", "base-uri 'self'", verdict.ConcludeRefuted},
			{"unsafe source added", "no-cache", "no-cache 'unsafe-inline'", verdict.ConcludeRefuted},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				text := string(files[name])
				if c.old != "" {
					text = strings.ReplaceAll(text, c.old, c.new)
				}
				report := verdict.New("test", "test", verdict.Hosting)
				headers.CheckHosting(report, files.Manifest(t), name, []byte(text))
				if got := report.Conclude(); got != c.want {
					t.Errorf("concluded %s, want %s: %+v", got, c.want, report.Checks())
				}
			})
		}
	}
}

func TestPolicyIsInertOnlyIfNoScriptRuns(t *testing.T) {
	for policy, want := range map[string]bool{
		"default-src 'none'":                                    true,
		"default-src 'none'; style-src 'self'":                  true,
		"default-src 'none'; script-src 'none'":                 true,
		"default-src 'none'; script-src 'self'":                 false,
		"default-src 'none'; script-src-elem 'self'":            false,
		"default-src 'self'":                                    false,
		"":                                                      false,
		"default-src 'none', default-src *":                     false,
		"default-src 'none'; default-src 'self'":                false,
		"default-src 'none'; script-src 'none' 'unsafe-inline'": false,
	} {
		if got := headers.IsInert(policy); got != want {
			t.Errorf("IsInert(%q) = %v", policy, got)
		}
	}
}

// FuzzParsePolicy checks that an accepted policy says nothing that the minimum
// does not look at.
func FuzzParsePolicy(f *testing.F) {
	f.Add("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'")
	f.Add("frame-ancestors {embedders};; base-uri 'none';")
	f.Add("default-src 'none', script-src *")
	f.Add("DEFAULT-SRC 'none'")
	f.Fuzz(func(t *testing.T, value string) {
		p, err := headers.ParsePolicy(value)
		if err != nil {
			return
		}
		var words []string
		for name, values := range p {
			words = append(append(words, name), values...)
		}
		got := strings.FieldsFunc(value, func(r rune) bool { return r == ';' || r == ' ' })
		slices.Sort(words)
		slices.Sort(got)
		if !slices.Equal(words, got) {
			t.Fatalf("read %q from %q", words, value)
		}
	})
}
