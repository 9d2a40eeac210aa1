// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

// golden compares with a file of testdata, which holds data of the first version
// of each format: it must stay readable for ever.
func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not written as before; run with -update if the format is to change:\n%s", name, got)
	}
	return want
}

func TestFormatsAreAsBefore(t *testing.T) {
	log := auditlogtest.NewLog().Grow(5)
	earlier := golden(t, "checkpoint.txt", []byte(log.Checkpoint()))
	log.Grow(8)
	bundle := golden(t, "bundle.txt", log.Bundle())
	golden(t, "record.txt", log.Records[7].Marshal())
	golden(t, "pruned.txt", log.Records[7].Prune().Marshal())
	golden(t, "head.txt", log.Head.Marshal())

	since, err := auditlog.ParseCheckpoint(earlier)
	if err != nil {
		t.Fatal(err)
	}
	result, err := auditlog.Verify(bytes.NewReader(bundle), auditlog.Options{
		Since: since, Key: log.Key.Point(), Verify: auditlogtest.Verify,
	})
	if err != nil || !result.OK() || result.Since != auditlog.SinceContinued {
		t.Errorf("the golden bundle has the findings %v, %v", result.Findings, err)
	}
}
