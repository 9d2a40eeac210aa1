// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"flag"
	"io"
	"os"
	"path/filepath"

	fulciolog "github.com/sigstore/fulcio/pkg/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
)

// logFile opens log/NAME.txt.
func (s *Stack) logFile(name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(s.Info.Dir, "log", name+".txt"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		s.logs = append(s.logs, f)
	}
	return f, err
}

// quiet sends what upstream's packages log to files. Both loggers are global, so in a process with several stacks
// the latest has the lines.
func (s *Stack) quiet() error {
	out, err := s.logFile("upstream")
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false",
		"one_output": "true", "stderrthreshold": "FATAL"} {
		if err := flags.Set(name, value); err != nil {
			return err
		}
	}
	klog.SetOutput(io.Discard) // Trillian warns of nothing ten times a second
	klog.SetOutputBySeverity("ERROR", out)
	fulciolog.Logger = zap.New(zapcore.NewCore(
		zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(out), zapcore.InfoLevel)).Sugar()
	return nil
}
