// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package jsbridge

import "syscall/js"

// Clock reads the browser's clocks.
type Clock struct{}

// Now returns the time in Unix seconds.
func (Clock) Now() int64 { return int64(js.Global().Get("Date").Call("now").Float() / 1000) }

// Monotonic returns milliseconds on a clock that never goes back.
func (Clock) Monotonic() int64 { return int64(js.Global().Get("performance").Call("now").Float()) }

// Random reads the browser's source of random bytes.
type Random struct{}

// maxRandom is what getRandomValues fills at once (Web Cryptography, section
// 10.1.1).
const maxRandom = 65536

// Read fills p. It never fails where there is a crypto object, which is in
// every window and worker.
func (Random) Read(p []byte) (int, error) {
	crypto := js.Global().Get("crypto")
	for done := 0; done < len(p); {
		n := min(len(p)-done, maxRandom)
		array, err := Call(crypto, "getRandomValues", js.Global().Get("Uint8Array").New(n))
		if err != nil {
			return done, err
		}
		done += js.CopyBytesToGo(p[done:done+n], array)
	}
	return len(p), nil
}
