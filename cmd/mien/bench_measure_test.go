package main

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/engine"
)

// A step is warmed up and then timed in as many runs as asked for, of one step or of at least 20 ms: the median counts. The clock is a fake
// one.
func TestMeasure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := []time.Duration{900, 70, 9, 10, 2, 40}
		var memory []byte
		b := &syncs{Backend: newCPU()}
		m, timed, err := measure(t.Context(), b, engine.BF16, 3, 40, func() error {
			memory = make([]byte, 1<<(len(steps)-1)<<20) // 32 and 16, 8, 4 and 2, 1 MiB
			time.Sleep(steps[0] * time.Millisecond)
			steps = steps[1:]
			return nil
		})
		require.NoError(t, err)
		require.Empty(t, steps)
		require.Equal(t, 6, b.n, "what a device still computes belongs to its step")
		require.Equal(t, machine{runtime.GOMAXPROCS(0), engine.BF16, asm.F32().Name}, m)
		require.InDelta(t, 40, timed.Milliseconds, 1e-9)
		require.InDelta(t, 7, timed.Fastest, 1e-9)
		require.InDelta(t, 40/0.040, timed.GFLOPS, 1e-6)
		require.Equal(t, timed.GFLOPS/timed.PeakGFLOPS, timed.PeakFraction)
		require.Len(t, memory, 1<<20)
		require.GreaterOrEqual(t, timed.Allocated, uint64(4<<20), "the median, too")
		require.Less(t, timed.Allocated, uint64(8<<20))
	})
}

// syncs counts how often a backend was waited for.
type syncs struct {
	engine.Backend
	n int
}

func (s *syncs) Sync() error {
	s.n++
	return s.Backend.Sync()
}

// The peak is that of all threads together.
func TestPeak(t *testing.T) {
	for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
		require.Greater(t, peakGFLOPS(2, p), 0.01, p)
		require.Less(t, peakGFLOPS(2, p), 1e5, p)
	}
}

// An error of a step, and an interruption, end a measurement.
func TestMeasureEnds(t *testing.T) {
	failed := errors.New("failed")
	for at := range 3 {
		steps := 0
		_, _, err := measure(t.Context(), newCPU(), engine.Full, 4, 1, func() error {
			if steps++; steps > at {
				return failed
			}
			return nil
		})
		require.ErrorIs(t, err, failed)
		require.Equal(t, at+1, steps)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		_, _, err := measure(ctx, newCPU(), engine.Full, 4, 1, func() error {
			time.Sleep(leastRun)
			if steps++; steps == 2 {
				cancel()
			}
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 2, steps)
	})
}

func TestMedian(t *testing.T) {
	require.Equal(t, 4, median([]int{9, 4, 1}))
	require.Equal(t, 4.5, median([]float64{4.5, 1, 2, 7}), "the upper of two")
}
