// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
)

func expectTyped(t *testing.T, what string, err error) {
	t.Helper()
	var syntax *wire.SyntaxError
	var field *wire.FieldError
	var format *release.FormatError
	if !errors.As(err, &syntax) && !errors.As(err, &field) && !errors.As(err, &format) {
		t.Errorf("%s: error = %v, want a typed one", what, err)
	}
}

func TestEveryTruncatedManifestIsRefused(t *testing.T) {
	m, _ := minimal()
	data := marshal(t, m)
	for n := range len(data) {
		if _, err := release.Parse(data[:n]); err == nil {
			t.Fatalf("accepted the first %d of %d bytes", n, len(data))
		}
		if _, err := release.Parse(data[n+1:]); err == nil {
			t.Fatalf("accepted without the first %d bytes", n+1)
		}
	}
	for _, more := range []string{"\n", " ", "{}", "\x00"} {
		if _, err := release.Parse([]byte(string(data) + more)); err == nil {
			t.Errorf("accepted with %q after it", more)
		}
	}
}

// A changed byte is refused, or gives another manifest, which has another
// release digest; never the same one.
func TestEverySingleByteChangeIsNoticed(t *testing.T) {
	m, files := minimal()
	data := marshal(t, m)
	digest := release.Digest(data)
	for i := range data {
		for _, c := range []byte{data[i] ^ 1, data[i] ^ 0x20, '"', '0', ' ', 0, 0xff} {
			if c == data[i] {
				continue
			}
			changed := append([]byte(nil), data...)
			changed[i] = c
			parsed, err := release.Parse(changed)
			if err != nil {
				expectTyped(t, "byte changed", err)
				continue
			}
			if again := marshal(t, parsed); string(again) != string(changed) || release.Digest(again) == digest {
				t.Fatalf("byte %d changed from %q to %q is not seen", i, data[i], c)
			}
			noticeFiles(t, m, parsed, files)
		}
	}
}

// noticeFiles fails if a changed list of files still fits the files.
func noticeFiles(t *testing.T, m, changed *release.Manifest, files map[string][]byte) {
	t.Helper()
	for i, f := range changed.Files {
		if f == m.Files[i] {
			continue
		}
		content, ok := files[f.Path]
		if ok && f.Check(content) == nil && f.Role == m.Files[i].Role {
			t.Fatalf("%+v fits like %+v", f, m.Files[i])
		}
	}
}

func TestShapesThatAreRefused(t *testing.T) {
	m, _ := minimal()
	good := string(marshal(t, m))
	for name, change := range map[string][2]string{
		"later format":          {"kms-enclave-release/1", "kms-enclave-release/3"},
		"second format":         {"kms-enclave-release/1", "kms-enclave-release/2"},
		"other format":          {"kms-enclave-release/1", "kms-enclave-deployment/1"},
		"unknown field":         {`"format":`, `"extra":1,"format":`},
		"unknown field inside":  {`"commit":`, `"branch":"main","commit":`},
		"unknown field in file": {`"integrity":`, `"extra":1,"integrity":`},
		"unknown in header":     {`"name":"cache-control",`, `"name":"cache-control","other":1,`},
		"unknown in rule":       {`],"paths":`, `],"other":1,"paths":`},
		"field missing":         {`"protocol":1,`, ``},
		"protocol text":         {`"protocol":1`, `"protocol":"1"`},
		"protocol beyond int32": {`"protocol":1`, `"protocol":4294967297`},
		"file is text":          {`"files":[`, `"files":["index.html",`},
		"rule is text":          {`"headers":[{"headers"`, `"headers":["a",{"headers"`},
		"source is text":        {`"source":{`, `"source":"","x":{`},
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		if changed == good {
			t.Fatalf("%s: nothing changed", name)
		}
		_, err := release.Parse([]byte(changed))
		expectTyped(t, name, err)
	}
}

func TestListsOutOfOrderAreRefused(t *testing.T) {
	m, _ := minimal()
	v, err := wire.Parse(marshal(t, m))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"files", "headers"} {
		var members []wire.Member
		all, _ := v.Members()
		for _, member := range all {
			if member.Name == list {
				elements, _ := member.Value.Elements()
				elements[0], elements[1] = elements[1], elements[0]
				member.Value = wire.Array(elements...)
			}
			members = append(members, member)
		}
		if _, err := release.Parse(wire.Object(members...).Append(nil)); err == nil {
			t.Errorf("%s in another order are accepted", list)
		}
	}
}

func FuzzParse(f *testing.F) {
	m, _ := minimal()
	f.Add(marshal(f, m))
	later, _ := second(f)
	f.Add(marshal(f, later))
	if data, err := os.ReadFile(vectorPath("minimal.release.json")); err == nil {
		f.Add(data[:len(data)/2])
	}
	f.Add([]byte(`{"entry":"","files":[],"format":"kms-enclave-release/1","headers":[],"protocol":1,"source":{"commit":"unreleased","repository":"https://a"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := release.Parse(data)
		if err != nil {
			expectTyped(t, "fuzz", err)
			return
		}
		if again := marshal(t, m); string(again) != string(data) {
			t.Errorf("%s is written as %s", data, again)
		}
	})
}

func FuzzParseDeployment(f *testing.F) {
	for _, v := range deploymentVectors(f) {
		f.Add([]byte(v.Text("input")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := release.ParseDeployment(data)
		if err != nil {
			expectTyped(t, "fuzz", err)
			return
		}
		canonical, err := d.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := release.ParseDeployment(canonical)
		if err != nil || strings.Join(again.Embedders, " ") != strings.Join(d.Embedders, " ") {
			t.Errorf("%s is read back as %v, %v", canonical, again, err)
		}
	})
}

func FuzzParseChecksums(f *testing.F) {
	f.Add([]byte(strings.Repeat("0a", 32) + "  index.html\n"))
	f.Add([]byte(strings.Repeat("0a", 32) + "  a\n" + strings.Repeat("0b", 32) + "  b\n"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sums, err := release.ParseChecksums(data)
		if err == nil && string(release.MarshalChecksums(sums)) != string(data) {
			t.Errorf("%q is written in another way", data)
		}
	})
}
