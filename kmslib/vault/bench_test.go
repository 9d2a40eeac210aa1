// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// BenchmarkSign is a token with its audit entry, in logs of different lengths.
func BenchmarkSign(b *testing.B) {
	for _, size := range []int{10, 1000} {
		b.Run("entries="+strconv.Itoa(size), func(b *testing.B) {
			w := newWorld()
			_, err := w.CreateUser(b.Context(), at("vault.setup"), "Ada", []vault.NamedEnroller{byRecovery()})
			if err != nil {
				b.Fatal(err)
			}
			key := generate(b, w.Vault)
			for range size {
				if err := sign(b, w.Vault, key.KID); err != nil {
					b.Fatal(err)
				}
			}
			b.ResetTimer()
			for b.Loop() {
				if err := sign(b, w.Vault, key.KID); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkUnlock is an unlock by a recovery key, which stretches nothing.
func BenchmarkUnlock(b *testing.B) {
	w := newWorld()
	user, err := w.CreateUser(b.Context(), at("vault.setup"), "Ada", []vault.NamedEnroller{byRecovery()})
	if err != nil {
		b.Fatal(err)
	}
	id := enrolment(b, w.Vault, user.ID, unlock.Recovery).ID
	for b.Loop() {
		if _, err := w.Unlock(b.Context(), at("vault.unlock"), user.ID, id, unlock.ByRecovery(entropy), 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignal is a message of 1 KiB in a session in use, encrypted in the vault
// and decrypted there, with an audit entry each; bob's part is not counted.
func BenchmarkSignal(b *testing.B) {
	w := newWorld()
	_, err := w.CreateUser(b.Context(), at("vault.setup"), "Ada", []vault.NamedEnroller{byRecovery()})
	must(b, err)
	o, peer := signalUp(b, w.Vault)
	text := strings.Repeat("x", 1<<10)
	for _, name := range []string{"encrypt", "decrypt"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				l := get[sessiontest.Letter](b)(peer.Send(b.Context(), alice, text))
				b.StartTimer()
				if name == "encrypt" {
					l = get[sessiontest.Letter](b)(o.send(b.Context(), bob, text))
					b.StopTimer()
					get[session.Opened](b)(peer.Read(b.Context(), l))
					b.StartTimer()
				} else {
					get[session.Opened](b)(o.read(b.Context(), l))
				}
			}
		})
	}
}
