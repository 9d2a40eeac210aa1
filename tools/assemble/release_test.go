// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package assemble_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"google.golang.org/protobuf/encoding/protojson"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/tools/releasediff"
)

// built returns a path among the test's inputs: what //enclave:release made, or a schema.
func built(variable string) string {
	return filepath.Join(os.Getenv("TEST_SRCDIR"), os.Getenv(variable))
}

// file returns a file of the release that the build made.
func file(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(built("KMS_RELEASE"), name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestProvenanceIsValidForInToto(t *testing.T) {
	var statement intoto.Statement
	if err := protojson.Unmarshal(file(t, release.ProvenancePath), &statement); err != nil {
		t.Fatal(err)
	}
	if err := statement.Validate(); err != nil {
		t.Errorf("Statement.Validate: %v", err)
	}
	predicate, err := json.Marshal(statement.GetPredicate().AsMap())
	if err != nil {
		t.Fatal(err)
	}
	var provenance slsa.Provenance
	if err := protojson.Unmarshal(predicate, &provenance); err != nil {
		t.Fatalf("the predicate is no SLSA provenance: %v", err)
	}
	if err := provenance.Validate(); err != nil {
		t.Errorf("Provenance.Validate: %v", err)
	}
	if n := len(provenance.GetBuildDefinition().GetResolvedDependencies()); n < 5 {
		t.Errorf("provenance resolves %d dependencies; expected the SDKs and Bazel modules at least", n)
	}
}

func TestSBOMIsValidCycloneDX(t *testing.T) {
	content := file(t, "sbom.cdx.json")
	compiler := jsonschema.NewCompiler()
	const base = "http://cyclonedx.org/schema/" // by which the schemas name each other; nothing is fetched
	for _, name := range []string{"bom-1.6.schema.json", "jsf-0.82.schema.json", "spdx.schema.json"} {
		text, err := os.ReadFile(filepath.Join(built("KMS_SCHEMA"), name))
		if err != nil {
			t.Fatal(err)
		}
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(base+name, schema); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile(base + "bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("CycloneDX 1.6 schema: %v", err)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(content), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatalf("cyclonedx-go: %v", err)
	}
	if bom.SerialNumber != "" || bom.Metadata.Timestamp != "" {
		t.Error("the bill of materials has a serial number or a time; both differ from build to build")
	}
}

func TestArchiveHoldsTheFolder(t *testing.T) {
	archive, err := os.Open(built("KMS_ARCHIVE"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	reader := tar.NewReader(archive)
	entries := 0
	for {
		header, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		entries++
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(content, file(t, header.Name)) {
			t.Errorf("%s differs between archive and folder", header.Name)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.ModTime.Unix() != 0 || header.Mode != 0o644 {
			t.Errorf("%s: the archive tells owner, time or mode of a machine: %+v", header.Name, header)
		}
	}
	files := 0
	err = filepath.WalkDir(built("KMS_RELEASE"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := os.Stat(path); err != nil || !info.IsDir() { // Bazel may hand out links
			files++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if entries != files {
		t.Errorf("the archive has %d files, the folder %d", entries, files)
	}
}

func TestPinNamesTheReleaseDigest(t *testing.T) {
	pin, err := os.ReadFile(built("KMS_PIN"))
	if err != nil {
		t.Fatal(err)
	}
	if digest := release.Digest(file(t, release.ManifestPath)); !strings.Contains(string(pin), digest) {
		t.Errorf("release.ts does not have the release digest %s", digest)
	}
}

// TestNoFileNamesTheMachine looks for what a build action sees of its machine. tools/reprotest looks for
// more, from outside.
func TestNoFileNamesTheMachine(t *testing.T) {
	forbidden := []string{"bazel-out", "execroot", "/sandbox/", "/home/", "/root/", "/tmp/", "/usr/", "/var/"}
	if host, err := os.Hostname(); err == nil && len(host) > 4 && host != "localhost" {
		forbidden = append(forbidden, host)
	}
	leaks, err := releasediff.Leaks(built("KMS_RELEASE"), forbidden)
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range leaks {
		if goRuntimeOwn(leak) {
			continue
		}
		t.Errorf("%s has %q at byte %d", leak.Path, leak.Text, leak.Offset)
	}
}

// goRuntimeOwn says whether a text is one that Go's own standard library has in every program.
func goRuntimeOwn(leak releasediff.Leak) bool {
	return strings.HasSuffix(leak.Path, ".wasm") && (leak.Text == "/usr/" || leak.Text == "/tmp/")
}

// Mistake M38 (docs/mistakes.md): the same code in two files.
func TestNoServedCodeIsInTwoFiles(t *testing.T) {
	m, err := release.Parse(file(t, release.ManifestPath))
	if err != nil {
		t.Fatal(err)
	}
	where := map[string]string{} // a long line of code → the script that has it
	for _, f := range m.Files {
		if f.Role != release.RoleScript && f.Role != release.RoleWorker {
			continue
		}
		for line := range strings.Lines(string(file(t, f.Path))) {
			if line = strings.TrimSpace(line); len(line) < 100 {
				continue
			}
			if other, ok := where[line]; ok && other != f.Path {
				t.Errorf("%s and %s both have: %s", other, f.Path, line[:100])
			}
			where[line] = f.Path
		}
	}
	if len(where) == 0 {
		t.Error("no script has a long line: the test compared nothing")
	}
}

// Mistakes M33 and M39 (docs/mistakes.md): addresses of other hosts, or its own, in what is served.
func TestServedCodeNamesNoHost(t *testing.T) {
	m, err := release.Parse(file(t, release.ManifestPath))
	if err != nil {
		t.Fatal(err)
	}
	host := regexp.MustCompile(`(https?:|wss?:)?//[a-z0-9-]+(\.[a-z0-9-]+)+`)
	for _, f := range m.Files {
		switch f.Role {
		case release.RoleDocument, release.RoleStyle, release.RoleScript, release.RoleWorker:
		default:
			continue
		}
		for _, found := range host.FindAllString(string(file(t, f.Path)), -1) {
			if found == "http://blog.plover.com" {
				continue // in a comment of zxcvbn-ts about an algorithm
			}
			if !strings.HasSuffix(found, "example") {
				t.Errorf("%s has %s", f.Path, found)
			}
		}
	}
}
