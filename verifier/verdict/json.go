// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"encoding/json"
	"io"
)

// Schema is the value of "schema" in the JSON form.
const Schema = "kmsverify-verdict/1"

type jsonReport struct {
	Schema  string       `json:"schema"`
	Command string       `json:"command"`
	Target  string       `json:"target"`
	Verdict Conclusion   `json:"verdict"`
	Exit    int          `json:"exit"`
	Release string       `json:"release,omitempty"`
	Source  *jsonSource  `json:"source,omitempty"`
	Log     *jsonLog     `json:"log,omitempty"`
	Policy  *jsonPolicy  `json:"policy,omitempty"`
	Signed  []jsonSigned `json:"signed,omitempty"`
	Counts  jsonCounts   `json:"counts"`
	Checks  []jsonCheck  `json:"checks"`
}

type jsonSource struct {
	Repository string `json:"repository"`
	Commit     string `json:"commit"`
}

type jsonLog struct {
	Origin    string `json:"origin"`
	Key       string `json:"key"`
	First     int64  `json:"first"`
	Size      int64  `json:"size"`
	Entries   int64  `json:"entries"`
	Pruned    int64  `json:"pruned"`
	Delegated int64  `json:"delegated"`
	Root      string `json:"root,omitempty"`
	From      string `json:"from,omitempty"`
	To        string `json:"to,omitempty"`
}

type jsonPolicy struct {
	Name      string `json:"name"`
	TrustRoot string `json:"trustRoot"`
}

type jsonSigned struct {
	What      string   `json:"what"`
	Role      string   `json:"role"`
	Party     string   `json:"party"`
	Identity  string   `json:"identity"`
	Time      string   `json:"time"`
	Log       string   `json:"log"`
	Index     int64    `json:"index"`
	Witnesses []string `json:"witnesses"`
	Result    string   `json:"result,omitempty"`
}

type jsonCounts struct {
	OK          int `json:"ok"`
	Refuted     int `json:"refuted"`
	Unavailable int `json:"unavailable"`
	Unchecked   int `json:"unchecked"`
}

type jsonCheck struct {
	Step     Step   `json:"step"`
	Subject  string `json:"subject"`
	Result   Result `json:"result"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Advice   string `json:"advice,omitempty"`
}

// WriteJSON writes the report in the form that the package comment specifies,
// and a newline.
func (r *Report) WriteJSON(w io.Writer) error {
	conclusion := r.Conclude()
	out := jsonReport{
		Schema: Schema, Command: r.command, Target: r.target,
		Verdict: conclusion, Exit: conclusion.ExitCode(), Release: r.release,
		Counts: jsonCounts{
			r.Count(OK), r.Count(Refuted), r.Count(Unavailable), r.Count(Unchecked),
		},
		Checks: make([]jsonCheck, 0, len(r.checks)),
	}
	if r.release != "" {
		out.Source = &jsonSource{r.source.Repository, r.source.Commit}
	}
	if r.log != nil {
		log := jsonLog(*r.log)
		out.Log = &log
	}
	if r.policy != nil {
		policy := jsonPolicy(*r.policy)
		out.Policy = &policy
	}
	for _, signed := range r.signed {
		out.Signed = append(out.Signed, jsonSigned(signed))
	}
	for _, c := range r.checks {
		out.Checks = append(out.Checks, jsonCheck(c))
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}
