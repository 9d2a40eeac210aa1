// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/monitor"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

var logRules = []rule{
	{pattern: `log checkpoint\(note\) ((signature|cosignature): doubled|cosignature: swapped with the one before)`, reason: "signatures of a note have no order, and twice is once"},
	{pattern: `log tile tile/0/000: bytes appended`, steps: []verdict.Step{unavailable}},
	{pattern: `log (tile|entries) \S+: bytes appended`, reason: "a tile may hold more than was asked for: it may have grown"},

	{pattern: `log checkpoint\(note\) cosignature: .*`, steps: []verdict.Step{verdict.Witness, verdict.Checkpoint}},
	{pattern: `log checkpoint.*`, steps: []verdict.Step{verdict.Checkpoint, verdict.TrustRoot}},
	{pattern: `log \S+ \S+: (not there|cut|emptied)`, steps: []verdict.Step{unavailable, verdict.LogEntry, verdict.Consistency}},
	{pattern: `log tile .*`, steps: []verdict.Step{verdict.Consistency, verdict.LogEntry}},
	{pattern: `log entries .*`, steps: []verdict.Step{verdict.LogEntry}},

	{pattern: `log that changed : (rolled back|a fork.*)`, steps: []verdict.Step{verdict.Consistency}},
	{pattern: `log that changed : .*`, steps: []verdict.Step{verdict.LogEntry}},
}

// logSource serves the log of a stack, altered.
type logSource struct {
	handler http.Handler
	alter   func(path string, data []byte) []byte // nil data: not there
}

func (s logSource) Read(_ context.Context, path string, limit int64) ([]byte, error) {
	recorder := httptest.NewRecorder()
	s.handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/"+path, nil))
	if recorder.Code != http.StatusOK {
		return nil, &monitor.ReadError{Path: path, Reason: "status 404", Absent: true}
	}
	data := recorder.Body.Bytes()
	if s.alter != nil {
		data = s.alter(path, data)
	}
	if data == nil || int64(len(data)) > limit {
		return nil, &monitor.ReadError{Path: path, Reason: "status 404", Absent: true}
	}
	return data, nil
}

// watcher looks at the log of a world.
type watcher struct {
	t      *testing.T
	world  *evidencetest.World
	config monitor.Config
}

func newWatcher(t *testing.T) *watcher {
	t.Helper()
	w := newWorld(t, "ann")
	var bodies [][]byte
	for range 300 { // more than one tile of the lowest level
		bodies = append(bodies, w.Stack.Entry(4))
	}
	w.Stack.Append(bodies...)
	root, err := trust.Parse("trusted_root.json", w.Root)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte(w.Files.Clone())
	maps.Copy(files, w.Bundles)
	w.Policy["rebuilders"].(map[string]any)["threshold"] = 1
	return &watcher{t, w, monitor.Config{
		Policy: w.Parsed(), Trust: root, Now: w.Now,
		Known: []monitor.Release{{Name: "known", Set: artifact.NewSet(files)}},
	}}
}

// look looks for the first time at the log of a stack, as altered.
func (w *watcher) look(state string, stack *sigtest.Stack, alter func(string, []byte) []byte) *verdict.Report {
	config := w.config
	config.State = state
	config.Source = logSource{stack.Log(), alter}
	report := verdict.New("log", "log", monitor.Required(config.Policy)...)
	monitor.Run(w.t.Context(), report, config)
	return report
}

// again looks once, and then again at another stack.
func (w *watcher) again(state string, before, after *sigtest.Stack, alter func(string, []byte) []byte) *verdict.Report {
	if first := w.look(state, before, nil); first.Conclude() != verdict.ConcludeVerified {
		w.t.Error(text(first))
	}
	config := w.config
	config.State, config.Begin = state, monitor.Continue
	config.Source, config.Now = logSource{after.Log(), alter}, config.Now.Add(time.Hour)
	report := verdict.New("log", "log", monitor.Required(config.Policy)...)
	monitor.Run(w.t.Context(), report, config)
	return report
}

func TestEveryAlteredLogIsRefused(t *testing.T) {
	w := newWatcher(t)
	folder := t.TempDir()
	read := make(map[string][]byte)
	baseline := w.look(filepath.Join(folder, "baseline"), w.world.Stack, func(path string, data []byte) []byte {
		read[path] = slices.Clone(data)
		return data
	})
	tb := newTable(t, baseline, logRules)
	var all []mutation
	add := func(document, path, what, file string, data []byte) {
		state := filepath.Join(folder, fmt.Sprint(len(all)))
		all = append(all, mutation{document, path, what, "", func(*parsed) *verdict.Report {
			return w.look(state, w.world.Stack, func(path string, original []byte) []byte {
				if path == file {
					return data
				}
				return original
			})
		}})
	}
	for _, path := range slices.Sorted(maps.Keys(read)) {
		data := read[path]
		if path == "checkpoint" {
			walkLines(string(data), "checkpoint", noteLine, func(path, what, text string) { add("log", path, what, "checkpoint", []byte(text)) })
			continue
		}
		document := "log tile"
		if filepath.Dir(path) == "tile/entries" || filepath.Dir(filepath.Dir(path)) == "tile/entries" {
			document = "log entries"
			walkEntries(t, data, func(what string, altered []byte) { add(document, path, what, path, altered) })
		}
		add(document, path, "not there", path, nil)
		add(document, path, "emptied", path, []byte{})
		add(document, path, "cut", path, data[:len(data)-1])
		add(document, path, "bytes appended", path, append(slices.Clone(data), data[:min(64, len(data))]...))
		for at := 0; document == "log tile" && at < len(data); at += 1 + len(data)/12 {
			flipped := slices.Clone(data)
			flipped[at] ^= 1
			add(document, path, fmt.Sprintf("byte %d flipped", at), path, flipped)
		}
	}
	all = append(all, w.changes(folder)...)
	tb.run(all)
	tb.print()
}

// walkEntries alters an entry bundle: lengths, bytes and order of some entries.
func walkEntries(t *testing.T, data []byte, visit func(what string, altered []byte)) {
	t.Helper()
	var starts []int
	for at := 0; at < len(data); at += 2 + int(binary.BigEndian.Uint16(data[at:])) {
		starts = append(starts, at)
	}
	starts = append(starts, len(data))
	for _, i := range []int{0, 1, 4, 5, len(starts) / 2, len(starts) - 2} {
		from, to := starts[i], starts[i+1]
		for _, at := range []int{from, from + 1, from + 2, (from + to) / 2, to - 1} {
			flipped := slices.Clone(data)
			flipped[at] ^= 1
			visit(fmt.Sprintf("entry %d, byte %d flipped", i, at-from), flipped)
		}
		visit(fmt.Sprintf("entry %d left out", i), slices.Concat(data[:from], data[to:]))
		if i < 4 && len(starts) > 200 { // where they differ
			visit(fmt.Sprintf("entry %d swapped with the next", i), slices.Concat(data[:from], data[to:starts[i+2]], data[from:to], data[starts[i+2]:]))
		}
	}
}

// changes are what a log, or who writes to it, may do between two looks.
func (w *watcher) changes(folder string) []mutation {
	stack, world := w.world.Stack, w.world
	older, newer := stack.Fork(), stack.Fork()
	newer.SignMessage(stranger, []byte("newer"))
	sign := func(change func(*sigtest.Stack)) *sigtest.Stack {
		fork := older.Fork()
		change(fork)
		return fork
	}
	var all []mutation
	add := func(what string, before, after *sigtest.Stack) {
		state := filepath.Join(folder, "again "+fmt.Sprint(len(all)))
		all = append(all, mutation{"log that changed", "", what, "", func(*parsed) *verdict.Report { return w.again(state, before, after, nil) }})
	}
	add("rolled back", newer, older)
	add("a fork of the same size", newer, sign(func(s *sigtest.Stack) { s.SignMessage(stranger, []byte("other")) }))
	add("a fork that is longer", newer, sign(func(s *sigtest.Stack) {
		s.SignMessage(stranger, []byte("other"))
		s.SignMessage(stranger, []byte("more"))
	}))
	add("a release that nobody knows", older, sign(func(s *sigtest.Stack) { s.SignMessage(world.Publisher, []byte("unknown")) }))
	add("a statement that nobody knows", older, sign(func(s *sigtest.Stack) { s.SignStatement(world.Publisher, []byte("{}")) }))
	add("an entry that nobody can read", older, sign(func(s *sigtest.Stack) { s.Append([]byte("entry")) }))
	add("an entry that is empty", older, sign(func(s *sigtest.Stack) { s.Append([]byte{}) }))
	return all
}
