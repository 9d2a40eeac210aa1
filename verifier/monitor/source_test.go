// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/verdict"
)

// keep copies files of a log into a folder.
func (w *world) keep(folder string, paths ...string) {
	w.t.Helper()
	for _, path := range paths {
		data, err := w.config.Source.Read(w.t.Context(), path, maxBundle)
		if err != nil {
			w.t.Fatal(err)
		}
		to := filepath.Join(folder, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestLogInAFolderIsReadEvenWithoutItsPartialTiles(t *testing.T) {
	w := newWorld(t)
	w.fill(300)
	folder := t.TempDir()
	w.keep(folder, "checkpoint") // of size 300, which needs tile/0/001.p/44
	w.fill(212)
	w.keep(folder, "tile/0/000", "tile/0/001", "tile/entries/000", "tile/entries/001", "tile/1/000.p/1")
	w.config.Source = Folder(folder)
	report, state := w.look()
	wantFine(t, report)
	if state.Next != 300 {
		t.Errorf("state %+v", state)
	}
	if err := os.Remove(filepath.Join(folder, "tile", "entries", "001")); err != nil {
		t.Fatal(err)
	}
	w.config.State, w.config.Begin = filepath.Join(t.TempDir(), "state"), 0
	report, _ = w.look()
	wantCheck(t, report, verdict.Fetch, verdict.Unavailable, `^tile/entries/001\.p/44: no such file`)
}

func TestLogOverHTTPMayFailInManyWays(t *testing.T) {
	for _, c := range []struct {
		name    string
		answer  http.HandlerFunc
		pattern string
	}{
		{"too many requests", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, "status 429"},
		{"nothing there", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "status 404"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
		}, "status 301"},
		{"too much", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxCheckpoint+1)) }, "more than 65536 bytes"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("x"))
		}, "the answer ended too early"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			server := httptest.NewServer(c.answer)
			t.Cleanup(server.Close)
			transport := site.NewTransport()
			t.Cleanup(transport.CloseIdleConnections)
			w.config.Source = HTTP(server.URL, transport)
			report, _ := w.look()
			wantCheck(t, report, verdict.Fetch, verdict.Unavailable, "^checkpoint: "+c.pattern)
		})
	}
	w := newWorld(t)
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	w.config.Source = HTTP(server.URL, site.NewTransport())
	report, _ := w.look()
	wantCheck(t, report, verdict.Fetch, verdict.Unavailable, "^checkpoint: .*refused")
}

func TestPageInThePlaceOfACheckpointIsRefuted(t *testing.T) {
	w := newWorld(t)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "checkpoint"), []byte("<!doctype html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.config.Source = Folder(folder)
	report, _ := w.look()
	wantCheck(t, report, verdict.Checkpoint, verdict.Refuted, "something else")
}

func TestTilePathsAreThoseOfC2SP(t *testing.T) {
	for _, c := range []struct {
		n     int64
		width int
		want  string
	}{
		{0, 256, "tile/0/000"},
		{0, 1, "tile/0/000.p/1"},
		{273, 255, "tile/0/273.p/255"},
		{1234067, 256, "tile/0/x001/x234/067"},
		{1000, 7, "tile/0/x001/000.p/7"},
	} {
		if got := tilePath("0", c.n, c.width); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestMetricsAreInPrometheusForm(t *testing.T) {
	w := newWorld(t)
	w.fill(2)
	w.stack.SignMessage(acme, []byte("x"))
	report, state := w.look()
	path := filepath.Join(t.TempDir(), "kms.prom")
	if err := WriteMetrics(path, state, report.Conclude()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`kms_enclave_monitor_exit_code{log="LOG"} 1`,
		`kms_enclave_monitor_tree_size{log="LOG"} 3`,
		`kms_enclave_monitor_entries_seen_total{log="LOG"} 3`,
		`kms_enclave_monitor_publisher_entries_total{log="LOG"} 1`,
		`kms_enclave_monitor_alarms{log="LOG",kind="unknown-release"} 1`,
		`kms_enclave_monitor_alarms{log="LOG",kind="fork"} 0`,
	} {
		if line = strings.Replace(line, "LOG", w.stack.LogOrigin(), 1) + "\n"; !strings.Contains(string(data), line) {
			t.Errorf("no line %sin\n%s", line, data)
		}
	}
	if got := metrics(nil, verdict.ConcludeUnchecked); !strings.HasSuffix(got, "\nkms_enclave_monitor_exit_code 2\n") {
		t.Error(got)
	}
	if got := quoted("a\\\"\nb"); got != `"a\\\"\nb"` {
		t.Error(got)
	}
}

func TestAlarmsAreKeptWithinBounds(t *testing.T) {
	s := &State{}
	for i := range int64(3 * maxAlarms) {
		s.raise(Alarm{Kind: UnknownRelease, Entry: i})
	}
	if len(s.Alarms) != maxAlarms || s.Alarms[maxAlarms-1].Count != 2*maxAlarms+1 {
		t.Errorf("%d alarms, the last for %d", len(s.Alarms), s.Alarms[len(s.Alarms)-1].Count)
	}
	s.raise(Alarm{Kind: Fork, Entry: 1})
	if last := s.Alarms[len(s.Alarms)-1]; last.Kind != Fork {
		t.Error("a fork was lost among the others")
	}
	for number := range s.Numbered {
		s.acknowledge(number + 1)
	}
	if len(s.Alarms) != maxAcknowledged || len(s.Open()) != 0 {
		t.Errorf("%d alarms", len(s.Alarms))
	}
}
