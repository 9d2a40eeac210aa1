// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/chain"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/verdict"
)

// check returns the report on a release of which one file, given by its role,
// is as changed.
func check(t *testing.T, role release.Role, change func(old string) string) *verdict.Report {
	t.Helper()
	files := releasetest.Build(t)
	m := files.Manifest(t)
	name := files.Named(t, role)
	files[name] = []byte(change(string(files[name])))
	report := verdict.New("test", "test", verdict.Chain)
	chain.Check(report, m, func(path string) ([]byte, bool) { content, ok := files[path]; return content, ok })
	return report
}

func keep(s string) string { return s }

func TestChainOfACompleteReleaseHolds(t *testing.T) {
	if report := check(t, release.RoleDocument, keep); report.Conclude() != verdict.ConcludeVerified {
		t.Errorf("%+v", report.Checks())
	}
}

func TestDocumentMayBeWrittenInSeveralWays(t *testing.T) {
	for _, c := range []struct{ name, old, new string }{
		{"address from the root", `src="`, `src="/`},
		{"address from the folder", `src="`, `src="./`},
		{"single quotes", `href="icon.svg"`, `href='icon.svg'`},
		{"no quotes", `href="icon.svg"`, `href=icon.svg`},
		{"upper case", `<link rel="icon" href=`, `<LINK REL="icon" HREF=`},
		{"closed tag", `href="icon.svg">`, `href="icon.svg" />`},
		{"comment", `<body>`, `<!-- a comment --><body>`},
		{"meta policy", `<title>`, `<meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>`},
		{"link for people", `<body>`, `<body><a href="https://git.example/source">source</a><a href="#top">top</a><a href="LICENSE.txt">license</a>`},
		{"form", `<body>`, `<body><form id="unlock"><input type="password" autocomplete="off" required></form>`},
		{"drawing", `<body>`, `<body><svg viewBox="0 0 1 1"><path d="M0,0 L1,1"/><use href="#key"/></svg>`},
		{"ampersand in text", `<title>KMS`, `<title>KMS &amp; more`},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := check(t, release.RoleDocument, func(old string) string { return replace(t, old, c.old, c.new) })
			if report.Conclude() != verdict.ConcludeVerified {
				t.Errorf("%+v", report.Checks())
			}
		})
	}
}

func replace(t *testing.T, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("no %q in %s", old, text)
	}
	return strings.Replace(text, old, new, 1)
}

func TestDocumentThatLoadsSomethingElseIsRefused(t *testing.T) {
	const evil = `<script src="//evil.example/x.js"></script>`
	for _, c := range []struct{ name, old, new, found string }{
		{"script inside", `<body>`, `<body><script>alert(1)</script>`, "a script inside"},
		{"script without address", `<body>`, `<body><script></script>`, "script without src"},
		{"script from elsewhere", `<body>`, `<body>` + evil, "an address that is not"},
		{"script that is not listed", `<body>`, `<body><script src="x.js"></script>`, "a reference to"},
		{"script with text", `"></script>`, `">alert(1)</script>`, "a script inside"},
		{"script without end", `"></script>`, `"><!-- `, "a script inside"},
		{"script that is data", `<body>`, `<body><script type="importmap" src="icon.svg"></script>`, "another type"},
		{"integrity missing", ` integrity="`, ` data-integrity="`, "integrity \"\""},
		{"integrity of another", `integrity="sha384-`, `integrity="sha384-A`, "integrity \"sha384-A"},
		{"two integrity values", `integrity="sha384-`, `integrity="sha256-abc sha384-`, "integrity \"sha256"},
		{"integrity twice", `integrity="`, `integrity="" integrity="`, "there twice"},
		{"handler", `<body>`, `<body onload="alert(1)">`, "holds code"},
		{"handler in upper case", `<body>`, `<body ONLOAD="alert(1)">`, "holds code"},
		{"style attribute", `<body>`, `<body style="x">`, "holds code"},
		{"style inside", `<body>`, `<body><style>*{}</style>`, "element style"},
		{"base", `<title>`, `<base href="https://evil.example"><title>`, "element base"},
		{"frame", `<body>`, `<body><iframe src="icon.svg"></iframe>`, "element iframe"},
		{"refresh", `<title>`, `<meta http-equiv="refresh" content="0;url=x"><title>`, "http-equiv"},
		{"javascript link", `<body>`, `<body><a href="javascript:alert(1)">x</a>`, "an address that is not"},
		{"http link", `<body>`, `<body><a href="http://x">x</a>`, "an address that is not"},
		{"link without rel", `rel="icon" `, ``, "rel other than"},
		{"prefetch", `rel="icon"`, `rel="dns-prefetch"`, "rel other than"},
		{"host configuration as icon", `href="icon.svg"`, `href="_headers"`, "a reference to"},
		{"reference in the address", `href="icon.svg"`, `href="icon&#46;svg"`, "an address that is not"},
		{"folder in the address", `href="icon.svg"`, `href="../icon.svg"`, "an address that is not"},
		{"query in the address", `href="icon.svg"`, `href="icon.svg?x"`, "an address that is not"},
		{"empty address", `href="icon.svg"`, `href=""`, "an empty address"},
		{"script in a comment in a title", `<title>KMS`, `<title><!--</title>` + evil + `-->`, "a comment with"},
		{"comment without end", `<body>`, `<body><!-- `, "a comment with"},
		{"comment that ends early", `<body>`, `<body><!--->` + evil + `-->`, "a comment with"},
		{"CDATA", `<body>`, `<body><![CDATA[x]]>`, "markup outside"},
		{"processing instruction", `<body>`, `<body><?x?>`, "markup outside"},
		{"less-than in text", `<body>`, `<body>1 < 2`, "markup outside"},
		{"tag without end", `</html>`, `</html><body`, "markup outside"},
		{"value without end", `</html>`, `</html><body x="`, "markup outside"},
		{"attributes without space", `<body>`, `<body a="b"c="d">`, "markup outside"},
		{"NUL", `<body>`, "<body>\x00", "UTF-8"},
		{"not UTF-8", `<body>`, "<body>\xff", "UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := check(t, release.RoleDocument, func(old string) string { return replace(t, old, c.old, c.new) })
			assertFound(t, report, "index.html", c.found)
		})
	}
}

func assertFound(t *testing.T, report *verdict.Report, path, found string) {
	t.Helper()
	ok := slices.ContainsFunc(report.Checks(), func(c verdict.Check) bool {
		return c.Result == verdict.Refuted && c.Step == verdict.Chain && c.Subject == path && strings.Contains(c.Found, found)
	})
	if !ok {
		t.Errorf("no refuted check on %s that found %q: %+v", path, found, report.Checks())
	}
}

func TestScriptThatPinsSomethingElseIsRefused(t *testing.T) {
	files := releasetest.Build(t)
	m := files.Manifest(t)
	worker, _ := m.File(files.Named(t, release.RoleWorker))
	style, _ := m.File(files.Named(t, release.RoleStyle))
	for _, c := range []struct{ name, old, new, found string }{
		{"integrity missing", worker.Integrity, "", "the name without the integrity"},
		{"integrity cut", worker.Integrity, worker.Integrity[:70], "the name without the integrity"},
		{"integrity of another file", worker.Integrity, style.Integrity, "the name without the integrity"},
		{"integrity without name", worker.Path, "", worker.Integrity},
		{"unknown integrity", worker.Integrity, worker.Integrity + `","sha384-` + strings.Repeat("A", 64), "sha384-AAAA"},
		{"unknown name", worker.Path, worker.Path + `","evil.` + strings.Repeat("0", 32) + ".js", `"evil.0000`},
		{"name with another stem", worker.Path, "my-" + worker.Path, `"my-worker.`},
		{"name with another end", worker.Path, worker.Path + "x", `.jsx"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := check(t, release.RoleScript, func(old string) string { return replace(t, old, c.old, c.new) })
			assertFound(t, report, files.Named(t, release.RoleScript), c.found)
		})
	}
}

func TestFileThatNothingPinsIsRefused(t *testing.T) {
	files := releasetest.Build(t)
	for _, c := range []struct{ from, unreached release.Role }{
		{release.RoleDocument, release.RoleScript},
		{release.RoleDocument, release.RoleStyle},
		{release.RoleScript, release.RoleWorker},
		{release.RoleScript, release.RoleWasm},
		{release.RoleWorker, release.RoleWasm},
	} {
		t.Run(string(c.from+" "+c.unreached), func(t *testing.T) {
			empty := func(string) string { return "" }
			assertFound(t, check(t, c.from, empty), files.Named(t, c.unreached), "no such reference")
		})
	}
}

func TestErrorPageIsInertOnlyIfItLoadsNothing(t *testing.T) {
	for page, want := range map[string]bool{
		"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n" +
			"<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n": true,
		"not found":                             true,
		`<p><a href="https://a.example">a</a>`:  true,
		`<script src="app.js"></script>`:        false,
		`<img src="icon.svg">`:                  false,
		`<body onload="x">`:                     false,
		`<script>x</script>`:                    false,
		`<style>x</style>`:                      false,
		`<!DOCTYPE html PUBLIC "-//IETF//DTD">`: false,
	} {
		if got := chain.IsInert([]byte(page)); got != want {
			t.Errorf("IsInert(%q) = %v", page, got)
		}
	}
}

func TestPreloadNeedsNoIntegrityButReachesNothing(t *testing.T) {
	integrity := regexp.MustCompile(` integrity="[^"]*">`)
	preload := func(old string) string {
		return strings.Replace(old, `<link rel="stylesheet"`, `<link rel="preload" as="style"`, 1)
	}
	for _, c := range []struct {
		name   string
		change func(old string) string
		want   verdict.Conclusion
	}{
		{"of a listed file", func(old string) string {
			return replace(t, old, `<title>`, `<link rel="preload" as="fetch" href="LICENSE.txt" crossorigin><title>`)
		}, verdict.ConcludeVerified},
		{"instead of the reference, with integrity", preload, verdict.ConcludeRefuted},
		{"instead of the reference, without integrity", func(old string) string {
			return integrity.ReplaceAllString(preload(old), ">")
		}, verdict.ConcludeRefuted},
		{"of a file that is not listed", func(old string) string {
			return replace(t, old, `<title>`, `<link rel="preload" as="fetch" href="other.bin"><title>`)
		}, verdict.ConcludeRefuted},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := check(t, release.RoleDocument, c.change)
			if got := report.Conclude(); got != c.want {
				t.Errorf("%v, want %v: %+v", got, c.want, report.Checks())
			}
		})
	}
}
