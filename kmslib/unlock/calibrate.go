// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"context"
	"io"
)

// DefaultTarget is how long opening by a passphrase should take, in
// milliseconds: one that nobody minds once per session.
const DefaultTarget = 400

// The measuring of Calibrate. Times are in milliseconds.
const (
	firstProbe = 200       // iterations
	lastShort  = 2_000_000 // iterations that no machine does in less than minProbe
	minProbe   = 32        // shortest probe that counts
	ticks      = 8         // and no shorter than so many ticks of the clock
	minProbes  = 8         // of one length, of which
	agreeing   = 3         // the least must agree
	agreement  = 40        // to one part of so many, or to a tick;
	maxProbes  = 24        // no more than that,
	maxWait    = 8         // or than so many targets
)

// Calibrate returns the number of PBKDF2 iterations that take target
// milliseconds here, at least MinIterations. Clock gives milliseconds from any
// start. Errors are those of keys.Ops and env.Random.
//
// What disturbs a measurement (other tabs, other cores, a clock that is coarse
// on purpose) makes it longer, so it is repeated and the least is taken, until
// the three least agree. The result is rounded down to MinIterations × 1.1^n: two
// calibrations of one device differ by one step, if at all.
func Calibrate(ctx context.Context, env Env, clock func() int64, target int64) (iterations int, err error) {
	p := prober{ctx: ctx, env: env, clock: clock, target: max(target, 1)}
	for n := int64(firstProbe); n <= MaxIterations; n *= 2 {
		least, err := p.measure(n)
		if err != nil {
			return 0, err
		}
		if least >= p.enough() {
			return grid(n * p.target / least), nil
		}
		if least < minProbe && n >= lastShort {
			break
		}
	}
	return MinIterations, nil // no clock that measures anything
}

// Measure returns how many milliseconds a passphrase takes to stretch by PBKDF2
// with so many iterations here. Clock is as for Calibrate.
func Measure(ctx context.Context, env Env, clock func() int64, iterations int) (int64, error) {
	p := prober{ctx: ctx, env: env, clock: clock}
	return p.probe(int64(iterations))
}

// prober measures how long iterations take.
type prober struct {
	ctx    context.Context
	env    Env
	clock  func() int64
	target int64
	tick   int64 // least step that the clock was seen to make, 0 if none
	spent  int64
}

// enough returns how long a probe must be so that ticks do not matter; and so
// that there is time for some.
func (p *prober) enough() int64 {
	return max(min(max(minProbe, ticks*p.tick), p.target/2), 1)
}

// measure returns the least time that n iterations took. One time that is not
// enough ends it: then n was too small.
func (p *prober) measure(n int64) (int64, error) {
	var least []int64 // the best so far, sorted
	for count := 1; ; count++ {
		took, err := p.probe(n)
		if err != nil {
			return 0, err
		}
		least = insert(least, took)
		if least[0] < p.enough() || count >= minProbes && p.agree(least) ||
			count >= maxProbes || count >= agreeing && p.spent > maxWait*p.target {
			return least[0], nil
		}
	}
}

// agree says whether the least times tell the same.
func (p *prober) agree(sorted []int64) bool {
	return sorted[agreeing-1]-sorted[0] <= max(sorted[0]/agreement, p.tick)
}

// probe returns how long n iterations take. Each has a salt of its own, since a
// browser may remember what it was asked before.
func (p *prober) probe(n int64) (int64, error) {
	salt := make([]byte, SaltSize)
	if _, err := io.ReadFull(p.env.Random, salt); err != nil {
		return 0, err
	}
	start := p.clock()
	if _, err := p.env.Keys.PBKDF2(p.ctx, []byte("calibration"), salt, int(n)); err != nil {
		return 0, err
	}
	took := max(p.clock()-start, 0)
	if took > 0 && (p.tick == 0 || took < p.tick) {
		p.tick = took
	}
	p.spent += took
	return took, nil
}

// insert returns the least of sorted and one more, sorted.
func insert(sorted []int64, more int64) []int64 {
	at := len(sorted)
	for at > 0 && sorted[at-1] > more {
		at--
	}
	sorted = append(sorted[:at], append([]int64{more}, sorted[at:]...)...)
	return sorted[:min(len(sorted), agreeing)]
}

// grid returns the last of MinIterations × 1.1^n, each rounded down, that is
// not above n.
func grid(n int64) int {
	step := int64(MinIterations)
	for next := step * 11 / 10; next <= n && next <= MaxIterations; next = step * 11 / 10 {
		step = next
	}
	return int(step)
}
