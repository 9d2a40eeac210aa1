// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package rekor runs upstream's rekor-server (Rekor v2, the POSIX tiles backend) and puts in front of it the one
// address that a public instance has:
//
//	POST /api/v2/log/entries       to rekor-server
//	GET  /api/v2/checkpoint        from the log's folder: the C2SP tlog-tiles read API
//	GET  /api/v2/tile/<L>/<N>
//	GET  /api/v2/tile/entries/<N>
//
// rekor-server's packages are internal but for its command line, which ends the process at any error and stops
// only by a signal. So the same executable starts itself again as a child and becomes rekor-server there; the
// caller's main function, and TestMain of a test, must begin with RunIfChild.
package rekor
