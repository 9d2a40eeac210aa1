// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCountsCasesInsideTargets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	mixed := write("mixed.xml", `<testsuites><testsuite><testcase name="a"/><testcase name="b"><failure>no</failure></testcase>
		<testsuite><testcase name="c"><skipped/></testcase></testsuite></testsuite></testsuites>`)
	broken := write("broken.xml", "<testsuites><testcase name='a'/>")
	result := func(label, status, uri string) string {
		return `{"id":{"testResult":{"label":"` + label + `"}},"testResult":{"status":"` + status +
			`","testActionOutput":[{"name":"test.xml","uri":"` + uri + `"}]}}`
	}
	events := strings.Join([]string{
		`{"id":{"started":{}},"started":{}}`,
		result("//a", "FAILED", mixed),
		result("//b", "PASSED", "file:///nowhere"),
		result("//c", "TIMEOUT", broken),
		`{"id":{"testSummary":{"label":"//d"}},"testSummary":{"overallStatus":"FAILED_TO_BUILD"}}`,
		`{"id":{"testSummary":{"label":"//a"}},"testSummary":{"overallStatus":"FAILED"}}`,
	}, "\n")
	got, err := read(strings.NewReader(events))
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]count{
		"//a": {passed: 1, failed: 1, skipped: 1},
		"//b": {passed: 1},
		"//c": {passed: 1, failed: 1},
		"//d": {failed: 1},
	} {
		if got[label] != want {
			t.Errorf("%s: %+v, want %+v", label, got[label], want)
		}
	}
}
