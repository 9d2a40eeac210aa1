// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/wire"
)

var emptyObject = wire.Object()

// dialogCases are the promises of a dialogue on a stage.
func dialogCases() []testCase {
	return []testCase{
		inDialog("a screen is shown and its input comes back", inputComesBack),
		inDialog("an input counts once, and only for its screen", inputCountsOnce),
		inDialog("an input that nobody waits for is wiped", func(ctx context.Context, f *frame, d ceremony.Dialog) error {
			secret := jsbridge.Bytes([]byte("secret"))
			f.input(0, "approve", "{}", secret)
			if left, _ := jsbridge.CopyBytes(secret, 6); !bytes.Equal(left, make([]byte, 6)) {
				return errors.New("the secret is still in the message")
			}
			short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			defer cancel()
			if _, err := d.Show(short, testScreen); !errors.Is(err, context.DeadlineExceeded) {
				return errors.New("an input counted that came before the screen")
			}
			return nil
		}),
		inDialog("cancelling ends this screen and all later ones", func(ctx context.Context, f *frame, d ceremony.Dialog) error {
			result := show(ctx, d)
			f.receive.Invoke("cancel", 0, "", "")
			if err := (<-result).err; !errors.Is(err, ceremony.ErrCancelled) {
				return errors.New("want: " + ceremony.ErrCancelled.Error())
			}
			if err := (<-show(ctx, d)).err; !errors.Is(err, ceremony.ErrCancelled) {
				return errors.New("a screen was shown after the person gave up")
			}
			return nil
		}),
		{"what is no input ends the ceremony", malformedEnds},
		inDialog("closing ends the place, once", func(ctx context.Context, f *frame, d ceremony.Dialog) error {
			result := show(ctx, d)
			d.Busy(ceremony.BusySaving)
			d.Close()
			d.Close()
			if (<-result).err == nil {
				return errors.New("a screen went on after the end")
			}
			if !slices.Equal(f.unstaged, []int{1}) {
				return errors.New("the place was not given back, or twice")
			}
			want := []string{`screen {"data":{},"screen":"confirm"}`, "busy", "end"}
			return eventually(func() bool { return slices.Equal(f.shown, want) })
		}),
	}
}

func inputComesBack(ctx context.Context, f *frame, d ceremony.Dialog) error {
	result := show(ctx, d)
	secrets := []any{jsbridge.Bytes([]byte("one")), jsbridge.Bytes([]byte("two"))}
	f.input(1, "continue", `{"label": "Ad\u00e4"}`, secrets...)
	got := <-result
	switch {
	case got.err != nil:
		return got.err
	case got.input.Action != "continue" || len(got.input.Fields) != 1 || got.input.Fields["label"] != "Adä":
		return errors.New("another input came back")
	case len(got.input.Secrets) != 2 || string(got.input.Secrets[1]) != "two":
		return errors.New("other secrets came back")
	}
	for _, secret := range secrets {
		if left, _ := jsbridge.CopyBytes(secret.(jsbridge.Value), 3); !bytes.Equal(left, make([]byte, 3)) {
			return errors.New("a secret is still in the message")
		}
	}
	return nil
}

// inputCountsOnce clicks twice.
//
// Mistake M03 (docs/mistakes.md): what a person approves on one screen is never
// taken for another.
func inputCountsOnce(ctx context.Context, f *frame, d ceremony.Dialog) error {
	first := show(ctx, d)
	f.input(1, "approve", "{}")
	f.input(1, "approve", "{}")
	if got := <-first; got.err != nil {
		return got.err
	}
	second := show(ctx, d)
	f.input(1, "approve", "{}")
	select {
	case <-second:
		return errors.New("an input of the first screen counted for the second")
	case <-time.After(20 * time.Millisecond):
	}
	f.input(2, "deny", "{}")
	got := <-second
	if got.err == nil && got.input.Action != "deny" {
		return errors.New("another input came back")
	}
	return got.err
}

// malformedEnds sends what no place of this release sends.
//
// Mistake M22 (docs/mistakes.md).
func malformedEnds(ctx context.Context) error {
	long := jsbridge.Bytes(make([]byte, 5000))
	for _, args := range [][]any{
		{"malformed", 0, "", ""},
		{"", 0, "", ""},
		{"input", 0, "continue", ""},
		{"input", 0, "continue", "[]"},
		{"input", 0, "continue", `{"a":1}`},
		{"input", 0, "continue", `{"a":"","a":""}`},
		{"input", 0, "continue", `{"a":"\ud800"}`},
		{"input", 0, "continue", "{}", long},
	} {
		f := newFrame()
		f.onStage = f.place
		d, err := f.stage.Open(ctx, testSubject)
		if err != nil {
			return err
		}
		result := show(ctx, d)
		f.receive.Invoke(args...)
		wrong, ok := errors.AsType[*ceremony.ProtocolError]((<-result).err)
		if !ok || wrong.Screen != testScreen.Name {
			return errors.New("want *ceremony.ProtocolError of the screen")
		}
	}
	return nil
}

// inDialog returns a case on an open dialogue.
func inDialog(name string, run func(context.Context, *frame, ceremony.Dialog) error) testCase {
	return testCase{name, func(ctx context.Context) error {
		f := newFrame()
		f.onStage = f.place
		d, err := f.stage.Open(ctx, testSubject)
		if err != nil {
			return err
		}
		defer d.Close()
		return run(ctx, f, d)
	}}
}

// shown is what became of a screen.
type shown struct {
	input ceremony.Input
	err   error
}

// show shows the screen of the cases; it waits for an input when show returns.
func show(ctx context.Context, d ceremony.Dialog) <-chan shown {
	result, waits := make(chan shown, 1), make(chan struct{})
	go func() {
		close(waits)
		input, err := d.Show(ctx, testScreen)
		result <- shown{input, err}
	}()
	<-waits
	time.Sleep(time.Millisecond)
	return result
}
