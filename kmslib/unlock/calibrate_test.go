// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
)

// machine simulates a device: its time passes while it stretches.
type machine struct {
	keystest.Ops
	perMilli float64 // iterations
	tick     float64 // of its clock, in milliseconds
	noise    func() float64
	now      float64 // milliseconds
	probes   int
}

func (m *machine) PBKDF2(ctx context.Context, _, _ []byte, n int) (keys.Handle, error) {
	m.probes++
	m.now += float64(n) / m.perMilli * m.noise()
	return nil, ctx.Err()
}

func (m *machine) clock() int64 {
	return int64(m.now/m.tick) * int64(m.tick)
}

// The noises of the simulation, as factors of the true time.
var noises = map[string]func(*mathrand.Rand) func() float64{
	"none": func(*mathrand.Rand) func() float64 { return func() float64 { return 1 } },
	// A device with other work: a little always, now and then a lot.
	"busy": func(r *mathrand.Rand) func() float64 {
		return func() float64 {
			f := 1 + 0.02*r.Float64()
			if r.Float64() < 0.4 {
				f += 2 * r.ExpFloat64()
			}
			return f
		}
	},
	// Work that comes and stays for some probes.
	"bursts": func(r *mathrand.Rand) func() float64 {
		left := 0
		return func() float64 {
			if left--; left < 0 && r.Float64() < 0.2 {
				left = 1 + r.IntN(4)
			}
			if left > 0 {
				return 1.5 + r.Float64()
			}
			return 1 + 0.01*r.Float64()
		}
	},
}

// On one device the choice is the same within 20 %, whatever else it does, and
// never below the floor; it takes the time that is wanted.
//
// Mistake M36 (docs/mistakes.md).
func TestCalibrationIsStable(t *testing.T) {
	const target = DefaultTarget
	for name, noise := range noises {
		for _, perMilli := range []float64{300, 1_000, 1_700, 5_000, 9_000, 30_000} {
			t.Run(name+"/"+strconv.Itoa(int(perMilli)), func(t *testing.T) {
				r := mathrand.New(mathrand.NewPCG(1, uint64(perMilli)))
				chosen := make([]int, 300)
				for i := range chosen {
					m := &machine{perMilli: perMilli, tick: 1, noise: noise(r), now: 1e6 * r.Float64()}
					began := m.now
					var err error
					chosen[i], err = Calibrate(t.Context(), Env{m, rand.Reader}, m.clock, target)
					if err != nil {
						t.Fatal(err)
					}
					if took := m.now - began; took > 12*target {
						t.Errorf("took %.0f ms", took)
					}
				}
				least, most := slices.Min(chosen), slices.Max(chosen)
				if float64(most) > 1.2*float64(least) {
					t.Errorf("%d to %d iterations", least, most)
				}
				wanted := perMilli * target
				if least < MinIterations || wanted > MinIterations && float64(least) < 0.8*wanted ||
					float64(most) > max(1.1*wanted, MinIterations) {
					t.Errorf("%d to %d iterations, want about %.0f", least, most, wanted)
				}
			})
		}
	}
}

// A clock that is coarse on purpose still gives a choice, if a rougher one: Stale
// sees to the rest.
func TestCalibrationWithCoarseClocks(t *testing.T) {
	const target = DefaultTarget
	for _, c := range []struct {
		tick        float64
		noise       string
		least, most float64 // of the target
	}{
		{16, "none", 0.9, 1.2},
		{16, "busy", 0.45, 1.2},
		{20, "busy", 0.45, 1.2},
		{100, "none", 0.9, 2},
		{100, "busy", 0.25, 2},
	} {
		r := mathrand.New(mathrand.NewPCG(2, uint64(c.tick)))
		for range 200 {
			m := &machine{perMilli: 5_000, tick: c.tick, noise: noises[c.noise](r), now: 1e6 * r.Float64()}
			n, err := Calibrate(t.Context(), Env{m, rand.Reader}, m.clock, target)
			if err != nil {
				t.Fatal(err)
			}
			if real := float64(n) / m.perMilli; real < c.least*target || real > c.most*target {
				t.Errorf("clock of %.0f ms, noise %s: %.0f ms instead of %d", c.tick, c.noise, real, target)
			}
		}
	}
}

// A clock that measures nothing ends with the floor, and soon.
func TestCalibrationWithBrokenClocks(t *testing.T) {
	calls := int64(0)
	for name, clock := range map[string]func() int64{
		"stands still": func() int64 { return 42 },
		"runs back":    func() int64 { calls--; return calls },
		"counts calls": func() int64 { calls++; return calls },
	} {
		m := &machine{perMilli: 5_000, noise: func() float64 { return 1 }}
		n, err := Calibrate(t.Context(), Env{m, rand.Reader}, clock, DefaultTarget)
		if err != nil || n != MinIterations {
			t.Errorf("%s: %d iterations, %v", name, n, err)
		}
		if m.now > 2000 {
			t.Errorf("%s: it took %.0f ms", name, m.now)
		}
	}
}

func TestCalibrationNeverLeavesTheBounds(t *testing.T) {
	for _, perMilli := range []float64{1, 50, 1e7} {
		for _, target := range []int64{-1, 0, 1, 10, 400, 60_000} {
			m := &machine{perMilli: perMilli, tick: 1, noise: func() float64 { return 1 }}
			n, err := Calibrate(t.Context(), Env{m, rand.Reader}, m.clock, target)
			if err != nil || PBKDF2(n).reason() != "" {
				t.Errorf("%.0f/ms, %d ms: %d iterations, %v", perMilli, target, n, err)
			}
		}
	}
}

func TestCalibrationEndsWithTheContextAndTheFirstFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := &machine{perMilli: 5_000, tick: 1, noise: func() float64 { return 1 }}
	if _, err := Calibrate(ctx, Env{m, rand.Reader}, m.clock, 400); !errors.Is(err, context.Canceled) || m.probes != 1 {
		t.Errorf("error %v after %d probes", err, m.probes)
	}
}

func TestGridStepsAreAtMostATenth(t *testing.T) {
	last := MinIterations
	for n := int64(0); n < MaxIterations; n += 49_999 {
		step := grid(n)
		if step < last || float64(step) > 1.1*float64(last) || step > MinIterations && int64(step) > n {
			t.Fatalf("grid(%d) = %d after %d", n, step, last)
		}
		last = step
	}
	if grid(1<<40) > MaxIterations {
		t.Error("the grid goes beyond the bounds")
	}
}

// On a real clock, with the real function.
func TestCalibrationOfThisMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	n, err := Calibrate(t.Context(), Env{keystest.Ops{}, rand.Reader}, milliseconds(), 50)
	if err != nil || PBKDF2(n).reason() != "" {
		t.Errorf("%d iterations, %v", n, err)
	}
}
