// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package vault holds the keys: it decides which origin may use which key, and
// composes storage, clock, randomness and key operations, which come in through
// the four small interfaces of this package. Wiring them is the caller's
// concern, as are transport, user interface and who the calling origin is.
//
// Private keys are not among its bytes. KeyOps makes them and hands out a
// Handle, which a Store keeps beside the record; only KeyOps can use it.
//
// # Stored records
//
// A record is addressed by a Ref, a collection and a key inside it; it has a
// version, which counts its changes from 1, a value in bytes and maybe a
// Handle. The value is canonical JSON (package wire) whose member "format" says
// which of the formats here it is. A record that cannot be read, because its
// format is unknown or because it is damaged, is reported as *RecordError and
// kept: nothing here deletes or replaces it.
//
// # VAPID key record
//
// Collection "vapid", key: the origin, a space, the key id. Handle: the private
// key. The value has the format "kms-enclave-vapid-key/1":
//
//	format     "kms-enclave-vapid-key/1"
//	origin     to which the key is bound, as package origin writes it
//	kid        the key id, as package vapid defines it
//	publicKey  the application server key in base64url
//	created    Unix seconds
//
// All are required, others are refused. kid must be the thumbprint of
// publicKey, and origin and kid must be those of the Ref under which the record
// is found, so that a record moved to another place is not accepted there.
//
// Example, with line breaks for reading only:
//
//	{"created":1790000000,"format":"kms-enclave-vapid-key/1",
//	 "kid":"1qxvx3yqjgbvZphBjeF9pzkcix6bSXShl4OKROK7mE0",
//	 "origin":"https://app.example",
//	 "publicKey":"BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"}
package vault
