// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package tabs shares the open session among the tabs of one storage partition,
// so that a person unlocks once, and locks once.
//
// # Messages
//
// On the BroadcastChannel "kms-enclave-session", which only documents and
// workers of the enclave's own origin can join:
//
//	{kms: "hello"}                      a tab asks whether there is a session
//	{kms: "session", session}           there is: opened, opened for one more
//	                                    origin, or as the answer to hello
//	{kms: "used", session: id, at}      it was used, at Unix seconds
//	{kms: "lock", session: id}          it is over, in every tab
//
// Each tab with an open session also holds the Web Lock "kms-enclave-open",
// shared. By that a tab that has just started sees whether an answer to hello
// will come, and waits for it before it answers its app.
//
// session has the members of vault.Shared, with lower-case initials; base is a
// CryptoKey that is not extractable, which browsers hand over as such. All
// integers are numbers. A message of another shape is ignored, and so is a
// session that the vault refuses to adopt: the vault asks the storage, not the
// channel, whether a session still counts.
package tabs
