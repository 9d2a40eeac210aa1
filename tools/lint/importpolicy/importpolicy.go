// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package importpolicy is a nogo analyzer that holds the direction of imports: its tables say which of our
// packages may import which, and what some of them never import, each with the reason.
package importpolicy

import (
	"go/ast"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// Analyzer reports imports that the tables forbid, and uses of time.Now where time must be handed in.
var Analyzer = &analysis.Analyzer{
	Name: "importpolicy",
	Doc:  "imports run one way (ARCHITECTURE.md)",
	Run:  run,
}

func run(pass *analysis.Pass) (any, error) {
	path := strings.TrimSuffix(strings.TrimSuffix(pass.Pkg.Path(), "_test"), ".test")
	rel, ours := strings.CutPrefix(path, own)
	if !ours {
		return nil, nil
	}
	for _, file := range pass.Files {
		name := pass.Fset.Position(file.Package).Filename
		if strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") || ast.IsGenerated(file) {
			continue
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue
			}
			if reason := refusal(rel, imported); reason != "" {
				pass.Reportf(spec.Pos(), "%s must not import %s: %s", rel, imported, reason)
			}
		}
		checkClock(pass, rel, file)
	}
	return nil, nil
}

// refusal returns why the package rel (below own) must not import a path, or "".
func refusal(rel, imported string) string {
	for _, b := range bans {
		if under(rel, b.where) && !under(rel, b.except) && under(imported, b.imports) {
			return b.why
		}
	}
	target, ours := strings.CutPrefix(imported, own)
	if !ours {
		return ""
	}
	for _, l := range layers {
		if !under(rel, []string{l.prefix}) {
			continue
		}
		if target == rel || under(target, l.may) {
			return ""
		}
		return l.why
	}
	return "tools/lint/importpolicy/policy.go has no layer for this package; add one"
}

// under says whether path is one of the prefixes or lies below one.
func under(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

// checkClock reports time.Now in what is linked into the enclave: its clock is an interface of the vault.
func checkClock(pass *analysis.Pass, rel string, file *ast.File) {
	if !under(rel, inWASM) || under(rel, natively) {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" && sel.Sel.Name == "Now" {
			pass.Reportf(sel.Pos(), "%s must not call time.Now: time is handed in, so that tests decide it", rel)
		}
		return true
	})
}
