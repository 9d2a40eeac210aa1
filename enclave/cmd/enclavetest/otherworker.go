// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
)

// otherWorker is another worker with this program, started by a case.
type otherWorker struct {
	worker   jsbridge.Value
	messages chan string
}

// startWorker starts another worker with this program and a command for it.
func startWorker(command string) (*otherWorker, error) {
	url := jsbridge.Global().Get("location").Get("href").String()
	worker, err := jsbridge.New("Worker", url, map[string]any{"name": command})
	if err != nil {
		return nil, err
	}
	w := &otherWorker{worker, make(chan string, 1024)}
	worker.Set("onmessage", jsbridge.Callback(func(event jsbridge.Value) {
		w.messages <- event.Get("data").String()
	}).Value)
	return w, nil
}

// next returns the next message of the worker.
func (w *otherWorker) next(ctx context.Context) (string, error) {
	select {
	case message := <-w.messages:
		return message, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// end ends the worker, wherever it is.
func (w *otherWorker) end() { w.worker.Call("terminate") }
