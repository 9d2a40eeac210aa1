// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
)

// writeLog is "log FILE [FAULT]": a log of 25 entries as a bundle, the checkpoint
// after its first twelve in checkpoint.txt, and its key in $KEY.
func writeLog(ts *testscript.TestScript, _ bool, arguments []string) {
	log := auditlogtest.NewLog().Grow(12)
	ts.Check(os.WriteFile(ts.MkAbs("checkpoint.txt"), []byte(log.Checkpoint()), 0o600))
	log.Grow(13)
	ts.Setenv("KEY", auditlog.EncodePoint(log.Key.Point()))
	bundle := log.Bundle
	if len(arguments) > 1 {
		fault := logFaults[arguments[1]]
		if fault == nil {
			ts.Fatalf("no fault %s", arguments[1])
		}
		bundle = func() []byte { return fault(log) }
	}
	ts.Check(os.WriteFile(ts.MkAbs(arguments[0]), bundle(), 0o600))
}

// logFaults are what can be wrong with a log of a transcript.
var logFaults = map[string]func(*auditlogtest.Log) []byte{
	"pruned": func(log *auditlogtest.Log) []byte { return log.Prune(12).Bundle() },
	"late":   func(log *auditlogtest.Log) []byte { return bytes.Join(log.Lines(13), nil) },
	"gap": func(log *auditlogtest.Log) []byte {
		return bytes.Join(slices.Delete(log.Lines(0), 8, 10), nil)
	},
	"cut": func(log *auditlogtest.Log) []byte {
		return bytes.Join(slices.Delete(log.Lines(0), 21, 26), nil)
	},
	"altered": func(log *auditlogtest.Log) []byte {
		return bytes.Replace(log.Bundle(), []byte(`"outcome":"locked"`), []byte(`"outcome":"denied"`), 1)
	},
	"rollback": func(*auditlogtest.Log) []byte { return auditlogtest.NewLog().Grow(7).Bundle() },
	"fork": func(*auditlogtest.Log) []byte {
		log := auditlogtest.NewLog().Grow(8)
		log.Add(auditlogtest.Entry(9), log.Key)
		return log.Grow(16).Bundle()
	},
	"anew": func(*auditlogtest.Log) []byte {
		log := auditlogtest.NewLog()
		log.Key = auditlogtest.NewKey("other")
		log.Certificates[0] = log.Certify(log.Delegate)
		return log.Grow(25).Bundle()
	},
	"certificate": func(log *auditlogtest.Log) []byte {
		e := auditlogtest.Entry(29)
		e.Outcome, e.Time, e.Release = "ok", auditlogtest.Start+90000, strings.Repeat("ab", 32)
		log.Add(e, log.Delegate)
		return log.Bundle()
	},
	"other-signer": func(log *auditlogtest.Log) []byte {
		log.Records[9].Signature = log.Records[8].Signature
		return log.Bundle()
	},
	"hostile": func(log *auditlogtest.Log) []byte {
		return bytes.Replace(log.Bundle(), []byte(`"method":"vapid.sign"`), []byte(`"method":"\u001b[2J\nVERIFIED:"`), 1)
	},
}
