// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"archive/tar"
	"bytes"
	"fmt"
	"sort"
	"time"
)

// Tar returns the files as a tar archive: sorted by path, without owner, with mode 0644 and the epoch as
// time, in the plain ustar format.
func Tar(files map[string][]byte) ([]byte, error) {
	paths := make([]string, 0, len(files))
	for path := range files {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, path := range paths {
		header := &tar.Header{
			Typeflag: tar.TypeReg,
			Name:     path,
			Size:     int64(len(files[path])),
			Mode:     0o644,
			ModTime:  time.Unix(0, 0),
			Format:   tar.FormatUSTAR,
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("writing %s to the archive: %w", path, err)
		}
		if _, err := w.Write(files[path]); err != nil {
			return nil, fmt.Errorf("writing %s to the archive: %w", path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("closing the archive: %w", err)
	}
	return b.Bytes(), nil
}
