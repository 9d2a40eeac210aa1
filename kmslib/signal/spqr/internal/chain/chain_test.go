// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
)

var (
	agreed = [kdf.Size]byte{1, 2, 3}
	first  = [kdf.Size]byte{4, 5, 6}
)

func send(t *testing.T, c *Chain, at uint64) (uint32, [kdf.Size]byte) {
	t.Helper()
	next, index, key, err := c.Send(at)
	if err != nil {
		t.Fatal(err)
	}
	*c = next
	return index, key
}

func receive(t *testing.T, c *Chain, at uint64, index uint32) [kdf.Size]byte {
	t.Helper()
	next, key, err := c.Receive(at, index)
	if err != nil {
		t.Fatalf("epoch %d, message %d: %v", at, index, err)
	}
	*c = next
	return key
}

// keys derives the first n keys of a chain.
func keys(chain [kdf.Size]byte, n int) (list [][kdf.Size]byte) {
	for i := range n {
		next, key := kdf.ChainNext(&chain, uint32(i+1))
		chain, list = next, append(list, key)
	}
	return list
}

func TestKeysAreThoseOfTheirEpochAndDirection(t *testing.T) {
	alice, bob := New(true, &agreed), New(false, &agreed)
	root, fromAlice, fromBob := kdf.ChainStart(&agreed)
	for at := range uint64(4) {
		wantAlice, wantBob := keys(fromAlice, 3), keys(fromBob, 3)
		for i := range 3 {
			index, key := send(t, &alice, at)
			if index != uint32(i+1) || key != wantAlice[i] || receive(t, &bob, at, index) != key {
				t.Errorf("epoch %d: message %d of the initiator has another key", at, i+1)
			}
			index, key = send(t, &bob, at)
			if index != uint32(i+1) || key != wantBob[i] || receive(t, &alice, at, index) != key {
				t.Errorf("epoch %d: message %d of the responder has another key", at, i+1)
			}
		}
		secret := [kdf.Size]byte{byte(at)}
		root, fromAlice, fromBob = kdf.ChainAddEpoch(&root, &secret)
		alice, bob = alice.Add(&secret), bob.Add(&secret)
		if alice.Newest() != at+1 {
			t.Errorf("newest epoch is %d", alice.Newest())
		}
	}
}

func TestAMessageOutOfOrderIsReadOnce(t *testing.T) {
	_, sending, _ := kdf.ChainStart(&agreed)
	want := keys(sending, 6)
	c := New(false, &agreed)
	for _, index := range []uint32{4, 2, 1, 6, 5, 3} {
		before := c
		if receive(t, &c, 0, index) != want[index-1] {
			t.Errorf("message %d has another key", index)
		}
		if _, _, err := c.Receive(0, index); !errors.Is(err, ErrDuplicate) {
			t.Errorf("message %d twice: %v", index, err)
		}
		if key, again := receive(t, &before, 0, index), want[index-1]; key != again {
			t.Errorf("message %d cannot be read again by the Chain before it", index)
		}
	}
	if c.epochs[0].skipped != nil {
		t.Error("keys are left over")
	}
	if _, _, err := c.Receive(0, 0); !errors.Is(err, ErrDuplicate) {
		t.Errorf("message 0: %v", err)
	}
}

func TestJumpsAreBounded(t *testing.T) {
	c := New(false, &agreed)
	receive(t, &c, 0, 3)
	for _, index := range []uint32{3 + MaxJump + 1, math.MaxUint32} {
		if _, _, err := c.Receive(0, index); !errors.Is(err, ErrTooFar) {
			t.Errorf("message %d: %v", index, err)
		}
	}
	receive(t, &c, 0, 3+MaxJump)
}

func TestKeysOfMissingMessagesAreBoundedOldestFirst(t *testing.T) {
	c := New(false, &agreed)
	receive(t, &c, 0, 11)                // 1 to 10 are missing
	receive(t, &c, 0, 12+MaxSkipped-5)   // 5 of these fall out
	receive(t, &c, 0, 12+MaxSkipped-5+2) // one more
	if n := len(c.epochs[0].skipped); n != MaxSkipped {
		t.Errorf("%d keys are kept", n)
	}
	for index := range uint32(6) {
		if _, _, err := c.Receive(0, index+1); !errors.Is(err, ErrDuplicate) {
			t.Errorf("message %d: %v", index+1, err)
		}
	}
	receive(t, &c, 0, 7)

	far := New(false, &agreed)
	receive(t, &far, 0, MaxJump)
	if _, _, err := far.Receive(0, MaxJump-MaxSkipped-1); !errors.Is(err, ErrDuplicate) {
		t.Errorf("before the last %d: %v", MaxSkipped, err)
	}
	_, sending, _ := kdf.ChainStart(&agreed)
	if want := keys(sending, MaxJump); receive(t, &far, 0, MaxJump-MaxSkipped) != want[MaxJump-MaxSkipped-1] {
		t.Error("another key")
	}
}

func TestOldEpochsAreErased(t *testing.T) {
	c, peer := New(true, &agreed), New(false, &agreed)
	for at := range uint64(3) {
		for range 2 {
			send(t, &peer, at)
		}
		secret := [kdf.Size]byte{byte(at)}
		c, peer = c.Add(&secret), peer.Add(&secret)
	}
	receive(t, &c, 0, 1)
	send(t, &c, 0)
	send(t, &c, 1)
	receive(t, &c, 0, 2) // the epoch before is still there
	if _, _, _, err := c.Send(0); !errors.Is(err, ErrDuplicate) {
		t.Errorf("sending in an earlier epoch: %v", err)
	}
	if c.epochs[0].send != (half{}) {
		t.Error("the sending chain before is kept")
	}
	receive(t, &c, 1, 2)
	skipped := c.epochs[1].skipped[0].key
	send(t, &c, 3)
	for _, at := range []uint64{0, 1} {
		if _, _, err := c.Receive(at, 1); !errors.Is(err, ErrDuplicate) {
			t.Errorf("epoch %d: %v", at, err)
		}
	}
	if bytes.Contains(stored(c), skipped[:]) {
		t.Error("a key of an erased epoch is stored")
	}
	receive(t, &c, 2, 2)
}

func TestEpochsToComeHaveNoKeys(t *testing.T) {
	c := New(true, &agreed)
	if _, _, _, err := c.Send(1); !errors.Is(err, ErrEpoch) {
		t.Errorf("Send: %v", err)
	}
	for _, at := range []uint64{1, 2, math.MaxUint64} {
		if _, _, err := c.Receive(at, 1); !errors.Is(err, ErrEpoch) {
			t.Errorf("Receive: %v", err)
		}
	}
}

func TestTheCountOfMessagesDoesNotWrap(t *testing.T) {
	c := New(true, &agreed)
	c.epochs[0].send.count = math.MaxUint32 - 1
	if index, _ := send(t, &c, 0); index != math.MaxUint32 {
		t.Errorf("message %d", index)
	}
	if _, _, _, err := c.Send(0); !errors.Is(err, ErrTooFar) {
		t.Errorf("one more: %v", err)
	}
}

func TestTheOldChainStaysAsItWas(t *testing.T) {
	c := New(true, &agreed)
	receive(t, &c, 0, 5)
	c = c.Add(&first)
	before := stored(c)
	for name, step := range map[string]func(){
		"add":              func() { c.Add(&first) },
		"send":             func() { c.Send(0) },
		"send in the next": func() { c.Send(1) },
		"receive":          func() { c.Receive(0, 6) },
		"receive late":     func() { c.Receive(0, 2) },
		"receive a jump":   func() { c.Receive(1, 9) },
	} {
		if step(); !bytes.Equal(stored(c), before) {
			t.Errorf("%s changed it", name)
		}
	}
}

func BenchmarkReceiveAtTheLongestJump(b *testing.B) {
	c := New(true, &agreed)
	for b.Loop() {
		c.Receive(0, MaxJump)
	}
}
