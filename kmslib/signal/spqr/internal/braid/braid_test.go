// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package braid

import (
	"bytes"
	"crypto/mlkem"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/authenticator"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
)

var agreed = Secret{1, 2, 3}

// epoch runs one epoch between two states and returns those of the next.
func epoch(t *testing.T, owner KeysUnsampled, other NoHeaderReceived) (KeysUnsampled, NoHeaderReceived) {
	t.Helper()
	random := rand.NewChaCha8([32]byte{byte(owner.Epoch)})
	headerSent, header, err := owner.SendHeader(random)
	if err != nil {
		t.Fatal(err)
	}
	headerReceived, err := other.ReceiveHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	ciphertext1Sent, ciphertext1, secret, err := headerReceived.SendCiphertext1(random)
	if err != nil {
		t.Fatal(err)
	}
	keySent, key := headerSent.SendKey()
	ciphertext1Received := keySent.ReceiveCiphertext1(ciphertext1)
	ciphertext2Sent, ciphertext2, err := ciphertext1Sent.ReceiveKey(key)
	if err != nil {
		t.Fatal(err)
	}
	next, secretOfOwner, err := ciphertext1Received.ReceiveCiphertext2(ciphertext2)
	if err != nil || secretOfOwner != secret {
		t.Fatalf("the parties have different secrets, %v", err)
	}
	if len(header) != HeaderSize || len(key) != KeySize || len(ciphertext1) != Ciphertext1Size || len(ciphertext2) != Ciphertext2Size {
		t.Error("messages of other sizes")
	}

	// The secret and the MACs are those of the protocol, with another ML-KEM.
	private, err := mlkem.NewDecapsulationKey768(headerSent.Seed[:])
	if err != nil {
		t.Fatal(err)
	}
	ciphertext := bytes.Join([][]byte{ciphertext1, ciphertext2[:128]}, nil)
	shared, err := private.Decapsulate(ciphertext)
	if err != nil || secret != kdf.EpochSecret((*Secret)(shared), owner.Epoch) {
		t.Errorf("another secret than the standard library's, %v", err)
	}
	before := owner.Authenticator
	after := before.Update(owner.Epoch, &secret)
	macOfHeader, macOfCiphertext := before.Header(owner.Epoch, header[:64]), after.Ciphertext(owner.Epoch, ciphertext)
	if !bytes.Equal(header[64:], macOfHeader[:]) || !bytes.Equal(ciphertext2[128:], macOfCiphertext[:]) {
		t.Error("a MAC is not made with the key of its time")
	}
	if next.Authenticator != after || next.Epoch != owner.Epoch+1 {
		t.Error("the owner does not go on with the secret taken in")
	}
	return ciphertext2Sent.NextEpoch(), next
}

func TestPartiesAgreeEpochAfterEpoch(t *testing.T) {
	owner, other := Initiator(&agreed), Responder(&agreed)
	if owner.Authenticator != authenticator.New(&agreed) {
		t.Error("the authenticator begins otherwise")
	}
	for want := uint64(1); want < 5; want++ {
		if owner.Epoch != want || owner.Session != other.Session {
			t.Fatalf("the parties are at %d and %d", owner.Epoch, other.Epoch)
		}
		owner, other = epoch(t, owner, other)
	}
}

func TestEverythingThatIsNotThePeersIsRefused(t *testing.T) {
	random := rand.NewChaCha8([32]byte{})
	owner, other := Initiator(&agreed), Responder(&agreed)
	headerSent, header, _ := owner.SendHeader(random)
	headerReceived, _ := other.ReceiveHeader(header)
	ciphertext1Sent, ciphertext1, _, _ := headerReceived.SendCiphertext1(random)
	keySent, key := headerSent.SendKey()
	_, ciphertext2, err := ciphertext1Sent.ReceiveKey(key)
	if err != nil {
		t.Fatal(err)
	}
	everyByte := func(what string, message []byte, step int, receive func([]byte) error) {
		for i := 0; i < len(message); i += step {
			changed := bytes.Clone(message)
			changed[i] ^= 0x10
			if err := receive(changed); !errors.Is(err, ErrAuthentication) {
				t.Errorf("%s with byte %d changed: %v", what, i, err)
			}
		}
	}
	everyByte("header", header, 1, func(b []byte) error {
		next, err := other.ReceiveHeader(b)
		if next != (HeaderReceived{}) {
			t.Error("a state beside the error")
		}
		return err
	})
	everyByte("key", key, 31, func(b []byte) error {
		_, _, err := ciphertext1Sent.ReceiveKey(b)
		return err
	})
	everyByte("ct1", ciphertext1, 31, func(b []byte) error {
		_, _, err := keySent.ReceiveCiphertext1(b).ReceiveCiphertext2(ciphertext2)
		return err
	})
	everyByte("ct2", ciphertext2, 1, func(b []byte) error {
		_, secret, err := keySent.ReceiveCiphertext1(ciphertext1).ReceiveCiphertext2(b)
		if secret != (Secret{}) {
			t.Error("a secret beside the error")
		}
		return err
	})
	other.Epoch++
	if _, err := other.ReceiveHeader(header); !errors.Is(err, ErrAuthentication) {
		t.Errorf("the header of another epoch: %v", err)
	}
}

func TestStepsKeepNothingOfABrokenSource(t *testing.T) {
	broken := errors.New("broken")
	if next, header, err := Initiator(&agreed).SendHeader(iotest.ErrReader(broken)); !errors.Is(err, broken) || header != nil || next != (HeaderSent{}) {
		t.Errorf("SendHeader: %v", err)
	}
	short := bytes.NewReader(make([]byte, 31))
	if _, ciphertext, _, err := (HeaderReceived{}).SendCiphertext1(short); err == nil || ciphertext != nil {
		t.Errorf("SendCiphertext1: %v", err)
	}
}
