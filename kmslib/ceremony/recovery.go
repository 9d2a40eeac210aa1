// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"crypto/subtle"
	"io"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/wire"
)

// entropySize is the length of a recovery key before encoding, in bytes.
const entropySize = 16

// newRecovery makes a recovery key, shows its words, and asks for them. It
// returns nil if the person does not want one, which is possible with
// skippable. The words are made here and shown on the person's screen: nobody
// else supplies them or gets them.
//
// The words go to the screen as text, which no program can erase. They are
// gone when the worker ends, which locking does.
func (t *talk) newRecovery(ctx context.Context, skippable bool) (unlock.Enroller, error) {
	entropy := make([]byte, entropySize)
	if _, err := io.ReadFull(t.ceremonies.config.Random, entropy); err != nil {
		return nil, err
	}
	t.secrets = append(t.secrets, entropy)
	words := unlock.EncodeRecovery(entropy)
	for {
		kept, err := t.showRecovery(ctx, words, skippable)
		if err != nil || !kept {
			return nil, err
		}
		confirmed, err := t.confirmRecovery(ctx, entropy, len(words))
		if err != nil {
			return nil, err
		}
		if confirmed {
			return unlock.WithRecovery(entropy), nil
		}
	}
}

// showRecovery returns false if the person wants no recovery key.
func (t *talk) showRecovery(ctx context.Context, words []string, skippable bool) (bool, error) {
	data := []wire.Member{flag("skip", skippable), list("words", words, wire.String)}
	var notOffered []string
	if !skippable {
		notOffered = []string{"skip"}
	}
	in, err := t.ask(ctx, ScreenRecoveryKey, notice{}, data, notOffered...)
	switch {
	case err != nil:
		return false, err
	case in.Action == "back":
		return false, errBack
	}
	return in.Action == "continue", nil
}

// confirmRecovery returns false if the person wants to see the words again.
func (t *talk) confirmRecovery(ctx context.Context, entropy []byte, count int) (bool, error) {
	var why notice
	for {
		in, err := t.ask(ctx, ScreenConfirmRecovery, why, []wire.Member{number("count", int64(count))})
		if err != nil {
			return false, err
		}
		if in.Action == "back" {
			return false, nil
		}
		typed, err := unlock.DecodeRecovery(in.Secrets[0])
		in.wipe()
		if err != nil {
			var known bool
			if why, known = problemOf(err); !known {
				return false, err
			}
			continue
		}
		same := subtle.ConstantTimeCompare(typed, entropy) == 1
		clear(typed)
		if same {
			return true, nil
		}
		why = notice{problem: ProblemRecoveryDiffers}
	}
}
