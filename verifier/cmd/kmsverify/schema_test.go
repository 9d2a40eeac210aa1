// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ats.run/kms-enclave/verifier/verdict"
)

// schemas are those of the JSON that this program writes, by the value of
// "schema". For others members may be added; here none may be that the schema
// does not have.
var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	compiled := make(map[string]*jsonschema.Schema)
	for name, text := range map[string]string{verdict.Schema: verdict.ReportJSONSchema, verdict.BundleSchema: verdict.BundleJSONSchema} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return nil, err
		}
		closeObjects(document)
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("schema.json", document); err != nil {
			return nil, err
		}
		if compiled[name], err = compiler.Compile("schema.json"); err != nil {
			return nil, err
		}
	}
	return compiled, nil
})

// closeObjects forbids, in every schema of an object, members it does not name.
func closeObjects(node any) {
	switch node := node.(type) {
	case map[string]any:
		if node["type"] == "object" && node["properties"] != nil {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			closeObjects(child)
		}
	case []any:
		for _, child := range node {
			closeObjects(child)
		}
	}
}

// validateJSON refuses output that is JSON of one of our schemas, but not valid
// by it. Other output is none of its business.
func validateJSON(output string) error {
	if !strings.HasPrefix(output, "{") {
		return nil
	}
	compiled, err := schemas()
	if err != nil {
		return err
	}
	for decoder := json.NewDecoder(strings.NewReader(output)); ; {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var head struct{ Schema string }
		if err := json.Unmarshal(raw, &head); err != nil {
			return err
		}
		schema, ok := compiled[head.Schema]
		if !ok && head.Schema != trustSchema {
			return fmt.Errorf("JSON of schema %q", head.Schema)
		}
		if !ok {
			continue
		}
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
		if err != nil {
			return err
		}
		if err := schema.Validate(document); err != nil {
			return err
		}
	}
}

func TestSchemasRefuse(t *testing.T) {
	report := verdict.New("release", "x")
	report.Refute(verdict.Input, "x", "a", "b", "c")
	var b strings.Builder
	if err := report.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if err := validateJSON(b.String()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"unknown member":           {`"command"`, `"more": 1, "command"`},
		"exit code":                {`"exit": 1`, `"exit": 0`},
		"verdict":                  {`"verdict": "refuted"`, `"verdict": "verified"`},
		"step":                     {`"step": "input"`, `"step": "inputs"`},
		"refuted without expected": {`"expected": "a",`, ``},
		"signed without policy":    {`"command"`, `"signed": [], "command"`},
		"control character":        {`"subject": "x"`, `"subject": "\u001b"`},
	} {
		changed := strings.Replace(b.String(), change[0], change[1], 1)
		if changed == b.String() || validateJSON(changed) == nil {
			t.Errorf("%s: valid:\n%s", name, changed)
		}
	}
}

// The schema names every step.
func TestSchemasHaveEveryStep(t *testing.T) {
	for _, info := range verdict.Steps() {
		report := verdict.New("release", "x")
		report.Pass(info.Step, "x")
		var b strings.Builder
		if err := report.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		if err := validateJSON(b.String()); err != nil {
			t.Error(info.Step, err)
		}
		line := verdict.BundleLine{Bundle: "x", Step: info.Step, Expected: "a", Found: "b", Advice: "c"}
		if err := validateJSON(string(line.JSON())); err != nil {
			t.Error(info.Step, err)
		}
	}
}
