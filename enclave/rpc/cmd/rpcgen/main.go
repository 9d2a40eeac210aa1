// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command rpcgen writes the files derived from the enclave's method table.
//
//	rpcgen -ts enclave/sdk/api.ts -md docs/api.md
package main

import (
	"flag"
	"fmt"
	"os"

	"ats.run/kms-enclave/enclave/rpc/rpcgen"
)

func main() {
	typescript := flag.String("ts", "", "write the TypeScript types to this `file`")
	markdown := flag.String("md", "", "write the reference page to this `file`")
	flag.Parse()
	if flag.NArg() > 0 || *typescript == "" && *markdown == "" {
		flag.Usage()
		os.Exit(64)
	}
	write(*typescript, rpcgen.TypeScript())
	write(*markdown, rpcgen.Markdown())
}

func write(path string, content []byte) {
	if path == "" {
		return
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "rpcgen:", err)
		os.Exit(1)
	}
}
