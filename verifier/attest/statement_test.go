// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attest_test

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/verdict"
)

// provenance returns the statement of the small release.
func provenance(t testing.TB) string {
	return string(releasetest.Build(t)[release.ProvenancePath])
}

func TestStatementSaysWhatWasBuilt(t *testing.T) {
	s, err := attest.Parse([]byte(provenance(t)))
	if err != nil {
		t.Fatal(err)
	}
	if s.Target != "//enclave:release" || s.Repository != releasetest.Repository || s.Commit != releasetest.Commit {
		t.Errorf("read target %q, repository %q, commit %q", s.Target, s.Repository, s.Commit)
	}
	if s.BuildType == "" || s.BuilderID == "" || len(s.Dependencies) != 2 || len(s.Subjects) != 17 {
		t.Errorf("read %+v", s)
	}
}

func TestStatementThatIsNotStrictIsRefused(t *testing.T) {
	const (
		buildType  = `"buildType":"https://git.example/kms-enclave/build/v1"`
		builder    = `"builder":{"id":"https://git.example/kms-enclave/builder"}`
		parameters = `"target":"//enclave:release"`
		lock       = `"name":"MODULE.bazel.lock"`
		commit     = `"gitCommit":"` + releasetest.Commit + `"`
	)
	for _, c := range []struct{ name, old, new, reason string }{
		{"other statement type", attest.StatementType, "https://in-toto.io/Statement/v0.1", "_type"},
		{"other predicate type", attest.ProvenanceType, "https://slsa.dev/provenance/v0.2", "predicateType"},
		{"bytes after the end", `"subject":[`, `"subject":0}[`, "malformed JSON"},
		{"member too many", `{"_type"`, `{"_a":1,"_type"`, "a member other than"},
		{"member twice", `{"_type"`, `{"_type":"","_type"`, "malformed JSON"},
		{"no subjects", `"subject":[`, `"subject":[],"subjects":[`, "a member other than"},
		{"subject without name", `"name":"LICENSE.txt"`, `"uri":"LICENSE.txt"`, "name is missing"},
		{"subject with upper case digest", `{"sha256":"f9`, `{"sha256":"F9`, "sha256"},
		{"subject with short digest", `{"sha256":"f9`, `{"sha256":"`, "sha256"},
		{"subject with other digest", `{"digest":{"sha256":"f9`, `{"digest":{"md5":"00","sha256":"f9`, "a member other than"},
		{"subject with short sha384", `"},"name":"LICENSE.txt"`, `","sha384":"00"},"name":"LICENSE.txt"`, "sha384"},
		{"subjects out of order", `"name":"LICENSE.txt"`, `"name":"zzz"`, "order of names"},
		{"build type without https", buildType, `"buildType":"urn:a:b"`, "buildType"},
		{"build type missing", buildType + ",", "", "buildType is missing"},
		{"unknown parameter", parameters, `"stamp":"yes",` + parameters, "a member other than"},
		{"parameter empty", parameters, `"target":""`, "target"},
		{"target that is no label", parameters, `"target":"release"`, "label"},
		{"builder without id", `"id":"https://git.example/kms-enclave/builder"`, ``, "id is missing"},
		{"builder id that is no URI", `"id":"https://git.example/kms-enclave/builder"`, `"id":"me"`, "builder.id"},
		{"metadata", builder, builder + `,"metadata":{}`, "a member other than"},
		{"byproducts that are no array", builder, builder + `,"byproducts":{}`, "byproducts"},
		{"dependency without name", lock, `"mediaType":"x"`, "neither name nor uri"},
		{"dependency with short digest", commit, `"gitCommit":"0123"`, "digest"},
		{"dependency with empty digest", commit, `"x":""`, "digest"},
		{"dependency without digest", commit, ``, "not empty"},
		{"dependency with unknown member", lock, lock + `,"version":"1"`, "a member other than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := provenance(t)
			if !strings.Contains(text, c.old) {
				t.Fatalf("the statement does not contain %s", c.old)
			}
			_, err := attest.Parse([]byte(strings.Replace(text, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("error %v, want one about %q", err, c.reason)
			}
		})
	}
}

func TestSubjectsAreHeldAgainstBothDigests(t *testing.T) {
	file := release.Describe("a", release.RoleLicense, []byte("one"))
	for _, c := range []struct {
		name    string
		subject attest.Subject
		want    verdict.Conclusion
	}{
		{"right", attest.Subject{Name: "a", SHA256: file.SHA256}, verdict.ConcludeVerified},
		{"wrong sha256", attest.Subject{Name: "a", SHA256: release.Digest(nil)}, verdict.ConcludeRefuted},
		{"wrong sha384", attest.Subject{Name: "a", SHA256: file.SHA256, SHA384: strings.Repeat("0", 96)}, verdict.ConcludeRefuted},
		{"other name", attest.Subject{Name: "b", SHA256: file.SHA256}, verdict.ConcludeRefuted},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := verdict.New("test", "test", verdict.Provenance)
			s := attest.Statement{Subjects: []attest.Subject{c.subject}}
			s.CheckSubjects(report, map[string]release.File{"a": file})
			if got := report.Conclude(); got != c.want {
				t.Errorf("concluded %s, want %s", got, c.want)
			}
		})
	}
}

func TestSourceMustBeAmongTheDependencies(t *testing.T) {
	source := release.Source{Repository: releasetest.Repository, Commit: releasetest.Commit}
	unreleased := release.Source{Repository: releasetest.Repository, Commit: release.Unreleased}
	git := func(uri, commit string) []attest.Dependency {
		return []attest.Dependency{{URI: uri, Digest: map[string]string{"gitCommit": commit}}}
	}
	for _, c := range []struct {
		name         string
		source       release.Source
		dependencies []attest.Dependency
		want         verdict.Conclusion
	}{
		{"there", source, git("git+"+releasetest.Repository, releasetest.Commit), verdict.ConcludeVerified},
		{"there with a ref", source, git("git+"+releasetest.Repository+"@refs/tags/v1", releasetest.Commit), verdict.ConcludeVerified},
		{"other commit", source, git("git+"+releasetest.Repository, strings.Repeat("0", 40)), verdict.ConcludeRefuted},
		{"other repository", source, git("git+https://evil.example", releasetest.Commit), verdict.ConcludeRefuted},
		{"missing", source, nil, verdict.ConcludeRefuted},
		{"unreleased, missing", unreleased, nil, verdict.ConcludeVerified},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := verdict.New("test", "test", verdict.Provenance)
			s := attest.Statement{Repository: c.source.Repository, Commit: c.source.Commit, Dependencies: c.dependencies}
			s.CheckSource(report, c.source)
			if got := report.Conclude(); got != c.want {
				t.Errorf("concluded %s, want %s", got, c.want)
			}
		})
	}
}

// FuzzParse checks that what is accepted has what callers rely on.
func FuzzParse(f *testing.F) {
	f.Add([]byte(provenance(f)))
	f.Add(releasetest.Provenance(nil, release.Source{Repository: "https://a", Commit: release.Unreleased}))
	f.Add(releasetest.Provenance([]wire.Value{wire.Null()}, release.Source{}))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := attest.Parse(data)
		if err != nil {
			return
		}
		if len(s.Subjects) == 0 || len(s.Dependencies) == 0 || s.BuildType == "" || s.BuilderID == "" || s.Target == "" {
			t.Fatalf("accepted without what is required: %+v", s)
		}
		for i, subject := range s.Subjects {
			if len(subject.SHA256) != 64 || i > 0 && s.Subjects[i-1].Name >= subject.Name {
				t.Fatalf("accepted subjects %q", s.Subjects)
			}
		}
	})
}
