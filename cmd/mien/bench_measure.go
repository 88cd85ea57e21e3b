package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"mien/asm"
	"mien/engine"
	"mien/report"
)

// Timing and memory of repeated steps, and the report that the benchmarks of models print.

// stepReport is the output of the benchmarks of whole models.
type stepReport struct {
	Model  string `json:"model"`
	Batch  int    `json:"batch"`
	Tokens int    `json:"tokens"` // of one sample
	machine
	Parameters   int     `json:"parameters"` // used by the step: without the head of the other modality
	GFLOP        float64 `json:"gflop"`      // of one step, counted by formula
	Milliseconds float64 `json:"ms"`         // median
	Fastest      float64 `json:"ms_min"`
	speed
	PeakRSS   float64 `json:"peak_rss_mib"` // of the steps, including the model; 0 if unknown
	Allocated uint64  `json:"alloc_bytes_per_step"`
}

// machine is what a benchmark computes with.
type machine struct {
	Threads   int              `json:"threads"`
	Precision engine.Precision `json:"precision"`
	Kernels   string           `json:"kernels"`
}

func newMachine(p engine.Precision) machine {
	return machine{Threads: runtime.GOMAXPROCS(0), Precision: p, Kernels: asm.F32().Name}
}

// speed compares a median with the peak.
type speed struct {
	GFLOPS       float64 `json:"gflops"`
	PeakGFLOPS   float64 `json:"peak_gflops"` // multiply-adds of this precision on registers, measured between the steps
	PeakFraction float64 `json:"peak_fraction"`
}

// series has an entry for each measured step.
type series struct {
	seconds, peaks []float64 // peaks in GFLOP/s
	allocated      []uint64  // bytes of the Go heap
}

// measure runs step once to warm up, which allocates buffers and pages, and then repeat times. The peak is measured between
// the steps, so that both see the same machine load.
func (m machine) measure(ctx context.Context, repeat int, step func() error) (s series, err error) {
	if err := step(); err != nil {
		return s, err
	}
	forgetPeakRSS()
	for range repeat {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		s.peaks = append(s.peaks, peakGFLOPS(m.Threads, m.Precision))
		before, start := totalAlloc(), time.Now()
		if err := step(); err != nil {
			return s, err
		}
		s.seconds = append(s.seconds, time.Since(start).Seconds())
		s.allocated = append(s.allocated, totalAlloc()-before)
	}
	return s, nil
}

// speed is that of steps of so many operations.
func (s series) speed(gflop float64) speed {
	gflops, peak := gflop/median(s.seconds), median(s.peaks)
	return speed{GFLOPS: gflops, PeakGFLOPS: peak, PeakFraction: gflops / peak}
}

// run measures a step of a precision and prints the report, whose model and counts are already filled in.
func (r *stepReport) run(out *console, in benchInput, p engine.Precision, step func() error) error {
	r.machine = newMachine(p)
	s, err := r.measure(out.ctx, in.Repeat, step)
	if err != nil {
		return err
	}
	r.Milliseconds, r.Fastest, r.speed = median(s.seconds)*1e3, slices.Min(s.seconds)*1e3, s.speed(r.GFLOP)
	r.PeakRSS, r.Allocated = peakRSS(), median(s.allocated)
	return r.print(out, in.JSON)
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
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(string(fields[0]), 64)
	return kib / 1024
}

func (r *stepReport) print(out *console, asJSON bool) error {
	if asJSON {
		return printJSON(out.stdout, r)
	}
	report.Table(out.stdout, []string{r.Model, ""}, [][]string{
		{"batch × tokens", fmt.Sprintf("%d × %d", r.Batch, r.Tokens)},
		{"parameters", fmt.Sprint(r.Parameters)},
		{"threads, kernels", fmt.Sprintf("%d, %s %s", r.Threads, r.Kernels, r.Precision)},
		{"time of a step", fmt.Sprintf("%.1f ms, fastest %.1f ms", r.Milliseconds, r.Fastest)},
		{"speed", fmt.Sprintf("%.1f GFLOP/s, %.1f %% of the peak of %.1f", r.GFLOPS, 100*r.PeakFraction, r.PeakGFLOPS)},
		{"peak memory", fmt.Sprintf("%.0f MiB", r.PeakRSS)},
		{"allocated a step", fmt.Sprintf("%.1f KiB of the Go heap", float64(r.Allocated)/1024)},
	})
	return nil
}

func median[T cmp.Ordered](v []T) T {
	slices.Sort(v)
	return v[len(v)/2]
}
