// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/spqr"
)

// TestAStolenStateIsOfNoUseTwoEpochsLater copies the state of each party in each
// phase and follows the session with it, both without sending and with randomness
// of its own. Whatever secret the state had of its own epoch, the next one's needs
// randomness from after the theft.
func TestAStolenStateIsOfNoUseTwoEpochsLater(t *testing.T) {
	stolenFrom := map[string]bool{}
	for at := 0; at < 200; at += 3 {
		for victim := range 2 {
			s := simulate(t, uint64(at), spqr.Required, spqr.Required)
			for range at {
				s.exchange()
			}
			stolen := []spqr.State{s.parties[victim].state, s.parties[victim].state}
			stolenFrom[phase(t, stolen[0])] = true
			epoch := stolen[0].Epoch() + 1
			thief := rand.NewChaCha8([32]byte{99})
			read := [2]int{}
			s.watch = func(to int, f flight, _ spqr.State) {
				if to != victim {
					next, _, _, err := stolen[1].Send(thief)
					if err != nil {
						t.Fatal(err)
					}
					stolen[1] = next
					return
				}
				messageEpoch, _, _ := parts(f.field)
				for i := range stolen {
					next, key, err := stolen[i].Receive(f.field)
					if err != nil {
						continue
					}
					stolen[i] = next
					if !bytes.Equal(key, f.key) {
						continue
					}
					if read[i]++; messageEpoch >= epoch+2 {
						t.Fatalf("stolen in epoch %d, reads a message of epoch %d", epoch, messageEpoch)
					}
				}
			}
			for s.parties[0].state.Epoch() < epoch+2 {
				s.exchange()
			}
			if read[0] == 0 || read[1] == 0 {
				t.Error("a stolen state reads nothing at all")
			}
		}
	}
	if len(stolenFrom) < 8 { // in turns, messages do not reach every phase
		t.Errorf("stolen in %v only", stolenFrom)
	}
}

func TestKeysOfMessagesBeforeAreNotInTheState(t *testing.T) {
	s := simulate(t, 1, spqr.Required, spqr.Required)
	var before [][]byte
	s.watch = func(to int, f flight, after spqr.State) {
		before = append(before, f.key)
		stored := after.Marshal()
		for _, key := range before[max(0, len(before)-300):] {
			if bytes.Contains(stored, key) {
				t.Fatal("a key that was used is still there")
			}
		}
	}
	s.bursts(100, 8, 0.2, 0, 0.2)
}

// notations are the ways in which fmt and encoders write bytes.
func notations(b []byte) []string {
	decimal := strings.Trim(fmt.Sprint(b), "[]")
	return []string{
		string(b), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), fmt.Sprintf("% x", b),
		decimal, strings.ReplaceAll(decimal, " ", ", "), strings.ReplaceAll(decimal, " ", ","),
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte{"), "}"), fmt.Sprintf("%q", b),
		base64.StdEncoding.EncodeToString(b[:6]),
	}
}

func TestNothingShowsAState(t *testing.T) {
	type holder struct {
		state spqr.State
		Shown *spqr.State
	}
	for name, s := range everyPhase(t) {
		var text strings.Builder
		for _, value := range []any{s, &s, holder{s, &s}, []spqr.State{s}, map[string]spqr.State{"a": s}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%p"} {
				fmt.Fprintf(&text, verb, value)
			}
			encoded, err := json.Marshal(value)
			fmt.Fprintf(&text, "%s %v", encoded, err)
		}
		for _, field := range [][]byte{nil, {1, 1, 1, 7}, {1, 99, 1, 0}, {1, 1, 0, 0}, {1, 1, 0xff, 0xff, 0xff, 0xff, 0xf, 0}} {
			_, _, err := s.Receive(field)
			fmt.Fprintf(&text, "%v %+v %#v", err, err, err)
		}
		stored := s.Marshal()
		for _, cut := range []int{1, 5, 60, len(stored) - 1} {
			_, err := spqr.Parse(stored[:cut])
			fmt.Fprintf(&text, "%v %+v %#v", err, err, err)
		}
		if form := shown(text.String(), stored); form != "" {
			t.Fatalf("%s is shown as %q", name, form)
		}
	}
	for _, verb := range []string{"%v", "%#v", "%s", "%x", "%X", "% x"} {
		if secret := spqr.New(spqr.Initiator, &agreed, spqr.Required).Marshal(); shown(fmt.Sprintf(verb, secret), secret) == "" {
			t.Errorf("the test does not notice bytes in %s", verb)
		}
	}
}

// shown returns the form in which any 8 bytes of secret, not mostly zero, are in
// text; "" if none are.
func shown(text string, secret []byte) string {
	for i := 0; i+8 <= len(secret) && i < 3000; i++ {
		if bytes.Count(secret[i:i+8], []byte{0}) > 2 {
			continue
		}
		for _, form := range notations(secret[i : i+8]) {
			if strings.Contains(text, form) {
				return form
			}
		}
	}
	return ""
}
