// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Peer runs kmslib/signal for tests against other implementations. It reads one
// command per line from standard input and answers each with one line on
// standard output, in order:
//
//	{"id": 1, "account": "bob", "method": "encrypt", "params": {…}}
//	{"id": 1, "result": {…}}
//	{"id": 1, "error": {"code": "no_session", "message": "…"}}
//
// Bytes are in base64. An account is made by its first command, and lives in
// memory until the input ends. Each command is one unit of work: the account is
// read from its store, and what changed is stored, so that every message also
// passes through the stored encodings.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// maxLine is how long a command may be, in bytes: far more than a bundle or the
// greatest message takes.
const maxLine = 4 << 20

type request struct {
	ID      int             `json:"id"`
	Account string          `json:"account"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

type response struct {
	ID     int      `json:"id"`
	Result any      `json:"result,omitempty"`
	Error  *failure `json:"error,omitempty"`
}

func main() {
	if err := serve(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

// serve answers commands until the input ends.
func serve(ctx context.Context, in io.Reader, out io.Writer) error {
	accounts := accounts{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	answers := json.NewEncoder(out)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("command %q: %w", lines.Text(), err)
		}
		answer := response{ID: r.ID}
		result, err := accounts.run(ctx, r)
		if err != nil {
			answer.Error = failureOf(err)
		} else {
			answer.Result = result
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}
