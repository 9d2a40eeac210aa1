// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck

import (
	"runtime"
	"sync"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
)

// measure returns size, SHA-256 and integrity of each file of a set, hashed on
// all processors.
func measure(set *artifact.Set) map[string]release.File {
	names := set.Names()
	measured := make([]release.File, len(names))
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	var running sync.WaitGroup
	for i, name := range names {
		free <- struct{}{}
		running.Go(func() {
			content, _ := set.Content(name)
			measured[i] = release.Describe(name, "", content)
			<-free
		})
	}
	running.Wait()
	byName := make(map[string]release.File, len(names))
	for _, f := range measured {
		byName[f.Path] = f
	}
	return byName
}
