// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package ceremonytest has what tests of ceremonies need: a person who acts by
// a script, and a passkey made of software.
package ceremonytest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/wire"
)

// Where the screens of a Person are.
const (
	Origin = "https://kms.example"
	RPID   = "kms.example"
)

// Answer is what a person does with a screen. It may look at it first.
type Answer func(screen ceremony.Screen) (ceremony.Input, error)

// Step is one line of a script: the screen that the person expects, and what
// the person does with it.
type Step struct {
	Screen string
	Answer Answer
}

// Person is a Stage with one person in front of it, who acts by a script. The
// person cancels when the script is over or another screen comes than the
// script says, which Err reports.
type Person struct {
	NoPasskeys bool
	In         string // origin of the page around the enclave's document; "" for none
	Refuse     error  // what Open returns

	mu      sync.Mutex
	script  []Step
	shown   []ceremony.Screen
	subject []ceremony.Subject
	secrets [][]byte
	busy    []string
	open    int
	err     error
}

// NewPerson returns a person who acts by a script.
func NewPerson(script ...Step) *Person { return &Person{script: script} }

// Then adds to the script.
func (p *Person) Then(script ...Step) *Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = append(p.script, script...)
	return p
}

// Err returns nil if the script was what happened, to its end, and every
// dialogue was closed.
func (p *Person) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.err != nil:
		return p.err
	case len(p.script) > 0:
		return fmt.Errorf("the screen %q was never shown; shown were %v", p.script[0].Screen, p.names())
	case p.open != 0:
		return fmt.Errorf("%d dialogues were not closed", p.open)
	}
	return nil
}

// Shown returns the screens that were shown, in order.
func (p *Person) Shown() []ceremony.Screen {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.shown)
}

// Subjects returns what each dialogue was opened with.
func (p *Person) Subjects() []ceremony.Subject {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.subject)
}

// BusyNames returns the progress texts that were shown, in order.
func (p *Person) BusyNames() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.busy)
}

// Secrets returns every secret that was given, as it is now: whoever took them
// should have wiped them.
func (p *Person) Secrets() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.secrets)
}

func (p *Person) names() []string {
	names := make([]string, len(p.shown))
	for i, screen := range p.shown {
		names[i] = screen.Name
		if why, ok := screen.Data.Get("problem"); ok {
			text, _ := why.AsString()
			names[i] += "(" + text + ")"
		}
	}
	return names
}

// Open implements ceremony.Stage.
func (p *Person) Open(_ context.Context, subject ceremony.Subject) (ceremony.Dialog, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Refuse != nil {
		return nil, p.Refuse
	}
	p.subject = append(p.subject, subject)
	p.open++
	return &dialog{person: p}, nil
}

// next records a screen and returns what the script says.
func (p *Person) next(screen ceremony.Screen) (Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = append(p.shown, screen)
	if len(p.script) == 0 {
		if p.err == nil {
			p.err = fmt.Errorf("the script is over, but there came another screen; shown were %v", p.names())
		}
		return nil, ceremony.ErrCancelled
	}
	if p.script[0].Screen != screen.Name {
		if p.err == nil {
			p.err = fmt.Errorf("expected the screen %q; shown were %v", p.script[0].Screen, p.names())
		}
		return nil, ceremony.ErrCancelled
	}
	answer := p.script[0].Answer
	p.script = p.script[1:]
	return answer, nil
}

// dialog is the one place where the person sits.
type dialog struct {
	person *Person
	closed bool
}

func (d *dialog) Show(ctx context.Context, screen ceremony.Screen) (ceremony.Input, error) {
	if err := ctx.Err(); err != nil {
		return ceremony.Input{}, err
	}
	answer, err := d.person.next(screen)
	if err != nil {
		return ceremony.Input{}, err
	}
	in, err := answer(screen)
	d.person.mu.Lock()
	d.person.secrets = append(d.person.secrets, in.Secrets...)
	d.person.mu.Unlock()
	return in, err
}

func (d *dialog) Busy(name string) {
	d.person.mu.Lock()
	defer d.person.mu.Unlock()
	d.person.busy = append(d.person.busy, name)
}

func (d *dialog) Close() {
	d.person.mu.Lock()
	defer d.person.mu.Unlock()
	if !d.closed {
		d.person.open--
	}
	d.closed = true
}

func (d *dialog) RPID() string      { return RPID }
func (d *dialog) Origin() string    { return Origin }
func (d *dialog) TopOrigin() string { return d.person.In }
func (d *dialog) Embedded() bool    { return d.person.In != "" }
func (d *dialog) Passkeys() bool    { return !d.person.NoPasskeys }

// Do answers with an action and fields, given as names and values in turn.
func Do(action string, fields ...string) Answer {
	return func(ceremony.Screen) (ceremony.Input, error) {
		return ceremony.Input{Action: action, Fields: pairs(fields)}, nil
	}
}

// Give answers with an action and one secret.
func Give(action, secret string) Answer {
	return func(ceremony.Screen) (ceremony.Input, error) {
		return ceremony.Input{Action: action, Secrets: [][]byte{[]byte(secret)}}, nil
	}
}

// Cancel gives up.
func Cancel() Answer {
	return func(ceremony.Screen) (ceremony.Input, error) { return ceremony.Input{}, ceremony.ErrCancelled }
}

// Look lets look see the screen before answer answers.
func Look(look func(data wire.Value), answer Answer) Answer {
	return func(screen ceremony.Screen) (ceremony.Input, error) {
		look(screen.Data)
		return answer(screen)
	}
}

func pairs(list []string) map[string]string {
	fields := make(map[string]string)
	for i := 0; i+1 < len(list); i += 2 {
		fields[list[i]] = list[i+1]
	}
	return fields
}

// Text returns a text member of a screen's data; "" if there is none.
func Text(data wire.Value, path ...string) string {
	value, _ := get(data, path).AsString()
	return value
}

// Number returns an integer member of a screen's data; 0 if there is none.
func Number(data wire.Value, path ...string) int64 {
	value, _ := get(data, path).AsInt()
	return value
}

// Texts returns a member that is a list of texts.
func Texts(data wire.Value, path ...string) []string {
	elements, _ := get(data, path).Elements()
	texts := make([]string, len(elements))
	for i, element := range elements {
		texts[i], _ = element.AsString()
	}
	return texts
}

func get(data wire.Value, path []string) wire.Value {
	for _, name := range path {
		data, _ = data.Get(name)
	}
	return data
}
