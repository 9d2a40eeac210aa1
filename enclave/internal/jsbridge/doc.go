// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsbridge is the one way from Go to JavaScript: the only importer of
// syscall/js.
//
// It turns what is JavaScript's manner into Go's. Exceptions and rejections
// become a returned *Error. A promise is awaited by the goroutine that needs
// it, so code above reads from top to bottom. Bytes are copied whenever they
// cross, because the memory of WebAssembly moves when it grows.
//
// A function that JavaScript calls (Callback) must not wait for anything: the
// event loop stands still until it returns. Whatever takes time goes into a
// goroutine, which runs on before the event loop does, so an IndexedDB
// transaction is still active in it until it waits for something else.
package jsbridge
