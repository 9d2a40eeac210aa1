// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package watch follows the vault's session: it tells apps and other tabs what
// becomes of it, ends it when its time is over, and then ends the worker.
//
// Only the end of a worker erases what was in its memory. So when a session is
// over, by whatever cause, requests that run are answered, every port is given
// back to the frame, and the frame starts a worker afresh.
//
//	locked by this tab's person or app   ─▶ after the ceremony that is open ─┐
//	time is over, or locked in another tab ─▶ that ceremony ends at once ────┴▶ worker ends
package watch
