// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package stage

import (
	"context"
	"sync"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/wire"
)

// dialog is one conversation with the person.
type dialog struct {
	port   jsbridge.Value
	facts  facts
	listen jsbridge.Func
	leave  func() // gives the place back

	mutex  sync.Mutex
	turn   int          // number of the screen that is shown, or was last
	wants  bool         // whether that screen waits for an input
	inputs chan outcome // at most one for each screen
	over   error        // why nothing more comes; nil while the port is open
	closed bool
}

// outcome is what became of a screen.
type outcome struct {
	input ceremony.Input
	err   error
}

var _ ceremony.Dialog = (*dialog)(nil)

func newDialog(p place, leave func()) *dialog {
	return &dialog{port: p.port, facts: p.facts, leave: leave, inputs: make(chan outcome, 1)}
}

// Show implements ceremony.Dialog.
func (d *dialog) Show(ctx context.Context, screen ceremony.Screen) (ceremony.Input, error) {
	if err := ctx.Err(); err != nil {
		return ceremony.Input{}, err
	}
	if err := d.ask(screen); err != nil {
		return ceremony.Input{}, err
	}
	select {
	case o := <-d.inputs:
		return o.read(screen.Name)
	case <-ctx.Done():
		d.unask()
		return ceremony.Input{}, ctx.Err()
	}
}

// ask shows the screen and from now on takes one input for it.
func (d *dialog) ask(screen ceremony.Screen) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.over != nil {
		return d.over
	}
	d.turn++
	d.wants = true
	text := wire.Object(
		wire.Member{Name: "screen", Value: wire.String(screen.Name)},
		wire.Member{Name: "data", Value: screen.Data},
	).Append(nil)
	d.port.Call("postMessage", map[string]any{"kms": "screen", "text": string(text), "turn": d.turn})
	return nil
}

// unask takes no input any more, and wipes one that came meanwhile.
func (d *dialog) unask() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.wants = false
	select {
	case o := <-d.inputs:
		wipe(o.input)
	default:
	}
}

// receive is called with each message of the port: kind, turn, action, fields
// and secrets, as shell/worker/flatten.ts flattens it.
func (d *dialog) receive(args []jsbridge.Value) {
	kind, turn, secrets := args[0].String(), args[1].Int(), args[4:]
	switch kind {
	case "input":
		input, err := readInput(args[2].String(), args[3].String(), secrets)
		if err != nil {
			d.hang(err)
			return
		}
		d.deliver(turn, input)
	case "cancel":
		d.hang(ceremony.ErrCancelled)
	default:
		d.hang(&ceremony.ProtocolError{Reason: "expected an input or a cancel"})
	}
}

// deliver hands an input to the screen that waits for it. Others are wiped.
func (d *dialog) deliver(turn int, input ceremony.Input) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if !d.wants || turn != 0 && turn != d.turn {
		wipe(input)
		return
	}
	d.wants = false
	d.inputs <- outcome{input: input}
}

// hang ends the conversation: this screen and all later ones fail with why.
func (d *dialog) hang(why error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.over != nil {
		return
	}
	d.over = why
	if d.wants {
		d.wants = false
		d.inputs <- outcome{err: why}
	}
}

// read returns the outcome as Show does.
func (o outcome) read(screen string) (ceremony.Input, error) {
	if wrong, ok := o.err.(*ceremony.ProtocolError); ok {
		return ceremony.Input{}, &ceremony.ProtocolError{Screen: screen, Reason: wrong.Reason}
	}
	return o.input, o.err
}

// Busy implements ceremony.Dialog.
func (d *dialog) Busy(name string) {
	d.port.Call("postMessage", map[string]any{"kms": "busy", "name": name})
}

// Close implements ceremony.Dialog.
func (d *dialog) Close() {
	d.hang(ceremony.ErrCancelled)
	d.unask()
	d.mutex.Lock()
	closed := d.closed
	d.closed = true
	d.mutex.Unlock()
	if closed {
		return
	}
	d.port.Call("postMessage", map[string]any{"kms": "end"})
	d.port.Call("close")
	d.port.Set("onmessage", nil)
	d.port.Set("onmessageerror", nil)
	d.listen.Release()
	d.leave()
}

// RPID implements ceremony.Dialog.
func (d *dialog) RPID() string { return d.facts.rpID }

// Origin implements ceremony.Dialog.
func (d *dialog) Origin() string { return d.facts.origin }

// TopOrigin implements ceremony.Dialog.
func (d *dialog) TopOrigin() string { return d.facts.topOrigin }

// Embedded implements ceremony.Dialog.
func (d *dialog) Embedded() bool { return d.facts.embedded }

// Passkeys implements ceremony.Dialog.
func (d *dialog) Passkeys() bool { return d.facts.passkeys }
