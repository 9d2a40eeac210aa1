// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strconv"
	"time"

	"ats.run/kms-enclave/kmslib/wire"
)

// day is 24 hours: what a clock counts, whatever a calendar does.
const day = 24 * time.Hour

// longest is the longest duration: ten years of 365 days.
const longest = 3650 * day

// units are the letters after a duration's number.
var units = map[byte]time.Duration{'d': day, 'h': time.Hour, 'm': time.Minute, 's': time.Second}

// parseDuration reads a whole number and its unit, such as "90d". There is one
// spelling of each: no sign, no leading zero, no second unit.
func parseDuration(s string) (time.Duration, bool) {
	if len(s) < 2 || len(s) > 12 {
		return 0, false
	}
	unit, ok := units[s[len(s)-1]]
	digits := s[:len(s)-1]
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 0 || strconv.FormatInt(n, 10) != digits || n > int64(longest/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// FormatDuration writes a duration as policies do, in the largest unit that
// leaves a whole number.
func FormatDuration(d time.Duration) string {
	for _, unit := range []byte("dhm") {
		if size := units[unit]; d != 0 && d%size == 0 {
			return strconv.FormatInt(int64(d/size), 10) + string(unit)
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}

// duration reads a duration that must be there.
func duration(r *wire.ObjectReader, name string) time.Duration {
	d, ok := parseDuration(r.String(name))
	if !ok {
		r.Refuse(name, `expected a whole number and d, h, m or s, such as "90d", at most "3650d"`)
	}
	return d
}
