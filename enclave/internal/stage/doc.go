// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package stage is ceremony.Stage by the frame: it asks the frame for a place
// where the person can be spoken to, and carries screens and inputs between
// package ceremony and the port that leads there.
//
// There is one ceremony at a time. A second one is refused as busy: it neither
// replaces the first nor waits unseen behind it.
//
// shell/messages.ts specifies the messages. They come here flattened
// (shell/worker/flatten.ts). Everything is looked at again: an input counts
// only while a screen waits for one, only for that screen, and only once.
package stage
