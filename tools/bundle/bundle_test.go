// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write lays files out in a new folder and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestOutputDoesNotTellWhereTheSourcesLie(t *testing.T) {
	folder := write(t, map[string]string{
		"app/main.ts": "import { x } from \"../lib/x.ts\";\nconsole.log(x);\n",
		"lib/x.ts":    "export const x: number = 1;\n",
	})
	code, err := Bundle(Config{Entry: filepath.Join(folder, "app/main.ts"), Module: true})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(code), filepath.Base(folder)) {
		t.Errorf("the output has the folder's name:\n%s", code)
	}
}

func TestAModuleIsBundledOnceHoweverItIsReached(t *testing.T) {
	folder := write(t, map[string]string{
		"app/main.ts":  "import { once } from \"./state.ts\";\nimport { other } from \"../lib/other.ts\";\nconsole.log(once, other);\n",
		"app/state.ts": "export const once = [];\n",
		"lib/other.ts": "import { once } from \"../app/state.ts\";\nexport const other = once;\n",
	})
	code, err := Bundle(Config{Entry: filepath.Join(folder, "app/main.ts"), Module: true})
	if err != nil {
		t.Fatal(err)
	}
	if count := strings.Count(string(code), "= []"); count != 1 {
		t.Errorf("state.ts is in the output %d times:\n%s", count, code)
	}
}

func TestOnlyDeclaredModulesAreResolved(t *testing.T) {
	folder := write(t, map[string]string{
		"main.ts":                    "import \"left-pad\";\n",
		"node_modules/left-pad/a.js": "",
		"node.ts":                    "import { readFileSync } from \"node:fs\";\nreadFileSync(\"x\");\n",
	})
	main := Config{Entry: filepath.Join(folder, "main.ts")}
	if _, err := Bundle(main); err == nil || !strings.Contains(err.Error(), "left-pad") {
		t.Errorf("Bundle = %v, want an error that names left-pad", err)
	}
	main.Alias = map[string]string{"left-pad": filepath.Join(folder, "node_modules/left-pad/a.js")}
	if _, err := Bundle(main); err != nil {
		t.Errorf("Bundle with the alias: %v", err)
	}
	node := Config{Entry: filepath.Join(folder, "node.ts"), Module: true}
	if _, err := Bundle(node); err == nil {
		t.Error("a browser's bundle may import node:fs")
	}
	node.Node = true
	if code, err := Bundle(node); err != nil || !strings.Contains(string(code), "\"node:fs\"") {
		t.Errorf("Bundle for node = %q, %v, want an import of node:fs", code, err)
	}
}

func TestConstantsAreTextAndCannotBecomeCode(t *testing.T) {
	folder := write(t, map[string]string{"main.ts": "declare const NAME: string;\nconsole.log(NAME);\n"})
	code, err := Bundle(Config{
		Entry: filepath.Join(folder, "main.ts"), Module: true, Constants: map[string]string{"NAME": "\"); alert(\""},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "console.log('\"); alert(\"');\n"; !strings.HasSuffix(string(code), want) {
		t.Errorf("the output ends not with %q:\n%s", want, code)
	}
}

func TestEveryEntryIsRun(t *testing.T) {
	folder := write(t, map[string]string{"a.ts": "console.log(\"first\");\n", "b.ts": "console.log(\"second\");\n"})
	code, err := Bundle(Config{Entry: filepath.Join(folder, "a.ts"), Also: []string{filepath.Join(folder, "b.ts")}})
	if err != nil {
		t.Fatal(err)
	}
	if first, second := strings.Index(string(code), "first"), strings.Index(string(code), "second"); first < 0 || second < first {
		t.Errorf("the entries do not both run in order:\n%s", code)
	}
}
