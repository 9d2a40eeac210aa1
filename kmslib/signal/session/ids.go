// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strconv"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// maxID is the greatest id of a prekey: Signal's have 24 bits. They count up
// from a random number, so that an account that was deleted and made again does
// not give the ids that peers have of the former one to other keys, and begin
// again at 1.
const maxID = 1<<24 - 1

// nextID returns the id after id.
func nextID(id uint32) uint32 { return id%maxID + 1 }

// between says whether counting up from first reaches id before next.
func between(first, id, next uint32) bool {
	return (id+maxID-first)%maxID < (next+maxID-first)%maxID
}

// idName returns an id as the name of a record.
func idName(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

// parseID reads the name of a record; 0 if it is not of an id.
func parseID(name string) uint32 {
	id, err := strconv.ParseUint(name, 10, 24)
	if err != nil || idName(uint32(id)) != name {
		return 0
	}
	return uint32(id)
}

// readID reads an id from a stored value.
func readID(r *proto.Reader, f proto.Field) uint32 {
	id := uint32(r.Uint(f, maxID))
	if id == 0 {
		r.Refuse(f.Number, "not an id")
	}
	return id
}
