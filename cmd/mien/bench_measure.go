package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"mien/engine"
)

// Timing and memory of repeated steps.

// leastRun is how long steps follow each other at least before the clock is read. In a model, products follow each other; one of half a
// millisecond alone would be that of threads that were asleep and of caches that others have used meanwhile.
const leastRun = 20 * time.Millisecond

// machine is what a benchmark computes with.
type machine struct {
	Threads   int              `json:"threads"`
	Precision engine.Precision `json:"precision"`
	Kernels   string           `json:"kernels"`
}

// timing is what is measured of repeated steps.
type timing struct {
	Milliseconds float64 `json:"ms"`     // of a step, in the median run
	Fastest      float64 `json:"ms_min"` // of a step, in the fastest run
	speed
	PeakRSS    float64 `json:"peak_rss_mib"`         // of the process in the steps, including the model; 0 if unknown
	PeakDevice float64 `json:"peak_device_mib"`      // of tensors, including the model's
	Allocated  uint64  `json:"alloc_bytes_per_step"` // of the Go heap, median
}

// speed compares a step of the median run with the peak.
type speed struct {
	GFLOPS       float64 `json:"gflops"`
	PeakGFLOPS   float64 `json:"peak_gflops"` // multiply-adds of this precision on registers, measured between the runs; 0 if unknown
	PeakFraction float64 `json:"peak_fraction"`
}

// peakSamples is how often the peak is measured before each run: its 1.4 ms are off by 3 % where other machines share the processor.
const peakSamples = 15

// measure runs a step of so many operations at a precision once to warm up, which allocates buffers and pages, and then repeat runs of
// it. The peak is measured between the runs, so that both see the same machine load; that of another device than the CPU is unknown.
func measure(ctx context.Context, b engine.Backend, p engine.Precision, repeat int, gflop float64, step func() error) (m machine, t timing, err error) {
	kernels, onCPU := strings.CutPrefix(b.Name(), "cpu/")
	m = machine{Threads: runtime.GOMAXPROCS(0), Precision: p, Kernels: kernels}
	synced := func() error { return cmp.Or(step(), b.Sync()) }
	if err := synced(); err != nil {
		return m, t, err
	}
	forgetPeakRSS()
	var seconds, peaks []float64
	var allocated []uint64
	for range repeat {
		if err := ctx.Err(); err != nil {
			return m, t, err
		}
		if onCPU {
			for range peakSamples {
				peaks = append(peaks, peakGFLOPS(m.Threads, m.Precision))
			}
		}
		before := totalAlloc()
		steps, took, err := timedRun(synced)
		if err != nil {
			return m, t, err
		}
		seconds = append(seconds, took.Seconds()/float64(steps))
		allocated = append(allocated, (totalAlloc()-before)/uint64(steps))
	}
	t = timing{Milliseconds: median(seconds) * 1e3, Fastest: slices.Min(seconds) * 1e3, speed: speed{GFLOPS: gflop / median(seconds)},
		PeakRSS: peakRSS(), PeakDevice: float64(b.Stats().PeakBytes) / (1 << 20), Allocated: median(allocated)}
	if onCPU {
		t.PeakGFLOPS = median(peaks)
		t.PeakFraction = t.GFLOPS / t.PeakGFLOPS
	}
	return m, t, nil
}

// timedRun takes steps for leastRun, or a longer one.
func timedRun(step func() error) (steps int, took time.Duration, err error) {
	for start := time.Now(); took < leastRun; took = time.Since(start) {
		if err := step(); err != nil {
			return 0, 0, err
		}
		steps++
	}
	return steps, took, nil
}

// share says what part of the peak a speed is, if that is known.
func (s speed) share() string {
	if s.PeakGFLOPS == 0 {
		return ""
	}
	return fmt.Sprintf(", %.1f %% of the peak of %.1f", 100*s.PeakFraction, s.PeakGFLOPS)
}

// totalAlloc returns the total bytes ever allocated on the Go heap.
func totalAlloc() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// forgetPeakRSS resets the peak on Linux, so that it excludes drawing random weights.
func forgetPeakRSS() {
	debug.FreeOSMemory()
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // elsewhere, or without permission, the old peak stays
}

// peakRSS returns the largest resident memory of the process in MiB, 0 outside Linux.
func peakRSS() float64 {
	return float64(number("/proc/self/status", "VmHWM:")) / 1024
}

func median[T cmp.Ordered](v []T) T {
	slices.Sort(v)
	return v[len(v)/2]
}
