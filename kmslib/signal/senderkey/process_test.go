// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package senderkey

import (
	"testing"

	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
)

func TestFiveChainsAreKeptNewestFirst(t *testing.T) {
	var peer Record
	var owns []Record
	for range MaxChains + 1 {
		own := newOwn(t)
		process(t, &peer, announce(t, own))
		owns = append(owns, own)
	}
	if n := len(peer.box.Expose().senders); n != MaxChains {
		t.Errorf("%d chains are kept", n)
	}
	refuse(t, peer, parse(t, encrypt(t, &owns[0], "forgotten")), ErrNoKey)
	for i := range MaxChains {
		decrypt(t, &peer, encrypt(t, &owns[1+i], "kept"), "kept")
	}
	// Announced again, the oldest is the newest.
	process(t, &peer, announce(t, owns[1]))
	process(t, &peer, announce(t, newOwn(t)))
	decrypt(t, &peer, encrypt(t, &owns[1], "kept"), "kept")
	refuse(t, peer, parse(t, encrypt(t, &owns[2], "forgotten")), ErrNoKey)
}

func TestSkippedSeedsAreBoundedTogether(t *testing.T) {
	var peer Record
	for range MaxChains {
		own := newOwn(t)
		process(t, &peer, announce(t, own))
		v := *own.box.Expose()
		far, err := v.senders[0].chain.Skip(chain.MaxSkipped - 1)
		if err != nil {
			t.Fatal(err)
		}
		v.senders = []sender{{v.senders[0].id, far, v.senders[0].signing}}
		own = wrap(&v)
		decrypt(t, &peer, encrypt(t, &own, "far"), "far")
		total := 0
		for _, s := range peer.box.Expose().senders {
			total += s.chain.Skipped()
		}
		if total > MaxSkipped || len(peer.Marshal()) > MaxEncoded {
			t.Errorf("%d seeds in %d bytes", total, len(peer.Marshal()))
		}
	}
	senders := peer.box.Expose().senders
	if senders[0].chain.Skipped() != chain.MaxSkipped-1 || senders[4].chain.Skipped() != 0 {
		t.Errorf("the newest chain has %d, the oldest %d", senders[0].chain.Skipped(), senders[4].chain.Skipped())
	}
}

func TestTheFurtherAdvancedStateOfAChainIsKept(t *testing.T) {
	own, peer := pair(t)
	start := announce(t, own)
	var sent [][]byte
	for range 4 {
		sent = append(sent, encrypt(t, &own, "hello"))
	}
	decrypt(t, &peer, sent[2], "hello")
	// What is older than what we have changes nothing.
	process(t, &peer, start)
	refuse(t, peer, parse(t, sent[2]), ErrDuplicate)
	decrypt(t, &peer, sent[0], "hello")
	// What is newer is taken, and messages before it can be read.
	process(t, &peer, announce(t, own))
	if i := peer.box.Expose().senders[0].chain.Index(); i != 4 {
		t.Errorf("at %d", i)
	}
	decrypt(t, &peer, sent[1], "hello")
	decrypt(t, &peer, sent[3], "hello")
	decrypt(t, &peer, encrypt(t, &own, "go on"), "go on")

	// Beyond reach, it is taken as it is.
	v := *own.box.Expose()
	far, err := v.senders[0].chain.Skip(5 + chain.MaxForward)
	if err != nil {
		t.Fatal(err)
	}
	far, err = far.Skip(far.Index() + 10)
	if err != nil {
		t.Fatal(err)
	}
	v.senders = []sender{{v.senders[0].id, far, v.senders[0].signing}}
	ahead := wrap(&v)
	process(t, &peer, announce(t, ahead))
	decrypt(t, &peer, encrypt(t, &ahead, "far"), "far")
}

func TestAnotherChainOfTheSameNumberReplacesIt(t *testing.T) {
	own, peer := pair(t)
	encrypt(t, &own, "lost")
	// The same signing key, but a key that does not follow from what we have.
	d := announce(t, own)
	d.ChainKey = secret.NewBox(&[32]byte{1})
	process(t, &peer, d)
	refuse(t, peer, parse(t, encrypt(t, &own, "hello")), ErrAuthentication)

	other := newOwn(t)
	v := *other.box.Expose()
	v.senders = []sender{{d.Chain, v.senders[0].chain, v.senders[0].signing}}
	other = wrap(&v)
	process(t, &peer, announce(t, other))
	if n := len(peer.box.Expose().senders); n != 1 {
		t.Errorf("%d chains", n)
	}
	decrypt(t, &peer, encrypt(t, &other, "hello"), "hello")
	refuse(t, peer, parse(t, encrypt(t, &own, "hello")), ErrAuthentication)
}
