// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog_test

import (
	"bytes"
	"testing"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
)

// verify verifies a bundle that can be read, with the software keys.
func verify(t testing.TB, bundle []byte, o auditlog.Options) *auditlog.Result {
	t.Helper()
	o.Verify = auditlogtest.Verify
	result, err := auditlog.Verify(bytes.NewReader(bundle), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func checkpoint(t testing.TB, text string) *auditlog.Checkpoint {
	t.Helper()
	c, err := auditlog.ParseCheckpoint([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
