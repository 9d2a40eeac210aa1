// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/wire"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrBusy      = errors.New("another ceremony is open; it ends first")
	ErrBlocked   = errors.New("the browser did not let the key window open")
	ErrCancelled = errors.New("the person ended the ceremony before it was done")
	ErrDenied    = errors.New("the person did not approve the request")
)

// ProtocolError says that the user interface sent what the screen it showed
// does not take. Screen is the name of that screen, Reason is fixed words.
type ProtocolError struct{ Screen, Reason string }

// Error describes the refusal.
func (e *ProtocolError) Error() string {
	return "ceremony screen " + e.Screen + ": " + e.Reason
}

// Subject is what a ceremony is about, and for whom: what every screen shows
// in its header. It never changes while a dialogue is open, except that User
// becomes known.
type Subject struct {
	Operation string // name of the method that asks, such as "vault.unlock"
	Origin    string // of the page that asks, as the browser gave it
	User      string // label of the user whom it concerns; "" while nobody is chosen
}

// Stage finds places where a person can be spoken to: the enclave's frame, or
// a window of its own. Open waits until there is one. Its errors are ErrBusy,
// ErrBlocked, ErrCancelled and the context's.
type Stage interface {
	Open(ctx context.Context, subject Subject) (Dialog, error)
}

// Dialog is one conversation with a person, at one place. It has one user at a
// time, who calls Close when done.
type Dialog interface {
	// Show shows a screen in place of the one before and waits for what the
	// person does with it. Screen.Data is complete: the members that every
	// screen has are in it. The Input is the caller's own copy. Errors:
	// ErrCancelled when the person or the app gives up, a *ProtocolError for a
	// message that is not an Input, and the context's.
	Show(ctx context.Context, screen Screen) (Input, error)

	// Busy shows that something is going on, by the name of a progress text:
	// one of the Busy constants. It does not wait.
	Busy(name string)

	// Close ends the conversation and gives up the place. It may be called
	// again, which does nothing.
	Close()

	// Facts of the place, which do not change.
	RPID() string      // WebAuthn relying party id: the host of Origin
	Origin() string    // of the document that shows the screens
	TopOrigin() string // of the top-level page if Embedded, as the browser gave it; "" if unknown
	Embedded() bool    // whether the document is inside a page of another origin
	Passkeys() bool    // whether WebAuthn can be used there
}

// Screen is one screen: what to show, and nothing of how.
type Screen struct {
	Name string     // one of the Screen constants
	Data wire.Value // an object, as the package comment says for each name
}

// Input is what a person did with a screen.
type Input struct {
	Action  string            // one of those that the package comment lists for the screen
	Fields  map[string]string // bytes in base64url without padding, integers in decimal
	Secrets [][]byte          // what nobody else may see; wiped by the flow that asked
}

// wipe erases the secrets of an input.
func (in Input) wipe() {
	for _, secret := range in.Secrets {
		clear(secret)
	}
}
