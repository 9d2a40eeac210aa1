// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// disk is what of the file system the store needs. Tests let each step fail.
type disk interface {
	Create(path string) (diskFile, error) // a new, empty file that its owner alone may write
	Rename(from, to string) error
	SyncFolder(path string) error
	Remove(path string) error
}

type diskFile interface {
	io.Writer
	Sync() error
	Close() error
}

// system is the file system.
type system struct{}

func (system) Create(path string) (diskFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
}
func (system) Rename(from, to string) error { return os.Rename(from, to) }
func (system) Remove(path string) error     { return os.Remove(path) }

func (system) SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close() // only synced
	return folder.Sync()
}

// replace puts data at path: afterwards, and after any crash meanwhile, there
// is either what was there before or all of data.
func replace(d disk, path string, data []byte) error {
	beside := path + ".new"
	if err := writeSynced(d, beside, data); err != nil {
		_ = d.Remove(beside) // the next write would replace it
		return err
	}
	if err := d.Rename(beside, path); err != nil {
		_ = d.Remove(beside)
		return err
	}
	return d.SyncFolder(filepath.Dir(path))
}

func writeSynced(d disk, path string, data []byte) error {
	file, err := d.Create(path)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, syncUnless(err, file), file.Close())
}

func syncUnless(err error, file diskFile) error {
	if err != nil {
		return nil
	}
	return file.Sync()
}

// load returns the state at path, or nil if there is none.
func load(path string) (*State, error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, errors.New(plainly(err))
	}
	return ParseState(data)
}
