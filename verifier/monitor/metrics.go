// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"fmt"
	"strings"

	"ats.run/kms-enclave/verifier/verdict"
)

// WriteMetrics replaces the file at path with the state and the conclusion of
// a look, in Prometheus' text format: for the textfile collector of its node
// exporter, which wants files that appear at once.
func WriteMetrics(path string, state *State, conclusion verdict.Conclusion) error {
	return replace(system{}, path, []byte(metrics(state, conclusion)))
}

func metrics(s *State, conclusion verdict.Conclusion) string {
	var b strings.Builder
	one := func(name, kind, help string, value int64) {
		fmt.Fprintf(&b, "# HELP kms_enclave_monitor_%s %s\n# TYPE kms_enclave_monitor_%s %s\n", name, help, name, kind)
		label := ""
		if s != nil {
			label = "{log=" + quoted(s.Log) + "}"
		}
		fmt.Fprintf(&b, "kms_enclave_monitor_%s%s %d\n", name, label, value)
	}
	one("exit_code", "gauge", "Exit code of the last look: 0 fine, 1 alarm, 2 could not look.", int64(conclusion.ExitCode()))
	if s == nil {
		return b.String()
	}
	one("tree_size", "gauge", "Entries in the log at the newest verified checkpoint.", s.head().Tree.N)
	one("entries_seen_total", "counter", "Entries looked at.", s.Next-s.First)
	one("publisher_entries_total", "counter", "Entries of the policy's publishers and update keys.", s.Publishers)
	one("rebuilder_entries_total", "counter", "Entries of the policy's rebuilders.", s.Rebuilders)
	one("claimed_entries_total", "counter", "Entries that name a signer in a certificate that the trust root does not cover.", s.Claimed)
	one("last_success_timestamp_seconds", "gauge", "When all entries had been looked at; 0 if never.", s.Succeeded)
	b.WriteString("# HELP kms_enclave_monitor_alarms Alarms that nobody has acknowledged.\n# TYPE kms_enclave_monitor_alarms gauge\n")
	open := make(map[string]int)
	for _, a := range s.Open() {
		open[a.Kind]++
	}
	for _, kind := range Kinds() {
		fmt.Fprintf(&b, "kms_enclave_monitor_alarms{log=%s,kind=\"%s\"} %d\n", quoted(s.Log), kind, open[kind])
	}
	return b.String()
}

// quoted returns a label's value in quotes.
func quoted(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}
