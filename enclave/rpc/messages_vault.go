// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

// What the member state of status and of the event "state" says.
const (
	StateEmpty    = "empty"    // nobody has set up
	StateLocked   = "locked"   // somebody has, and the asking origin is not let in
	StateUnlocked = "unlocked" // open for the asking origin
	StateUnknown  = "unknown"  // storage cannot be read
)

// What the member protection says of the way in that opened the vault.
const (
	ProtectionEncryption = "encryption" // a secret of the person, without which nobody can open it
	ProtectionPolicy     = "policy"     // a passkey gate: the enclave checks it, the keys at rest do not need it
)

// The ways in, as package unlock names them.
const (
	MethodPassphrase  = "passphrase"
	MethodPasskeyPRF  = "passkey-prf"
	MethodPasskeyGate = "passkey-gate"
	MethodRecovery    = "recovery"
)

// userLength is the length of a user's id: base64url of 16 bytes.
const userLength = 22

// maxUsers bounds a count of users or of damaged records.
const maxUsers = 1 << 20

// SessionState is how the vault is for one origin. Members about the session
// are only there while it is open for that origin.
type SessionState struct {
	State      string
	Users      int64
	User       string
	Method     string
	Protection string
	IdleEnds   int64
	Ends       int64
}

func (m *SessionState) fields() []Field {
	return []Field{
		text("state", &m.State, "Whether there is a vault, and whether it is open for the asking origin; unknown if storage cannot be read.",
			oneOf(StateEmpty, StateLocked, StateUnlocked, StateUnknown)),
		integer("users", &m.Users, "How many users this storage has.", within(0, maxUsers)),
		userField(&m.User, "Id of the user whose vault is open.", optional()),
		methodField(&m.Method, optional()),
		protectionField(&m.Protection, optional()),
		integer("idleEnds", &m.IdleEnds, "When the vault locks itself if it is not used, in seconds since 1970.", within(1, maxInteger), optional()),
		integer("ends", &m.Ends, "When the vault locks itself in any case, in seconds since 1970.", within(1, maxInteger), optional()),
	}
}

// VaultSetupRequest asks the person to set up a user.
type VaultSetupRequest struct{}

func (m *VaultSetupRequest) fields() []Field { return nil }

// VaultUnlockRequest asks the person to open the vault.
type VaultUnlockRequest struct {
	User string
}

func (m *VaultUnlockRequest) fields() []Field {
	return []Field{userField(&m.User, "Id of the user whose vault is wanted. If left out, the person chooses.", optional())}
}

// SessionResponse says for whom the vault is open, and until when.
type SessionResponse struct {
	User       string
	Method     string
	Protection string
	IdleEnds   int64
	Ends       int64
}

func (m *SessionResponse) fields() []Field {
	return []Field{
		userField(&m.User, "Id of the user whose vault is open."),
		methodField(&m.Method),
		protectionField(&m.Protection),
		integer("idleEnds", &m.IdleEnds, "When the vault locks itself if it is not used, in seconds since 1970.", within(1, maxInteger)),
		integer("ends", &m.Ends, "When the vault locks itself in any case, in seconds since 1970.", within(1, maxInteger)),
	}
}

// VaultLockRequest asks to lock the vault.
type VaultLockRequest struct{}

func (m *VaultLockRequest) fields() []Field { return nil }

// VaultLockResponse says that the vault is locked for the asking origin.
type VaultLockResponse struct{}

func (m *VaultLockResponse) fields() []Field { return nil }

// VaultManageRequest asks to show the person the vault.
type VaultManageRequest struct{}

func (m *VaultManageRequest) fields() []Field { return nil }

// VaultManageResponse says that the person is done.
type VaultManageResponse struct{}

func (m *VaultManageResponse) fields() []Field { return nil }

func userField(p *string, doc string, bounds ...bound) Field {
	return text("user", p, doc, append([]bound{exactly(userLength), base64URL()}, bounds...)...)
}

func methodField(p *string, bounds ...bound) Field {
	return text("method", p, "How the vault was opened.",
		append([]bound{oneOf(MethodPassphrase, MethodPasskeyPRF, MethodPasskeyGate, MethodRecovery)}, bounds...)...)
}

func protectionField(p *string, bounds ...bound) Field {
	return text("protection", p, "What that way to open it is worth against somebody who has the storage: encryption, or only a policy that the enclave keeps.",
		append([]bound{oneOf(ProtectionEncryption, ProtectionPolicy)}, bounds...)...)
}
