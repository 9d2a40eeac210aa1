// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"
	"strconv"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/unlock"
)

// stretchCases hold package unlock's measuring against this browser's PBKDF2.
// Firefox keeps the last results: the same passphrase with the same salt and
// iterations takes no time again.
//
// Mistake M36 (docs/mistakes.md).
func stretchCases(ops keys.Ops) []testCase {
	return []testCase{
		{"calibration measures the browser and not what it remembers", func(ctx context.Context) error {
			const target, iterations = 2000, unlock.MinIterations // milliseconds
			clock := jsbridge.Clock{}.Monotonic
			least := int64(target)
			for i := range 3 {
				salt := make([]byte, unlock.SaltSize)
				_, _ = jsbridge.Random{}.Read(salt)
				start := clock()
				if _, err := ops.PBKDF2(ctx, []byte{byte(i)}, salt, iterations); err != nil {
					return err
				}
				least = min(least, max(clock()-start, 1))
			}
			found, err := unlock.Calibrate(ctx, unlock.Env{Keys: ops, Random: jsbridge.Random{}}, clock, target)
			if err != nil {
				return err
			}
			want := min(iterations*target/least, unlock.MaxIterations)
			if int64(found) < want/3 || int64(found) > want*3 && found != unlock.MinIterations {
				return errors.New("found " + strconv.Itoa(found) + " iterations where about " + strconv.FormatInt(want, 10) + " take as long as they should")
			}
			return nil
		}},
	}
}
