// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"fmt"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// The work for a forged message, which is tried with all sessions there are, the
// next in its chain or as far ahead as may be.
func BenchmarkForgedMessage(b *testing.B) {
	for _, archived := range []int{0, session.MaxArchived} {
		for _, counter := range []uint32{0, session.FarAhead, 24_900} {
			b.Run(fmt.Sprint(archived, " archived, counter ", counter), func(b *testing.B) {
				p := newPair(b, full, 0)
				for range archived + 1 {
					ok(b, p.alice.Start(b.Context(), p.bob))
					exchange(b, p.alice, p.bob)
				}
				exchange(b, p.bob, p.alice)
				l := send(b, p.alice, p.bob, "text")
				m := value[*message.Signal](b)(message.ParseSignal(l.Body))
				pq := append([]byte{1, 1, byte(counter&0x7f | 0x80), byte(counter>>7&0x7f | 0x80), byte(counter >> 14)}, 0)
				forged := message.Signal{Version: 4, RatchetKey: p.alice.Published.Signed.Key, Counter: counter, Ciphertext: m.Ciphertext, PQRatchet: pq}
				l.Body = forged.Append(m.MAC)
				for b.Loop() {
					if _, err := p.bob.Receive(b.Context(), l); err == nil {
						b.Fatal("opened")
					}
				}
			})
		}
	}
}

func BenchmarkMessage(b *testing.B) {
	text := string(make([]byte, 1024))
	b.Run("encrypt", func(b *testing.B) {
		p := newPair(b, full, 1)
		p.start(b)
		for b.Loop() {
			send(b, p.alice, p.bob, text)
		}
	})
	b.Run("encrypt and decrypt", func(b *testing.B) {
		p := newPair(b, full, 1)
		p.start(b)
		for b.Loop() {
			read(b, p.bob, send(b, p.alice, p.bob, text))
		}
	})
	b.Run("ping-pong", func(b *testing.B) {
		p := newPair(b, full, 1)
		p.start(b)
		for b.Loop() {
			exchange(b, p.alice, p.bob)
			exchange(b, p.bob, p.alice)
		}
	})
	b.Run("start, encrypt and decrypt", func(b *testing.B) {
		p := newPair(b, full, 1)
		bundle := sessiontest.BundleOf(p.bob.Published)
		for b.Loop() {
			a := session.Open(p.aliceStore, p.alice.Env())
			_, err := a.StartSession(b.Context(), p.bob.Address, bundle)
			ok(b, err)
			e, err := a.Encrypt(b.Context(), p.bob.Address, []byte(text))
			ok(b, err)
			_, err = session.Open(p.bobStore, p.bob.Env()).Decrypt(b.Context(), p.alice.Address, e.Type, e.Body)
			ok(b, err)
		}
	})
}
