// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ats.run/kms-enclave/verifier/verdict"
)

// failing is a disk whose nth step fails, as does everything after it: the
// machine stopped there.
type failing struct {
	system
	left int
}

var errStopped = errors.New("no space left on device")

func (d *failing) step() error {
	if d.left--; d.left < 0 {
		return errStopped
	}
	return nil
}

func (d *failing) Create(path string) (diskFile, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	file, err := d.system.Create(path)
	return &failingFile{file, d}, err
}

func (d *failing) Rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.system.Rename(from, to)
}

func (d *failing) SyncFolder(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.system.SyncFolder(path)
}

func (d *failing) Remove(string) error { return d.step() }

type failingFile struct {
	diskFile
	disk *failing
}

func (f *failingFile) Write(data []byte) (int, error) {
	if err := f.disk.step(); err != nil {
		_, _ = f.diskFile.Write(data[:len(data)/2]) // torn
		return len(data) / 2, err
	}
	return f.diskFile.Write(data)
}

func (f *failingFile) Sync() error { return errors.Join(f.disk.step(), f.diskFile.Sync()) }

// TestCrashAnywhereSkipsNothing stops a look at each of its steps on disk, and
// then looks again.
func TestCrashAnywhereSkipsNothing(t *testing.T) {
	w := newWorld(t)
	w.stack.SignMessage(acme, []byte("first"))
	w.look()
	before, err := os.ReadFile(w.config.State)
	if err != nil {
		t.Fatal(err)
	}
	w.config.saveEvery = tileWidth
	w.fill(2 * tileWidth)
	w.stack.SignMessage(acme, []byte("second"))
	w.look()
	want, err := os.ReadFile(w.config.State)
	if err != nil {
		t.Fatal(err)
	}
	stops := 0
	for ; ; stops++ {
		w.config.State = filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(w.config.State, before, 0o600); err != nil {
			t.Fatal(err)
		}
		disk := &failing{left: stops}
		w.config.disk = disk
		report, _ := w.look()
		if disk.left >= 0 {
			break // it got through
		}
		if report.Conclude() != verdict.ConcludeRefuted { // the first alarm is still open
			t.Errorf("stopped at step %d: %s", stops, describe(report))
		}
		wantCheck(t, report, verdict.Input, verdict.Unavailable, "no space left")
		kept := w.stateOnDisk()
		if kept.Next > kept.First && kept.Alarms[0].Number != 1 || kept.Numbered < 1 {
			t.Errorf("stopped at step %d: lost the alarm", stops)
		}
		w.config.disk = system{}
		w.look()
		if got, err := os.ReadFile(w.config.State); err != nil || !bytes.Equal(got, want) {
			t.Errorf("stopped at step %d: state %s, error %v; want %s", stops, got, err, want)
		}
	}
	if stops < 16 {
		t.Errorf("only %d steps on disk: the scan saves no place on its way", stops)
	}
	t.Logf("stopped at each of %d steps", stops)
}

// TestCrashWhileAForkIsFoundLosesNothing does the same for evidence.
func TestCrashWhileAForkIsFoundLosesNothing(t *testing.T) {
	w := newWorld(t)
	w.fill(10)
	fork := w.stack.Fork()
	w.fill(5)
	w.look()
	before, err := os.ReadFile(w.config.State)
	if err != nil {
		t.Fatal(err)
	}
	second := world{t: t, stack: fork}
	second.fill(9)
	w.serve(fork)
	for stops := 0; ; stops++ {
		w.config.State = filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(w.config.State, before, 0o600); err != nil {
			t.Fatal(err)
		}
		disk := &failing{left: stops}
		w.config.disk = disk
		report, _ := w.look()
		if report.Conclude() != verdict.ConcludeRefuted {
			t.Fatalf("stopped at step %d: %s", stops, describe(report))
		}
		done := disk.left >= 0
		w.config.disk = system{}
		report, _ = w.look()
		wantCheck(t, report, verdict.Consistency, verdict.Refuted, "alarm 1")
		w.wantProof()
		if done {
			return
		}
	}
}

func TestLookThatIsInterruptedGoesOn(t *testing.T) {
	for _, missing := range []string{"checkpoint", "tile/entries/001", "tile/entries/002.p/88", "tile/0/001", "tile/1/000.p/2"} {
		w := newWorld(t)
		w.fill(600)
		whole := w.config.Source
		w.config.Source = without{whole, missing}
		report, _ := w.look()
		wantCheck(t, report, verdict.Fetch, verdict.Unavailable, "^"+missing+": status 503")
		if report.Conclude() != verdict.ConcludeUnchecked {
			t.Fatal(describe(report))
		}
		w.config.Source = whole
		report, state := w.look()
		wantFine(t, report)
		if state.Next != 600 {
			t.Errorf("state %+v", state)
		}
	}
}

// without is a log that cannot serve one file at the moment.
type without struct {
	Source
	path string
}

func (s without) Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == s.path {
		return nil, &ReadError{Path: path, Reason: "status 503"}
	}
	return s.Source.Read(ctx, path, limit)
}

func TestTwoRunsDoNotShareAState(t *testing.T) {
	w := newWorld(t)
	release, err := lock(w.config.State)
	if err != nil {
		t.Fatal(err)
	}
	report, _ := w.look()
	wantCheck(t, report, verdict.Input, verdict.Unavailable, "another run")
	release()
	report, _ = w.look()
	wantFine(t, report)
}
