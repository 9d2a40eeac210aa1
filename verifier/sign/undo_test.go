// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"errors"
	"os"
	"testing"
)

// begin stages new contents of a and b in a folder where a is there already if
// force is.
func begin(t *testing.T, force bool) (*writer, *os.Root) {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	if force {
		for _, name := range []string{"a", "b"} {
			if err := root.WriteFile(name, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := &writer{root: root, force: force, suffix: ".new", mode: 0o600}
	for _, name := range []string{"a", "b", "c/d"} {
		if err := w.stage(name, []byte("new")); err != nil {
			t.Fatal(err)
		}
	}
	return w, root
}

func entries(t *testing.T, root *os.Root) []string {
	t.Helper()
	dir, err := root.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestMoveThatFailsUndoesTheOthers(t *testing.T) {
	t.Run("a file comes there meanwhile", func(t *testing.T) {
		w, root := begin(t, false)
		if err := root.WriteFile("b", []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := w.commit()
		w.clean()
		var fault *Fault
		if !errors.As(err, &fault) || fault.Kind != Refused {
			t.Errorf("error %v", err)
		}
		if names := entries(t, root); len(names) != 1 || names[0] != "b" {
			t.Errorf("left %q", names)
		}
		if data, _ := root.ReadFile("b"); string(data) != "theirs" {
			t.Error("it was replaced")
		}
	})
	t.Run("what was staged is gone", func(t *testing.T) {
		w, root := begin(t, true)
		if err := root.Remove("b.new"); err != nil {
			t.Fatal(err)
		}
		err := w.commit()
		w.clean()
		var fault *Fault
		if !errors.As(err, &fault) || fault.Kind != Unavailable {
			t.Errorf("error %v", err)
		}
		if names := entries(t, root); len(names) != 2 {
			t.Errorf("left %q", names)
		}
		for _, name := range []string{"a", "b"} {
			if data, _ := root.ReadFile(name); string(data) != "old" {
				t.Errorf("%s is %q", name, data)
			}
		}
	})
}
