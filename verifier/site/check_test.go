// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/verdict"
)

// check returns the report on a host.
func check(t *testing.T, host *releasetest.Host, expect string) *verdict.Report {
	t.Helper()
	return checkOrigin(t, host.Start(t), expect)
}

func checkOrigin(t *testing.T, address, expect string) *verdict.Report {
	t.Helper()
	base, err := origin.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	transport := site.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	report := verdict.New("site", address, site.Required(expect)...)
	site.Check(ctx, report, base, site.Config{Transport: transport, Random: rand.Reader, Expect: expect})
	return report
}

// describe returns the text of a report, for failing tests.
func describe(report *verdict.Report) string {
	var text strings.Builder
	if err := report.WriteText(&text, verdict.Style{}); err != nil {
		return err.Error()
	}
	return text.String()
}

func TestFaithfulHostIsVerified(t *testing.T) {
	files := releasetest.Load(t)
	report := check(t, &releasetest.Host{Files: files}, files.Digest())
	if report.Conclude() != verdict.ConcludeVerified {
		t.Fatal(describe(report))
	}
}

// tampering is a way in which a host does not serve the release.
type tampering struct {
	name   string
	tamper func(*releasetest.Response)
	step   verdict.Step
	path   string
	result verdict.Result
}

func on(path string, change func(*releasetest.Response)) func(*releasetest.Response) {
	return func(r *releasetest.Response) {
		if r.Path == path {
			change(r)
		}
	}
}

func header(name, value string) func(*releasetest.Response) {
	return func(r *releasetest.Response) { r.Header.Set(name, value) }
}

func status(code int) func(*releasetest.Response) {
	return func(r *releasetest.Response) { r.Status = code }
}

var tamperings = []tampering{
	{"altered document", on("index.html", func(r *releasetest.Response) { r.Body[0] ^= 1 }), verdict.Content, "index.html", verdict.Refuted},
	{"longer document", on("index.html", func(r *releasetest.Response) { r.Body = append(r.Body, ' ') }), verdict.Content, "index.html", verdict.Refuted},
	{"altered entry only at /", on("", func(r *releasetest.Response) { r.Body[0] ^= 1 }), verdict.Entry, "/", verdict.Refuted},
	{"missing policy only at /", on("", func(r *releasetest.Response) { r.Header.Del("Content-Security-Policy") }), verdict.Headers, "/", verdict.Refuted},
	{"stale brotli copy", onCoding("br", "index.html"), verdict.Content, "index.html", verdict.Refuted},
	{"stale zstd copy", onCoding("zstd", "index.html"), verdict.Content, "index.html", verdict.Refuted},
	{"stale gzip copy", onCoding("gzip", "index.html"), verdict.Content, "index.html", verdict.Refuted},
	{"stale deflate copy", onCoding("deflate", "index.html"), verdict.Content, "index.html", verdict.Refuted},
	{"coding that was not asked for", on("index.html", header("Content-Encoding", "dcb")), verdict.Fetch, "index.html", verdict.Refuted},
	{"broken coding", on("index.html", header("Content-Encoding", "gzip")), verdict.Fetch, "index.html", verdict.Refuted},
	{"redirect", on("index.html", func(r *releasetest.Response) { r.Status = 302; r.Header.Set("Location", "https://evil.example") }), verdict.Fetch, "index.html", verdict.Refuted},
	{"partial content", on("index.html", status(http.StatusPartialContent)), verdict.Fetch, "index.html", verdict.Refuted},
	{"missing checksums", on("SHA256SUMS", status(http.StatusNotFound)), verdict.Fetch, "SHA256SUMS", verdict.Refuted},
	{"overloaded", on("SHA256SUMS", status(http.StatusServiceUnavailable)), verdict.Fetch, "SHA256SUMS", verdict.Unavailable},
	{"missing manifest", on("release.json", status(http.StatusNotFound)), verdict.Fetch, "release.json", verdict.Refuted},
	{"manifest that is none", on("release.json", func(r *releasetest.Response) { r.Body = []byte("<html>") }), verdict.Manifest, "release.json", verdict.Refuted},
	{"missing deployment", on("deployment.json", status(http.StatusNotFound)), verdict.Fetch, "deployment.json", verdict.Refuted},
	{"deployment that is none", on("deployment.json", func(r *releasetest.Response) { r.Body = []byte("{}") }), verdict.Deployment, "deployment.json", verdict.Refuted},
	{"wrong media type", on("icon.svg", header("Content-Type", "text/html")), verdict.MediaType, "icon.svg", verdict.Refuted},
	{"wrong media type of the manifest", on("release.json", header("Content-Type", "text/html")), verdict.MediaType, "release.json", verdict.Refuted},
	{"policy weakened", on("index.html", header("Content-Security-Policy", "default-src *")), verdict.Headers, "index.html", verdict.Refuted},
	{"second policy", on("index.html", func(r *releasetest.Response) { r.Header.Add("Content-Security-Policy", "default-src *") }), verdict.Headers, "index.html", verdict.Refuted},
	{"another embedder", on("index.html", func(r *releasetest.Response) {
		csp := r.Header.Get("Content-Security-Policy")
		r.Header.Set("Content-Security-Policy", strings.Replace(csp, "https://app.example", "https://evil.example", 1))
	}), verdict.Headers, "index.html", verdict.Refuted},
	{"promised header missing", on("icon.svg", func(r *releasetest.Response) { r.Header.Del("X-Content-Type-Options") }), verdict.Headers, "icon.svg", verdict.Refuted},
	{"cookie", on("index.html", header("Set-Cookie", "a=b")), verdict.Headers, "index.html", verdict.Refuted},
	{"service worker scope", on("icon.svg", header("Service-Worker-Allowed", "/")), verdict.Headers, "icon.svg", verdict.Refuted},
	{"readable by others", on("index.html", header("Access-Control-Allow-Origin", "*")), verdict.Headers, "index.html", verdict.Refuted},
	{"source map", on("icon.svg", header("SourceMap", "/x.map")), verdict.Headers, "icon.svg", verdict.Refuted},
	{"varies by cookie", on("index.html", header("Vary", "Accept-Encoding, Cookie")), verdict.Headers, "index.html", verdict.Refuted},
	{"headers of one coding", func(r *releasetest.Response) {
		if r.Path == "index.html" && r.Coding == "br" {
			r.Header.Set("Set-Cookie", "a=b")
		}
	}, verdict.Headers, "index.html", verdict.Refuted},
	{"page for every address", onUnknown(status(http.StatusOK)), verdict.Unknown, "(random)", verdict.Refuted},
	{"404 page with a script", onUnknown(func(r *releasetest.Response) {
		r.Header.Set("Content-Type", "text/html")
		r.Body = []byte("<script src=/app.js></script>")
	}), verdict.Unknown, "(random)", verdict.Refuted},
	{"404 page of no type", onUnknown(header("Content-Type", "")), verdict.Unknown, "(random)", verdict.Refuted},
	{"404 drawing", onUnknown(header("Content-Type", "image/svg+xml")), verdict.Unknown, "(random)", verdict.Refuted},
	{"cookie on 404", onUnknown(header("Set-Cookie", "a=b")), verdict.Unknown, "(random).html", verdict.Refuted},
	{"unknown address overloaded", onUnknown(status(http.StatusBadGateway)), verdict.Unknown, "(random)", verdict.Unavailable},
}

func onDestination(dest, path string) func(*releasetest.Response) {
	return on(path, func(r *releasetest.Response) {
		if r.Dest == dest {
			r.Body[len(r.Body)-1] ^= 1
		}
	})
}

func onCoding(coding, path string) func(*releasetest.Response) {
	return on(path, func(r *releasetest.Response) {
		if r.Coding == coding {
			r.Body[len(r.Body)-1] ^= 1
		}
	})
}

// onUnknown changes the answer to addresses that no release has.
func onUnknown(change func(*releasetest.Response)) func(*releasetest.Response) {
	return func(r *releasetest.Response) {
		if r.Status == http.StatusNotFound {
			change(r)
		}
	}
}

func TestHostThatTampersIsRefutedForTheRightReason(t *testing.T) {
	files := releasetest.Build(t)
	for _, c := range tamperings {
		t.Run(c.name, func(t *testing.T) {
			report := check(t, &releasetest.Host{Files: files, Tamper: c.tamper}, "")
			assertCheck(t, report, c)
		})
	}
}

// assertCheck fails unless the report has the check that c says, and concludes
// accordingly.
func assertCheck(t *testing.T, report *verdict.Report, c tampering) {
	t.Helper()
	want := verdict.ConcludeRefuted
	if c.result == verdict.Unavailable {
		want = verdict.ConcludeUnchecked
	}
	found := slices.ContainsFunc(report.Checks(), func(got verdict.Check) bool {
		return got.Step == c.step && got.Subject == c.path && got.Result == c.result
	})
	if report.Conclude() != want || !found {
		t.Errorf("concluded %s, want %s with %s %s on %s\n%s", report.Conclude(), want, c.step, c.result, c.path, describe(report))
	}
}

func TestErrorPageWithoutScriptsIsVerified(t *testing.T) {
	for name, change := range map[string]func(*releasetest.Response){
		"plain page": func(r *releasetest.Response) {
			r.Header.Set("Content-Type", "text/html")
			r.Body = []byte("<html><head><title>404</title></head><body><h1>404</h1></body></html>")
		},
		"page with a policy": func(r *releasetest.Response) {
			r.Header.Set("Content-Type", "text/html")
			r.Header.Set("Content-Security-Policy", "default-src 'none'")
			r.Body = []byte("<script src=/app.js></script>")
		},
		"nothing": func(r *releasetest.Response) {
			r.Header.Set("Content-Type", "text/html")
			r.Body = nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			report := check(t, &releasetest.Host{Files: releasetest.Build(t), Tamper: onUnknown(change)}, "")
			if report.Conclude() != verdict.ConcludeVerified {
				t.Error(describe(report))
			}
		})
	}
}

func TestEveryServedFileIsComparedInEveryCoding(t *testing.T) {
	files := releasetest.Build(t)
	paths := files.Manifest(t).ServedPaths()
	for _, path := range paths {
		t.Run("identity/"+path, func(t *testing.T) {
			t.Parallel()
			report := check(t, &releasetest.Host{Files: files, Tamper: onCoding("identity", path)}, "")
			if report.Conclude() != verdict.ConcludeRefuted {
				t.Error(describe(report))
			}
		})
	}
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			t.Parallel()
			report := check(t, &releasetest.Host{Files: files, Tamper: func(r *releasetest.Response) {
				onCoding(coding, r.Path)(r)
			}}, "")
			for _, path := range paths {
				assertCheck(t, report, tampering{step: verdict.Content, path: path, result: verdict.Refuted})
			}
		})
	}
}

func TestAnotherReleaseThanExpectedIsRefuted(t *testing.T) {
	files := releasetest.Build(t)
	report := check(t, &releasetest.Host{Files: files}, release.Digest(nil))
	assertCheck(t, report, tampering{step: verdict.Pin, path: release.ManifestPath, result: verdict.Refuted})
}

func TestHostThatIsDownCouldNotBeChecked(t *testing.T) {
	report := checkOrigin(t, "http://127.0.0.1:1", "")
	assertCheck(t, report, tampering{step: verdict.Fetch, path: release.ManifestPath, result: verdict.Unavailable})
}

func TestHostThatTellsBrowsersApartIsRefuted(t *testing.T) {
	files := releasetest.Build(t)
	worker := files.Named(t, release.RoleWorker)
	for _, dest := range []string{"iframe", "script", "worker", "empty"} {
		t.Run(dest, func(t *testing.T) {
			report := check(t, &releasetest.Host{Files: files, Tamper: onDestination(dest, worker)}, "")
			if report.Conclude() != verdict.ConcludeRefuted {
				t.Errorf("a worker that is served otherwise for the destination %s was accepted", dest)
			}
		})
	}
}
