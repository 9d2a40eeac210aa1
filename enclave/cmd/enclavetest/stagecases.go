// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/stage"
	"ats.run/kms-enclave/kmslib/ceremony"
)

// stageCases are the promises of a stage: when there is a place, and whose.
func stageCases() []testCase {
	return []testCase{
		{"a second ceremony is refused as busy and the first goes on", secondCeremonyIsBusy},
		{"a place that is not given is told with its reason", func(ctx context.Context) error {
			for reason, want := range map[string]error{"cancelled": ceremony.ErrCancelled, "blocked": ceremony.ErrBlocked} {
				f := newFrame()
				f.onStage = func() { f.answer.Invoke(reason) }
				if _, err := f.stage.Open(ctx, testSubject); !errors.Is(err, want) {
					return errors.New("want: " + want.Error())
				}
				f.onStage = f.place
				if _, err := f.stage.Open(ctx, testSubject); err != nil {
					return err // the place is free again
				}
			}
			return nil
		}},
		{"who no longer wants a place gives it back", func(ctx context.Context) error {
			f := newFrame()
			short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			defer cancel()
			if _, err := f.stage.Open(short, testSubject); !errors.Is(err, context.DeadlineExceeded) {
				return errors.New("want the context's error")
			}
			if !slices.Equal(f.unstaged, []int{1}) {
				return errors.New("the place was not given back")
			}
			return nil
		}},
		{"a window that is gone without a word ends its ceremony", func(ctx context.Context) error {
			f := newFrame()
			f.onStage = f.place
			dialog, err := f.stage.Open(ctx, testSubject)
			if err != nil {
				return err
			}
			f.answer.Invoke("cancelled")
			if _, err := dialog.Show(ctx, testScreen); !errors.Is(err, ceremony.ErrCancelled) {
				return errors.New("want: " + ceremony.ErrCancelled.Error())
			}
			return nil
		}},
		{"facts of the place are those that the frame told", func(ctx context.Context) error {
			f := newFrame()
			f.onStage = f.place
			d, err := f.stage.Open(ctx, testSubject)
			if err != nil {
				return err
			}
			if d.RPID() != "kms.example" || d.Origin() != "https://kms.example" || d.TopOrigin() != "https://app.example" || !d.Embedded() || !d.Passkeys() {
				return errors.New("a fact is another than was told")
			}
			return nil
		}},
	}
}

// secondCeremonyIsBusy opens a second ceremony while the first waits for its
// place, and again while it is shown.
//
// Mistakes M03 and M40 (docs/mistakes.md).
func secondCeremonyIsBusy(ctx context.Context) error {
	f := newFrame()
	opened := make(chan ceremony.Dialog, 1)
	go func() {
		dialog, _ := f.stage.Open(ctx, testSubject)
		opened <- dialog
	}()
	if err := eventually(func() bool { return f.answer.Truthy() }); err != nil {
		return err
	}
	if _, err := f.stage.Open(ctx, testSubject); !errors.Is(err, ceremony.ErrBusy) {
		return errors.New("a second ceremony was let in while the first waits for its place")
	}
	f.place()
	first := <-opened
	if _, err := f.stage.Open(ctx, testSubject); !errors.Is(err, ceremony.ErrBusy) {
		return errors.New("a second ceremony was let in while the first is open")
	}
	result := show(ctx, first)
	f.input(1, "approve", "{}")
	if got := <-result; got.err != nil {
		return got.err
	}
	first.Close()
	f.stage.Wait(ctx)
	f.onStage = f.place
	_, err := f.stage.Open(ctx, testSubject)
	return err
}

var (
	testSubject = ceremony.Subject{Operation: "vapid.delete", Origin: "https://app.example", User: "Ada"}
	testScreen  = ceremony.Screen{Name: ceremony.ScreenConfirm, Data: emptyObject}
)

// frame is what a stage finds instead of the worker's script and the frame.
type frame struct {
	stage    *stage.Stage
	onStage  func()
	answer   jsbridge.Value // of the last ceremony
	receive  jsbridge.Value // takes what the person does
	staged   int
	unstaged []int
	place    func()   // gives the ceremony a place
	shown    []string // what came there, as kind and text
}

func newFrame() *frame {
	f := &frame{onStage: func() {}}
	f.place = f.givePlace
	f.stage = stage.New(jsbridge.ValueOf(map[string]any{
		"stage": jsbridge.Callbacks(func(args []jsbridge.Value) {
			f.staged++
			f.answer = args[2]
			f.onStage()
		}),
		"unstage":        jsbridge.Callback(func(id jsbridge.Value) { f.unstaged = append(f.unstaged, id.Int()) }),
		"listenToPerson": jsbridge.Callbacks(func(args []jsbridge.Value) { f.receive = args[1] }),
	}))
	return f
}

func (f *frame) givePlace() {
	channel, err := jsbridge.New("MessageChannel")
	if err != nil {
		return
	}
	channel.Get("port2").Set("onmessage", jsbridge.Callback(func(event jsbridge.Value) {
		data := event.Get("data")
		text := data.Get("kms").String()
		if data.Get("text").Truthy() {
			text += " " + data.Get("text").String()
		}
		f.shown = append(f.shown, text)
	}).Value)
	f.answer.Invoke("staged", channel.Get("port1"), true, "kms.example", "https://kms.example", "https://app.example", true)
}

// input does what shell/worker/flatten.ts makes of an input.
func (f *frame) input(turn int, action, fields string, secrets ...any) {
	f.receive.Invoke(append([]any{"input", turn, action, fields}, secrets...)...)
}
