// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strconv"
	"strings"
)

// Limits of an Address.
const (
	MaxName   = 128 // bytes
	MaxDevice = 127 // so that it fits the one byte that messages have for it
)

// Address is a device of somebody.
type Address struct {
	Name   string // 1 to MaxName bytes of printable ASCII without space
	Device uint32 // 1 to MaxDevice
}

// String returns the address as name.device. Its inverse is ParseAddress.
func (a Address) String() string {
	return a.Name + "." + strconv.FormatUint(uint64(a.Device), 10)
}

// ParseAddress reads name.device. The error is an *InputError.
func ParseAddress(text string) (Address, error) {
	dot := strings.LastIndexByte(text, '.')
	if dot < 0 {
		return Address{}, &InputError{"address", "expected name.device"}
	}
	device, err := strconv.ParseUint(text[dot+1:], 10, 32)
	a := Address{text[:dot], uint32(device)}
	if err != nil || a.String() != text {
		return Address{}, &InputError{"address", "expected name.device"}
	}
	return a, a.check("address")
}

// check returns an *InputError unless the address is within the limits.
func (a Address) check(field string) error {
	if err := checkName(field, a.Name); err != nil {
		return err
	}
	if a.Device < 1 || a.Device > MaxDevice {
		return &InputError{field, "expected a device from 1 to 127"}
	}
	return nil
}

// checkName returns an *InputError unless the name is within the limits.
func checkName(field, name string) error {
	if len(name) < 1 || len(name) > MaxName {
		return &InputError{field, "expected a name of 1 to 128 bytes"}
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return &InputError{field, "expected a name of printable ASCII without space"}
		}
	}
	return nil
}
