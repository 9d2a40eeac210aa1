// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package proto writes and reads the part of the protocol buffers encoding that
// Signal's messages and our stored states need: varints and length-delimited
// bytes (protobuf.dev, "Encoding"). It has no schema: who reads asks for each
// field by number, with its bounds.
//
//	r := proto.NewReader(b)
//	for f, ok := r.Next(); ok; f, ok = r.Next() {
//		switch f.Number {
//		case 1:
//			key = r.Bytes(f, 33, 33)
//		case 2:
//			counter = uint32(r.Uint(f, math.MaxUint32))
//		default:
//			r.Unknown(f)
//		}
//	}
//	r.Require(1, 2)
//	if err := r.Err(); err != nil {
//
// The first refusal is kept, after which Next returns false. What was read may
// be used only once Err returned nil.
//
// Stricter than protocol buffers are, in every message: a second occurrence of a
// field that is not repeated, a number with superfluous bytes, a number beyond
// its bound, groups. In stored states (NewStrictReader) also fields that nobody
// asked for; in messages of peers those are skipped, since newer clients may
// have more.
package proto
