// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"ats.run/kms-enclave/verifier/verdict"
)

// Write puts files into a folder, which it makes if it is not there: all of them
// or, as far as a file system lets it, none. Names may have folders in them. It
// writes each beside its place first, then moves them; if one cannot be moved, it
// undoes the others. Without force it replaces nothing. Every error is a *Fault.
func Write(folder string, files map[string][]byte, force bool) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return notWritten(folder, err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return notWritten(folder, err)
	}
	defer root.Close()
	w := &writer{root: root, force: force, suffix: ".new-" + rand.Text(), mode: 0o644}
	defer w.clean()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.stage(name, files[name]); err != nil {
			return err
		}
	}
	return w.commit()
}

// CheckFree says, before anything is signed, whether Write would find a file in
// the way or a folder in which it cannot write. Every error is a *Fault.
func CheckFree(folder string, names []string, force bool) error {
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(folder, name)); err == nil && !force {
			return refused(verdict.FileName(name), "no such file", "one that is there already", "Give --force to replace it")
		}
	}
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return notWritten(folder, err)
	case !info.IsDir():
		return unavailable(verdict.FileName(folder), "it is no folder", "Name a folder with --out")
	}
	probe, err := os.CreateTemp(folder, ".kmssign-")
	if err != nil {
		return notWritten(folder, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// WriteSecret writes one new file that only its owner may read.
func WriteSecret(folder, name string, content []byte) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return notWritten(folder, err)
	}
	defer root.Close()
	w := &writer{root: root, suffix: ".new-" + rand.Text(), mode: 0o600}
	defer w.clean()
	if err := w.stage(name, content); err != nil {
		return err
	}
	return w.commit()
}

// writer is one set of files on its way. Staged and kept copies lie in the same
// folder as their file, so that a move is one rename.
type writer struct {
	root   *os.Root
	force  bool
	suffix string
	mode   fs.FileMode
	names  []string        // staged
	kept   map[string]bool // the old file was moved aside
	placed []string
	made   []string // folders
}

func (w *writer) stage(name string, content []byte) error {
	info, err := w.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		return refused(verdict.FileName(name), "a plain file or none", "something else in its place", "Move it away")
	}
	if err == nil && !w.force {
		return refused(verdict.FileName(name), "no such file", "one that is there already", "Give --force to replace it")
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return notWritten(name, err)
	}
	if err := w.folders(filepath.Dir(name)); err != nil {
		return notWritten(name, err)
	}
	file, err := w.root.OpenFile(name+w.suffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL, w.mode)
	if err != nil {
		return notWritten(name, err)
	}
	w.names = append(w.names, name)
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return notWritten(name, err)
	}
	return nil
}

// folders makes a folder and those above it, and remembers which are new.
func (w *writer) folders(name string) error {
	if name == "." {
		return nil
	}
	if err := w.folders(filepath.Dir(name)); err != nil {
		return err
	}
	err := w.root.Mkdir(name, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		w.made = append(w.made, name)
	}
	return err
}

func (w *writer) commit() error {
	w.kept = make(map[string]bool)
	for _, name := range w.names {
		if err := w.place(name); err != nil {
			w.undo()
			return notWritten(name, err)
		}
	}
	for name := range w.kept {
		_ = w.root.Remove(name + w.suffix + ".old") // the new file is in place: nothing is lost
	}
	w.made = nil
	return nil
}

// place moves one file to its place. Without force it links, which fails if
// something has come there meanwhile.
func (w *writer) place(name string) error {
	if !w.force {
		err := w.root.Link(name+w.suffix, name)
		if err == nil {
			w.placed = append(w.placed, name)
			return w.root.Remove(name + w.suffix)
		}
		if errors.Is(err, fs.ErrExist) {
			return err
		}
		// The file system has no links: look, then move.
		if _, err := w.root.Lstat(name); err == nil {
			return fs.ErrExist
		}
	} else if err := w.root.Rename(name, name+w.suffix+".old"); err == nil {
		w.kept[name] = true
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := w.root.Rename(name+w.suffix, name); err != nil {
		return err
	}
	w.placed = append(w.placed, name)
	return nil
}

// undo takes back what commit has done so far.
func (w *writer) undo() {
	for _, name := range w.placed {
		_ = w.root.Remove(name)
	}
	for name := range w.kept {
		_ = w.root.Rename(name+w.suffix+".old", name)
	}
}

// clean removes what is left of the way.
func (w *writer) clean() {
	for _, name := range w.names {
		_ = w.root.Remove(name + w.suffix)
	}
	for _, name := range slices.Backward(w.made) {
		_ = w.root.Remove(name)
	}
}

// notWritten says why in the words of the operating system, which hold no content.
func notWritten(name string, err error) *Fault {
	var path *fs.PathError
	var link *os.LinkError
	var system error = errors.New("it cannot be written")
	switch {
	case errors.Is(err, fs.ErrExist):
		return refused(verdict.FileName(name), "no such file", "one that is there already", "Give --force to replace it")
	case errors.As(err, &path):
		system = path.Err
	case errors.As(err, &link):
		system = link.Err
	}
	return unavailable(verdict.FileName(name), verdict.Plain(system.Error()), "Nothing was written; check the folder and the room on its disk")
}
