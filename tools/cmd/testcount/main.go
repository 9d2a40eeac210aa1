// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command testcount counts the cases of a bazel test run: those inside each target, from the test.xml files
// that the build event file names.
//
//	testcount BUILD_EVENTS.json
//
// The last line is "N passed, N failed", with ", N skipped" where any were. A test target that gave no
// cases counts as one.
package main

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"os"
	"sort"
)

// event is what is used of a line of the build event file.
type event struct {
	ID struct {
		TestResult struct {
			Label   string `json:"label"`
			Shard   int    `json:"shard"`
			Attempt int    `json:"attempt"`
			Run     int    `json:"run"`
		} `json:"testResult"`
		TestSummary struct {
			Label string `json:"label"`
		} `json:"testSummary"`
	} `json:"id"`
	TestResult *struct {
		Status string `json:"status"`
		Output []struct {
			Name string `json:"name"`
			URI  string `json:"uri"`
		} `json:"testActionOutput"`
	} `json:"testResult"`
	TestSummary *struct {
		OverallStatus string `json:"overallStatus"`
	} `json:"testSummary"`
}

// count is the outcome of one target or of all.
type count struct{ passed, failed, skipped int }

func (c *count) add(d count) {
	c.passed += d.passed
	c.failed += d.failed
	c.skipped += d.skipped
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: testcount BUILD_EVENTS.json")
		os.Exit(64)
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(2)
	}
	defer file.Close()
	targets, err := read(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(2)
	}
	report(targets)
}

// read returns the count of each test target by label.
func read(r io.Reader) (map[string]count, error) {
	targets := map[string]count{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if jsonErr := json.Unmarshal(line, &e); jsonErr != nil {
				return nil, fmt.Errorf("reading the build events: %w", jsonErr)
			}
			record(targets, e)
		}
		if err == io.EOF {
			return targets, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func record(targets map[string]count, e event) {
	if e.TestResult != nil {
		label := e.ID.TestResult.Label
		c := targets[label]
		c.add(ofResult(e))
		targets[label] = c
	}
	// A target that did not build or start has a summary and no result.
	if e.TestSummary != nil {
		label := e.ID.TestSummary.Label
		if _, seen := targets[label]; !seen {
			targets[label] = count{failed: 1}
		}
	}
}

func ofResult(e event) count {
	ok := e.TestResult.Status == "PASSED" || e.TestResult.Status == "FLAKY"
	var c count
	for _, output := range e.TestResult.Output {
		u, err := url.Parse(output.URI)
		if output.Name != "test.xml" || err != nil {
			continue
		}
		file, err := os.Open(u.Path)
		if err != nil {
			continue
		}
		c = ofXML(file)
		file.Close()
	}
	// The target's own status decides: cases that ran before a crash do not hide it.
	if ok && c.passed+c.skipped == 0 {
		c.passed = 1
	}
	if !ok && c.failed == 0 {
		c.failed = 1
	}
	return c
}

// ofXML counts the testcase elements of a JUnit file, at whatever depth they stand.
func ofXML(r io.Reader) count {
	var c count
	decoder := xml.NewDecoder(r)
	for {
		token, err := decoder.Token()
		if err != nil {
			return c
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "testcase" {
			continue
		}
		var body struct {
			Failures []struct{} `xml:"failure"`
			Errors   []struct{} `xml:"error"`
			Skipped  []struct{} `xml:"skipped"`
		}
		if err := decoder.DecodeElement(&body, &start); err != nil {
			return c
		}
		switch {
		case len(body.Failures)+len(body.Errors) > 0:
			c.failed++
		case len(body.Skipped) > 0:
			c.skipped++
		default:
			c.passed++
		}
	}
}

func report(targets map[string]count) {
	labels := make([]string, 0, len(targets))
	for label := range targets {
		labels = append(labels, label)
	}
	sort.Strings(labels)
	var total count
	for _, label := range labels {
		c := targets[label]
		total.add(c)
		fmt.Printf("%5d passed %3d failed  %s\n", c.passed, c.failed, label)
	}
	fmt.Printf("%d passed, %d failed", total.passed, total.failed)
	if total.skipped > 0 {
		fmt.Printf(", %d skipped", total.skipped)
	}
	fmt.Println()
}
