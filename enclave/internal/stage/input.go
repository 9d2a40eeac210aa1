// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package stage

import (
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/wire"
)

// maxSecret bounds a secret that comes from the person, in bytes; as
// inputLimits of shell/messages.ts.
const maxSecret = 4096

// readInput makes an Input of copies, and wipes what it copied secrets from.
func readInput(action, fields string, secrets []jsbridge.Value) (input ceremony.Input, err error) {
	input.Action = action
	for _, secret := range secrets {
		copied, failed := jsbridge.CopyBytes(secret, maxSecret)
		jsbridge.Wipe(secret)
		if failed != nil {
			err = &ceremony.ProtocolError{Reason: "a secret is too long"}
		}
		input.Secrets = append(input.Secrets, copied)
	}
	if err == nil {
		input.Fields, err = readFields(fields)
	}
	if err != nil {
		wipe(input)
		return ceremony.Input{}, err
	}
	return input, nil
}

// readFields reads a JSON object whose members are texts.
func readFields(text string) (map[string]string, error) {
	refused := &ceremony.ProtocolError{Reason: "expected fields to be a JSON object of texts"}
	value, err := wire.Parse([]byte(text))
	if err != nil {
		return nil, refused
	}
	members, ok := value.Members()
	if !ok {
		return nil, refused
	}
	fields := make(map[string]string, len(members))
	for _, m := range members {
		if fields[m.Name], ok = m.Value.AsString(); !ok {
			return nil, refused
		}
	}
	return fields, nil
}

func wipe(input ceremony.Input) {
	for _, secret := range input.Secrets {
		clear(secret)
	}
}
