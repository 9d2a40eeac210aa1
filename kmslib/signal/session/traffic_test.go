// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"math/rand/v2"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// Whatever the network does, what arrives comes out once and only once.
func TestEveryDeliveredMessageDecryptsOnceAndOnlyOnce(t *testing.T) {
	for name, policy := range policies {
		for _, behaviour := range sessiontest.Behaviours() {
			t.Run(name+"/"+behaviour.Name, func(t *testing.T) {
				t.Parallel()
				w := sessiontest.NewWorld(rand.Uint64())
				traffic := &sessiontest.Traffic{World: w, Behaviour: behaviour, Devices: []*sessiontest.Device{
					newDevice(t, w, "alice", 1, policy, 5, new(sessiontest.MemStore)),
					newDevice(t, w, "carol", 1, policy, 5, new(sessiontest.MemStore)),
					newDevice(t, w, "bob", 1, policy, 5, new(sessiontest.MemStore)),
				}}
				if name == "negotiated" {
					// The first messages have no post-quantum part, which is refused
					// after one that has it: they must not come late.
					ok(t, traffic.Meet(t.Context()))
				}
				ok(t, traffic.Run(t.Context(), 150))
				if traffic.Delivered != traffic.Sent-traffic.Lost {
					t.Errorf("seed %d: %d sent, %d lost, %d delivered", w.Seed, traffic.Sent, traffic.Lost, traffic.Delivered)
				}
				t.Logf("seed %d: %d sent, %d lost, %d delivered, %d again", w.Seed, traffic.Sent, traffic.Lost, traffic.Delivered, traffic.Repeated)
			})
		}
	}
}
