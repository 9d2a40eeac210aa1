// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package label

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestNoLabelIsTheBeginningOfAnother(t *testing.T) {
	all := All()
	for i, a := range all {
		for j, b := range all {
			if i != j && strings.HasPrefix(b, a) {
				t.Errorf("label %q is the beginning of %q", a, b)
			}
		}
	}
}

func TestLabelsNameAFormatWithItsVersion(t *testing.T) {
	shape := regexp.MustCompile(`^kms-enclave-[a-z]+(-[a-z]+)*/[1-9][0-9]*$`)
	for _, l := range All() {
		if !shape.MatchString(l) {
			t.Errorf("label %q does not match %v", l, shape)
		}
	}
}

func TestAllListsEveryConstant(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "label.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				declared = append(declared, text)
			}
		}
		return true
	})
	if got, want := strings.Join(All(), " "), strings.Join(declared, " "); got != want {
		t.Errorf("All() = %s, constants are %s", got, want)
	}
}
