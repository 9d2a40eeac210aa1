// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package treetest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryMistakeIsShownWhereTheTableSays holds docs/mistakes.md to the tests: each file that a row names is
// there and names the row.
func TestEveryMistakeIsShownWhereTheTableSays(t *testing.T) {
	table, err := os.ReadFile(filepath.Join(root(t), "docs/mistakes.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| (M[0-9]{2}) \| [^|]+ \| ([^|]+) \|$`)
	path := regexp.MustCompile("`([^`]+)`")
	rows := row.FindAllStringSubmatch(string(table), -1)
	if lines := strings.Count(string(table), "\n| M"); len(rows) != lines || lines == 0 {
		t.Fatalf("%d rows, of which %d are of the form | Mnn | mistake | tests |", lines, len(rows))
	}
	for _, r := range rows {
		for _, file := range path.FindAllStringSubmatch(r[2], -1) {
			content, err := os.ReadFile(filepath.Join(root(t), file[1]))
			if err != nil {
				t.Errorf("%s: %v", r[1], err)
				continue
			}
			if !strings.Contains(string(content), r[1]) {
				t.Errorf("%s: %s does not name it", r[1], file[1])
			}
		}
	}
}
