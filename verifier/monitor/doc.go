// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package monitor watches a transparency log for what the publishers of a
// policy have signed: a signature that nobody can explain is a release that
// somebody was meant not to see.
//
// The log is a Rekor v2 log, read through the C2SP tlog-tiles interface, over
// HTTP or from a folder. Run looks once; it is meant for cron. It
//
//  1. fetches the checkpoint, which a log key of the trust root and the
//     policy's quorum of witnesses must have signed
//  2. checks that the log only grew since the checkpoint in the state: the
//     tiles of the new tree, authenticated against its root, must give the old
//     root for the old size. A fork or a smaller tree is an alarm, and both
//     signed checkpoints are written beside the state as evidence
//  3. reads every entry since then. Its hash must be the one in the tree
//  4. selects the entries of the policy's publishers, update keys and
//     rebuilders: by certificate, which must chain to the trust root, or by
//     key
//  5. looks for the digest that each publisher signed among the known
//     releases, whose evidence must fulfil the policy as package evidence
//     checks it, except that a release may be old, below the minimum or
//     revoked by now. Else it is an alarm
//
// An alarm stays, and makes every later run fail, until a person acknowledges
// it by its number.
//
// # State
//
// One file in the canonical JSON of package wire:
//
//	{
//	  "format": "kms-enclave-monitor/1",
//	  "log": "rekor.example",         origin of the log
//	  "watched": "5f1c…",             SHA-256 of who is watched, see watch.digest
//	  "checkpoint": "rekor.example\n…", as signed; consistent with all before it
//	  "first": 0,                     entries before it were never looked at
//	  "next": 25,                     entries before it were looked at
//	  "publishers": 3,                entries of publishers and update keys
//	  "rebuilders": 2,                entries of rebuilders
//	  "claimed": 0,                   entries that name a signer in a certificate
//	                                  that does not chain to the trust root
//	  "succeeded": 1767225600,        when all had been looked at, Unix seconds
//	  "numbered": 1,                  number of the newest alarm
//	  "alarms": [
//	    {
//	      "number": 1,
//	      "kind": "unknown-release",  one of Kinds
//	      "entry": 17,                index in the log; for a fork or a rollback
//	                                  the size of the tree
//	      "count": 1,                 how many entries it stands for
//	      "who": "acme",              name in the policy
//	      "digest": "02fa…",          that was signed; of the evidence for a fork
//	      "acknowledged": false
//	    }
//	  ]
//	}
//
// It is replaced atomically: written beside, synced, renamed, the folder
// synced. The place in the log and the alarms up to it are in the same file,
// so a crash at any moment can make a run look at entries twice, but never
// skip one or lose an alarm.
//
// # Evidence
//
// A fork is written to the state's name with ".fork-" and 16 hexadecimal
// digits:
//
//	{
//	  "format": "kms-enclave-fork/1",
//	  "log": "rekor.example",
//	  "first": "…", "second": "…",    the signed checkpoints, the smaller first
//	  "root": "…",                    base64: what the second's tree has as root
//	                                  for the size of the first
//	  "proof": ["…"]                  consistency proof (RFC 6962, 2.1.2) of that;
//	                                  empty for equal sizes
//	}
package monitor
