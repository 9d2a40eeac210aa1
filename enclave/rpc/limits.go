// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

// Protocol is the version of the channel protocol that this package speaks.
const Protocol = 2

// The limits of a channel. Going over one is answered with an error, and
// changes nothing else.
const (
	MaxParamsUnits = 65536 // length of params, in UTF-16 code units
	MaxMethodUnits = 64    // length of a method name, in UTF-16 code units
	MaxBodies      = 64    // binary bodies of one request
	MaxInFlight    = 64    // requests of one port that are not answered yet
	Rate           = 200   // messages per second and port that are let in for long
	Burst          = 400   // messages per port that are let in at once

	// A body holds a segment of an attachment, 1 MiB, with its header. A request
	// of 64 messages has 64 KiB for each. Bodies lie in the memory of the program,
	// which never gets smaller, until they are answered: so those of a port
	// together are bounded, for a few streams at once.
	MaxBodyBytes     = 1<<20 + 1<<10 // bytes of one body
	MaxBodiesBytes   = 4 << 20       // bytes of the bodies of one request
	MaxInFlightBytes = 16 << 20      // bytes of the bodies of requests of one port that are not answered yet
)

// Limit is a limit of the channel as the generated files show it.
type Limit struct {
	Name  string // lower camel case
	Value int
	Doc   string
}

// Limits returns every limit of a channel, in the order of the reference page.
func Limits() []Limit {
	return []Limit{
		{"paramsUnits", MaxParamsUnits, "Length of a request's params, in UTF-16 code units (String.length)."},
		{"methodUnits", MaxMethodUnits, "Length of a method name, in UTF-16 code units."},
		{"bodies", MaxBodies, "Binary bodies of one request."},
		{"bodyBytes", MaxBodyBytes, "Bytes of one body."},
		{"bodiesBytes", MaxBodiesBytes, "Bytes of the bodies of one request."},
		{"inFlight", MaxInFlight, "Requests of one port that are not answered yet."},
		{"inFlightBytes", MaxInFlightBytes, "Bytes of the bodies of requests of one port that are not answered yet."},
		{"rate", Rate, "Messages per second and port that are let in for long."},
		{"burst", Burst, "Messages per port that are let in at once."},
	}
}
