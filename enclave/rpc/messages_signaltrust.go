// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

// SignalNameRequest names a contact.
type SignalNameRequest struct {
	Name string
}

func (m *SignalNameRequest) fields() []Field { return []Field{nameField(&m.Name)} }

// SignalSafetyNumberRequest asks for the safety number of a contact.
type SignalSafetyNumberRequest struct {
	Name    string
	Scanned []byte
}

func (m *SignalSafetyNumberRequest) fields() []Field { return []Field{nameField(&m.Name)} }

func (m *SignalSafetyNumberRequest) bodies() Bodies {
	return body(&m.Scanned, "What was scanned from the contact's screen, to compare it.").sized(1, maxScanned).orNone()
}

// What the member scanned of a safety number says.
const (
	ScannedSame      = "same"
	ScannedDifferent = "different"
)

// SignalSafetyNumber is the safety number of a contact.
type SignalSafetyNumber struct {
	Digits  string
	Scanned string
	Code    []byte
}

func (m *SignalSafetyNumber) fields() []Field {
	return []Field{
		text("digits", &m.Digits, "The safety number: 60 digits, which both sides see.", exactly(safetyLen)),
		text("scanned", &m.Scanned, "Whether what was scanned is of the same keys; left out if nothing was.", oneOf(ScannedSame, ScannedDifferent), optional()),
	}
}

func (m *SignalSafetyNumber) bodies() Bodies {
	return body(&m.Code, "What to show as a QR code for the contact to scan.").sized(1, maxScanned)
}

// States of a contact.
const (
	ContactUnknown  = "unknown"
	ContactFirstUse = "first-use"
	ContactVerified = "verified"
	ContactChanged  = "changed"
)

// SignalContact is what is known of a contact.
type SignalContact struct {
	Name        string
	State       string
	IdentityKey string
	Previous    string
	Since       int64
}

func (m *SignalContact) fields() []Field {
	return []Field{
		nameField(&m.Name),
		text("state", &m.State, "unknown: no key was seen. first-use: trusted as the first, or accepted. verified: people compared safety numbers. changed: nothing is sent until it is accepted.",
			oneOf(ContactUnknown, ContactFirstUse, ContactVerified, ContactChanged)),
		identityKeyField(&m.IdentityKey, optional()),
		curveField("previousKey", &m.Previous, "The identity key before it changed, 33 bytes.", optional()),
		integer("since", &m.Since, "Since when the state is so, in seconds since 1970.", within(1, maxInteger), optional()),
	}
}

// SignalContactList is all contacts.
type SignalContactList struct {
	Contacts []SignalContact
}

func (m *SignalContactList) fields() []Field {
	return []Field{objects("contacts", &m.Contacts, "The contacts, in the order of their names.", within(0, maxListed))}
}

// SignalTrustAcceptRequest asks to accept a key.
type SignalTrustAcceptRequest struct {
	Name        string
	IdentityKey string
}

func (m *SignalTrustAcceptRequest) fields() []Field {
	return []Field{nameField(&m.Name), identityKeyField(&m.IdentityKey)}
}

// SignalTrustVerifyRequest asks to mark a key as verified, or not.
type SignalTrustVerifyRequest struct {
	Name        string
	IdentityKey string
	Verified    bool
}

func (m *SignalTrustVerifyRequest) fields() []Field {
	return []Field{
		nameField(&m.Name),
		identityKeyField(&m.IdentityKey),
		flag("verified", &m.Verified, "Whether people compared the safety numbers and found them the same."),
	}
}
